"""A notebook in a real browser, driven through JupyterLab's own commands.

The kernel indicator's "idle" is not enough to wait for: the page says it before a kernel is
attached, and a key pressed then is dropped. So the application object is asked instead.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Error, Locator, Page, expect, sync_playwright

from tools import debian

_FLAGS = """
--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking
--disable-component-update --disable-sync --disable-dev-shm-usage --disable-extensions
--disable-default-apps --mute-audio
"""
_FONTS = {"/usr/share/fonts/truetype/dejavu": "fonts-dejavu-core"}

PATIENCE = 120_000
"""Milliseconds the page may take for anything: a busy machine is no failure."""
# Playwright's own five seconds would be a threshold on the machine's load.
expect.set_options(timeout=PATIENCE)

# Others' own errors: what they say, and a word of the stack that tells whose they are. Notebook 7
# throws the first two at its start, ipywidgets the third at a notebook opened without a kernel.
_KNOWN_ERRORS = (
    ("reading 'schema'", ""),
    ("'filebrowser:open-path' not registered", ""),
    ("reading 'kernel'", "/@jupyter-widgets/jupyterlab-manager/"),
)

EMPTY: dict[str, Any] = {
    "cells": [],
    "metadata": {"kernelspec": {"name": "python3", "display_name": "p", "language": "python"}},
    "nbformat": 4,
    "nbformat_minor": 5,
}


@contextmanager
def chromium() -> Iterator[Browser]:
    """Debian's Chromium, driven by Playwright."""
    debian.ensure({"chromium": "chromium"}, "A real browser")
    for place, package in _FONTS.items():
        if debian.is_debian() and not Path(place).exists():
            debian.install([package])
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(
            executable_path=shutil.which("chromium"),
            args=_FLAGS.split(),
            env={**os.environ},
            timeout=PATIENCE,
        )
        yield opened
        opened.close()


def new_page(browser: Browser, url: str) -> tuple[Page, list[str]]:
    """A page with the application ready in it, and the errors it throws, each with its stack
    (those known to be others' left out)."""
    page = browser.new_page(viewport={"width": 1280, "height": 1000})
    page.set_default_timeout(PATIENCE)
    errors: list[str] = []

    def thrown(error: Error) -> None:
        stack = error.stack or ""
        if not any(says in str(error) and whose in stack for says, whose in _KNOWN_ERRORS):
            errors.append(f"{error}\n{stack}")

    page.on("pageerror", thrown)
    page.add_init_script(_CLOSE_DIALOG)
    page.goto(url)
    for _ in range(5):
        if page.wait_for_function(_STARTED).json_value() == "started":
            return page, errors
        errors.clear()
        page.reload()
    raise RuntimeError(f"JupyterLab at {url} cannot load its own theme.")


# On a busy machine JupyterLab finds its server slow to answer: it says so in a dialog that takes
# every click, and goes on trying; or the style sheet of its theme comes to nothing.
_CLOSE_DIALOG = """addEventListener('DOMContentLoaded', () => new MutationObserver(() =>
  document.querySelectorAll('.jp-Dialog').forEach(dialog => {
    const [slow, bare] = [/Server Connection Error/, /Error Loading Theme/].map(
      words => words.test(dialog.textContent));
    window.__bare ||= bare;
    if (slow || bare) dialog.querySelector('button.jp-mod-accept')?.click(); })
  ).observe(document.body, {childList: true}))"""
_STARTED = """() => window.jupyterapp && (window.__bare ? 'without its theme'
  : getComputedStyle(document.body).getPropertyValue('--jp-layout-color0') && 'started')"""


