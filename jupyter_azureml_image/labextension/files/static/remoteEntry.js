// Colours and findings in %%azureml_dockerfile cells of JupyterLab 4 and Notebook 7.
//
// Written by hand as the container that JupyterLab loads (a module-federation container is two
// functions, init and get), so that there is nothing to build: this file is source and asset.
// Everything it needs is taken from the modules JupyterLab shares. Where that fails (JupyterLab 3)
// it does nothing. The kernel half is jupyter_azureml_image/notebook/squiggles.py.
(() => {
  'use strict';

  const TARGET = 'azureml_image.lint';
  const MAGIC = /^%%azureml_dockerfile(\s|$)/;
  const DELAY = 250; // milliseconds between the last keystroke and the question to the kernel

  let scope;
  const shared = async name => (await Object.values(scope[name])[0].get())();

  /** Whether a document is one of our cells: its first line that is not blank says so. */
  function isOurs(doc) {
    for (let number = 1; number <= Math.min(doc.lines, 20); number++) {
      const text = doc.line(number).text;
      if (text.trim()) return MAGIC.test(text);
    }
    return false;
  }

  /** The offset in UTF-16 units of a column that the kernel counts in code points from 1. */
  const units = (text, column) => Array.from(text).slice(0, column - 1).join('').length;

  // ------------------------------------------------------------------ colours

  /** JupyterLab's own Dockerfile mode, with the magic line taken out. */
  function dockerfile({ StreamLanguage }, stock) {
    return StreamLanguage.define({
      ...stock,
      name: 'azureml-dockerfile',
      startState: unit => ({ first: true, inner: stock.startState ? stock.startState(unit) : {} }),
      copyState: s => ({
        first: s.first,
        inner: stock.copyState ? stock.copyState(s.inner) : { ...s.inner }
      }),
      token: (stream, s) => {
        if (!s.first) return stock.token(stream, s.inner);
        s.first = false;
        stream.skipToEnd();
        return 'meta';
      },
      blankLine: (s, unit) => stock.blankLine && stock.blankLine(s.inner, unit),
      indent: (s, after, context) => (stock.indent ? stock.indent(s.inner, after, context) : null)
    });
  }

  /** An extension that colours a cell while its first line is ours, and leaves it alone else. */
  function colours({ Compartment, EditorState, Prec }) {
    const compartment = new Compartment();
    let language = null;
    const wanted = doc => (language && isOurs(doc) ? language : []);
    const isOn = state => language !== null && compartment.get(state) === language;
    const extender = EditorState.transactionExtender.of(tr => {
      if (!tr.docChanged || !language || isOurs(tr.newDoc) === isOn(tr.startState)) return null;
      return { effects: compartment.reconfigure(wanted(tr.newDoc)) };
    });
    return {
      extension: [Prec.highest(compartment.of([])), extender],
      /** The language has come, or an editor was made after it: look at the whole document. */
      refresh: view => {
        if (language && isOurs(view.state.doc) !== isOn(view.state))
          view.dispatch({ effects: compartment.reconfigure(wanted(view.state.doc)) });
      },
      setLanguage: made => (language = made)
    };
  }

  // ----------------------------------------------------------------- findings

  function findings({ StateEffect, StateField }, { Decoration, EditorView, hoverTooltip }) {
    const set = StateEffect.define();

    function marks(doc, items) {
      const made = [];
      for (const item of items) {
        if (item.line < 1 || item.line > doc.lines) continue;
        const first = doc.line(item.line);
        const last = doc.line(Math.min(Math.max(item.end_line || item.line, item.line), doc.lines));
        let from = first.from + units(first.text, item.column);
        let to = last.from + units(last.text, item.end_column || 1);
        if (to <= from) to = Math.min(from + 1, first.to);
        if (to <= from) [from, to] = [first.from, first.to];
        if (to > from) {
          const cls = `azi-squiggle azi-squiggle-${item.severity}`;
          made.push(Decoration.mark({ class: cls, item }).range(from, to));
        }
      }
      return Decoration.set(made, true);
    }

    const field = StateField.define({
      create: () => Decoration.none,
      update: (value, tr) => {
        let now = value.map(tr.changes);
        for (const effect of tr.effects) if (effect.is(set)) now = marks(tr.state.doc, effect.value);
        return now;
      },
      provide: f => EditorView.decorations.from(f)
    });

    const hover = hoverTooltip((view, position) => {
      const here = [];
      view.state.field(field).between(position, position, (from, to, mark) => {
        here.push({ from, to, item: mark.spec.item });
      });
      if (!here.length) return null;
      const from = Math.min(...here.map(h => h.from));
      return { pos: from, above: true, create: () => ({ dom: tip(here.map(h => h.item)) }) };
    });

    const theme = EditorView.baseTheme({
      '.azi-squiggle': { textDecorationSkipInk: 'none', textUnderlineOffset: '2px' },
      '.azi-squiggle-error': { textDecoration: 'underline wavy var(--jp-error-color1, #b3131b)' },
      '.azi-squiggle-warning': { textDecoration: 'underline dashed var(--jp-warn-color1, #7f4a00)' },
      '.azi-squiggle-info': { textDecoration: 'underline dotted var(--jp-info-color1, #0f5ea8)' },
      '.azi-tip': { padding: '4px 8px', maxWidth: '40em', whiteSpace: 'pre-wrap' }
    });

    return { extension: [field, hover, theme], show: (view, items) =>
      view.dispatch({ effects: set.of(items) }) };
  }

  /** The hover text; only ever textContent. */
  function tip(items) {
    const dom = document.createElement('div');
    dom.className = 'azi-tip';
    dom.setAttribute('role', 'tooltip');
    for (const item of items) {
      const line = document.createElement('div');
      line.textContent = `${item.severity} ${item.code}: ${item.message}`;
      dom.appendChild(line);
      if (!item.remedy) continue;
      const remedy = document.createElement('div');
      remedy.textContent = item.remedy;
      dom.appendChild(remedy);
    }
    return dom;
  }

  // --------------------------------------------------------- talking to kernels

  /** One conversation with each notebook's kernel, which the kernel's half opens. */
  function conversations(tracker, actions, views, show) {
    const panels = new Set();
    const comms = new WeakMap(); // session -> comm; the views of one notebook share their session
    const asked = new Map(); // number of a question -> {view, text}
    const timers = new WeakMap(); // editor view -> timer
    let count = 0;

    /** The conversation about an editor's cell; a restart of the kernel has disposed it. */
    function conversation(view) {
      const panel = [...panels].find(p =>
        p.content.widgets.some(cell => cell.editor && cell.editor.editor === view));
      const comm = panel && comms.get(panel.sessionContext);
      return comm && !comm.isDisposed ? comm : null;
    }

    function ask(view) {
      const text = view.state.doc.toString();
      const comm = conversation(view);
      if (!comm) return show(view, []); // nobody is there to say that they still hold
      for (const [id, question] of asked) if (question.view === view) asked.delete(id);
      asked.set(++count, { view, text });
      comm.send({ op: 'lint', id: count, text });
    }

    function answer(session, data) {
      if (data.op === 'insert') {
        const shown = [...panels].filter(p => p.sessionContext === session);
        const panel = shown.find(p => p === tracker.currentWidget) || shown[0];
        if (!panel) return;
        actions.insertBelow(panel.content);
        panel.content.activeCell.model.sharedModel.setSource(data.text);
        return;
      }
      const question = asked.get(data.id);
      asked.delete(data.id);
      // What was asked about another text than is there now is no answer any more.
      if (question && views.has(question.view) && question.view.state.doc.toString() === question.text)
        show(question.view, data.items);
    }

    function adopt(session, comm) {
      comms.set(session, comm);
      comm.onMsg = message => answer(session, message.content.data);
      comm.onClose = () => comms.get(session) === comm && comms.delete(session);
      for (const view of views) if (isOurs(view.state.doc)) ask(view);
    }

    async function listen(session) {
      const kernel = session.session && session.session.kernel;
      if (!kernel) return;
      kernel.registerCommTarget(TARGET, comm => adopt(session, comm));
      // After a reload of the page the kernel's side is open already.
      const reply = await kernel.requestCommInfo({ target_name: TARGET });
      const known = Object.keys((reply.content && reply.content.comms) || {});
      if (known.length && !comms.has(session))
        adopt(session, kernel.createComm(TARGET, known[known.length - 1]));
    }

    const follow = panel => {
      const session = panel.sessionContext;
      const known = [...panels].some(p => p.sessionContext === session);
      panels.add(panel);
      panel.disposed.connect(() => panels.delete(panel));
      if (known) return; // another view of a notebook that is listened to
      const again = () => { comms.delete(session); listen(session).catch(quiet); };
      session.kernelChanged.connect(again);
      session.ready.then(() => listen(session)).catch(quiet);
    };
    tracker.widgetAdded.connect((_, panel) => follow(panel));
    tracker.forEach(follow);

    return {
      /** Ask a moment after the last change; findings of cells that are ours no more go away. */
      changed: view => {
        clearTimeout(timers.get(view));
        timers.set(view, setTimeout(() => {
          if (!views.has(view)) return;
          if (isOurs(view.state.doc)) ask(view);
          else show(view, []);
        }, DELAY));
      }
    };
  }

  const quiet = error => console.debug(`jupyter-azureml-image: ${error}`);

  // ------------------------------------------------------------------- plugin

  async function plugins() {
    const [lab, notebook, state, view, language] = await Promise.all(
      ['@jupyterlab/codemirror', '@jupyterlab/notebook', '@codemirror/state', '@codemirror/view',
        '@codemirror/language'].map(shared)
    );
    const { EditorExtensionRegistry, IEditorExtensionRegistry, IEditorLanguageRegistry } = lab;
    const activate = (app, extensions, languages, tracker) => {
      const views = new Set();
      const colour = colours(state);
      const marks = findings(state, view);
      const talk = conversations(tracker, notebook.NotebookActions, views, marks.show);
      const watcher = view.ViewPlugin.define(editor => {
        views.add(editor);
        // Not while the editor is being made: it takes no transaction before that is over.
        setTimeout(() => { if (views.has(editor)) { colour.refresh(editor); talk.changed(editor); } });
        return {
          update: update => { if (update.docChanged) talk.changed(editor); },
          destroy: () => views.delete(editor)
        };
      });
      const extension = [colour.extension, marks.extension, watcher];
      extensions.addExtension({
        name: 'jupyter-azureml-image',
        factory: () => EditorExtensionRegistry.createImmutableExtension(extension)
      });
      languages.getLanguage('text/x-dockerfile').then(known => {
        if (!known || !known.support) return;
        colour.setLanguage(dockerfile(language, known.support.language.streamParser));
        views.forEach(colour.refresh);
      }).catch(quiet);
    };
    return [{
      id: 'jupyter-azureml-image:cells',
      description: 'Dockerfile colours and findings in %%azureml_dockerfile cells',
      autoStart: true,
      requires: [IEditorExtensionRegistry, IEditorLanguageRegistry, notebook.INotebookTracker],
      activate
    }];
  }

  (window._JUPYTERLAB ??= {})['jupyter-azureml-image'] = {
    init(given) { scope = given; },
    async get() {
      let made = [];
      try { made = await plugins(); } catch (error) { quiet(error); } // JupyterLab 3: nothing
      return () => ({ __esModule: true, default: made });
    }
  };
})();