class Notebook:
    """A notebook open in a page."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def open(self, path: str, kernel: str = "python3") -> None:
        """Open it; returns when its kernel can run something."""
        self._do(_OPEN, [path, kernel])

    def take_current(self) -> None:
        """Take the one notebook of a page of Notebook 7."""
        self._do(_OPEN_SEVEN)

    def set_cells(self, *sources: str) -> None:
        """These cells in place of all there are."""
        self.page.evaluate(_SET_CELLS, list(sources))

    def run(self, index: int) -> None:
        """Run a cell; returns when it is done."""
        self._do(_RUN, index)

    def start(self, index: int) -> None:
        """Run a cell and do not wait for it."""
        self.page.evaluate(f"(i) => {{ ({_RUN})(i); }}", index)

    def source(self, index: int) -> str:
        """The text of a cell."""
        return str(
            self.page.evaluate("i => __nb.content.widgets[i].model.sharedModel.source", index)
        )

    def type_over(self, index: int, source: str) -> None:
        """Replace a cell's text, as an edit."""
        self.page.evaluate(
            "([i, s]) => __nb.content.widgets[i].model.sharedModel.setSource(s)", [index, source]
        )

    def append(self, index: int, source: str) -> None:
        """Write behind a cell's text, as an edit."""
        self.page.evaluate(_APPEND, [index, source])

    def restart(self) -> None:
        """Restart the kernel; returns when it answers."""
        self._do(_RESTART)

    def open_another_view(self) -> None:
        """Show the same notebook a second time, beside this view."""
        self._do(_CLONE)

    def close_other_view(self) -> None:
        """Close what `open_another_view` opened."""
        self._do("async () => { window.__other.dispose(); }")

    def cell(self, index: int) -> Locator:
        """The cell's element."""
        return self.page.locator(".jp-Notebook:visible .jp-Cell").nth(index)

    def save(self) -> None:
        """Save the file."""
        self._do("() => __nb.context.save()")

    def close(self) -> None:
        """Save, shut the kernel down, close the tab."""
        self._do(_CLOSE)

    def _do(self, script: str, arg: object = None) -> None:
        self.page.evaluate(_IN_TIME.replace("SCRIPT", script), arg)


# What the page is asked to do ends, or is an error: a promise of its own may be kept waiting by
# a dialog for ever.
_IN_TIME = f"""arg => Promise.race([(SCRIPT)(arg), new Promise((_, no) =>
  setTimeout(() => no(new Error('no answer within {PATIENCE} ms')), {PATIENCE}))])"""
_OPEN = """async ([path, name]) => { const app = window.jupyterapp; await app.restored;
  const p = await app.commands.execute('docmanager:open',
    {path, factory: 'Notebook', kernelPreference: {name}});
  await p.revealed; await p.context.ready; await p.sessionContext.ready;
  while (!p.sessionContext.session?.kernel) await new Promise(r => setTimeout(r, 25));
  await p.sessionContext.session.kernel.info; window.__nb = p; app.shell.activateById(p.id); }"""
_OPEN_SEVEN = """async () => { const app = window.jupyterapp; await app.restored;
  let p; while (!(p = app.shell.currentWidget)?.sessionContext)
    await new Promise(r => setTimeout(r, 25));
  await p.context.ready; await p.sessionContext.ready;
  while (!p.sessionContext.session?.kernel) await new Promise(r => setTimeout(r, 25));
  await p.sessionContext.session.kernel.info; window.__nb = p; }"""
_SET_CELLS = """sources => { const m = window.__nb.content.model.sharedModel;
  m.deleteCellRange(0, m.cells.length);
  m.insertCells(0, sources.map(source => (
    {cell_type: 'code', source, metadata: {trusted: true}, outputs: []}))); }"""
_RUN = """async i => { const p = window.__nb;
  p.content.activeCellIndex = i; p.content.deselectAll();
  await window.jupyterapp.commands.execute('notebook:run-cell'); }"""
# Through the editor, so that what is marked in the text before it stays marked.
_APPEND = """([i, s]) => { const view = __nb.content.widgets[i].editor.editor;
  view.dispatch({changes: {from: view.state.doc.length, insert: s}}); }"""
_RESTART = """async () => { const kernel = window.__nb.sessionContext.session.kernel;
  await kernel.restart(); await kernel.requestKernelInfo(); }"""
_CLONE = """async () => { const app = window.jupyterapp; app.shell.activateById(__nb.id);
  await app.commands.execute('docmanager:clone', {options: {mode: 'split-right'}});
  const other = [...app.shell.widgets('main')].find(
    w => w !== __nb && w.sessionContext === __nb.sessionContext);
  await other.revealed; window.__other = other; }"""
_CLOSE = """async () => { const p = window.__nb; await p.context.save();
  await p.sessionContext.shutdown(); p.dispose(); }"""
