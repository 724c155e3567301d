"""Rows of the browser: the panel, a key typed in it, and a flood of log lines."""

from __future__ import annotations

import json
import shutil
import statistics
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.place import Place
from benchmarks.table import Row
from benchmarks.turns import Work, at_most, in_turn
from tools.jupyter_server import serving

if TYPE_CHECKING:
    from tools.notebook_page import Notebook

IMPORT = "import ipywidgets\nimport jupyter_azureml_image as ji"
PANEL = "panel = ji.panel({text!r})\npanel"
KEYS = 10
"""How many characters a turn types."""

# A round trip that does nothing with the text: what any panel of ipywidgets costs.
ECHO = """text, said = ipywidgets.Textarea({text!r}), ipywidgets.HTML()
text.observe(lambda change: said.set_trait('value', change['new'][-40:]), 'value')
box = ipywidgets.VBox([text, said])
_ = box.add_class('azi-panel')
box"""

# Milliseconds from running a cell to its panel standing in the page with a size.
SHOWN = """async () => { const p = window.__nb; const began = performance.now();
  p.content.activeCellIndex = 1; p.content.deselectAll();
  window.jupyterapp.commands.execute('notebook:run-cell');
  const there = () => { const e = document.querySelector('.azi-panel textarea');
    return e && e.getBoundingClientRect().height > 0; };
  while (!there()) await new Promise(requestAnimationFrame);
  return performance.now() - began; }"""

# Milliseconds from the input event of one more character to its answer in the page.
KEY = """async ([letters]) => { const all = document.querySelectorAll('.azi-panel textarea');
  const area = [...all].sort((a, b) => b.value.length - a.value.length)[0];
  const panel = area.closest('.azi-panel'); const took = [];
  for (const letter of letters) {
    const wanted = area.value.trimEnd().split('\\n').pop() + letter;
    const began = performance.now();
    area.value = area.value.trimEnd() + letter;
    const answered = new Promise(done => {
      const watch = new MutationObserver(() => {
        const said = [...panel.querySelectorAll('.widget-html-content')];
        if (said.some(e => e.textContent.includes(wanted))) { watch.disconnect(); done(); } });
      watch.observe(panel, {childList: true, subtree: true, characterData: true}); });
    area.dispatchEvent(new Event('input', {bubbles: true}));
    await answered; took.push(performance.now() - began);
    // A person's next key comes later than this, and the page is at rest by then.
    await new Promise(rest => setTimeout(rest, 60)); }
  return took; }"""

WATCH = """() => { const gaps = window.__gaps = []; let last = performance.now();
  window.__watching = true;
  const frame = () => { const now = performance.now(); gaps.push(now - last); last = now;
    if (window.__watching) requestAnimationFrame(frame); };
  requestAnimationFrame(frame); }"""
WORST = "() => { window.__watching = false; return Math.max(...window.__gaps); }"

FLOOD = """
from jupyter_azureml_image import events as e
from jupyter_azureml_image.notebook.follow import follow
from jupyter_azureml_image.notebook.screen import Slot
from jupyter_azureml_image.result import ImageBuild
from jupyter_azureml_image.run import LiveRun

def work(emit, cancellation):
    emit(e.RunStarted("abcd1234", "flood"))
    emit(e.StageStarted("build"))
    emit(e.StepStarted("1", "RUN yes"))
    for i in range(LINES):
        emit(e.LogLine(f"{i:06} " + "Collecting package-with-a-long-name " * 2, "1"))
    emit(e.StepEnded("1", "done", 1.0))
    emit(e.StageEnded("build", "done", 1.0, "Built."))
    emit(e.RunEnded("done", 1.0, "Flooded."))
    return ImageBuild("flood", "abcd1234")

_ = follow(LiveRun("abcd1234", work).start(), Slot("build.log"))
"""
IDLE = "import time; time.sleep(2)"


@contextmanager
def _browser(place: Place) -> Iterator[_Desk]:
    """A page of JupyterLab in a real browser."""
    # Only these rows need Playwright; without it they say so.
    from tools.notebook_page import Notebook, chromium, new_page

    home = place.folder / "panel"
    shutil.rmtree(home, ignore_errors=True)  # JupyterLab opens again what was open
    folder = home / "work"
    folder.mkdir(parents=True)
    environment = {"AZUREML_IMAGE_STATE": str(home / "state")}
    with serving(Path(sys.executable), home, folder, environment) as url, chromium() as browser:
        page, _ = new_page(browser, f"{url}/lab")
        yield _Desk(Notebook(page), folder)


class _Desk:
    """Notebooks in one page, each with a kernel of its own."""

    def __init__(self, notebook: Notebook, folder: Path) -> None:
        self.notebook = notebook
        self._folder = folder
        self._count = 0

    @contextmanager
    def fresh(self, *cells: str) -> Iterator[Notebook]:
        """A new notebook with these cells, the first of them run."""
        from tools.notebook_page import EMPTY

        self._count += 1
        name = f"bench-{self._count}.ipynb"
        (self._folder / name).write_text(json.dumps(EMPTY))
        self.notebook.open(name)
        self.notebook.set_cells(*cells)
        self.notebook.run(0)
        yield self.notebook
        self.notebook.close()

    def ask(self, script: str, arg: Any = None) -> Any:
        """What the page answers."""
        return self.notebook.page.evaluate(script, arg)


def panel(place: Place) -> Iterator[Row]:
    """From running the cell, its imports done by the cell before, to the panel in the page."""
    with _browser(place) as desk:

        def shown() -> float:
            with desk.fresh(IMPORT, PANEL.format(text="FROM scratch\n")):
                return float(desk.ask(SHOWN)) / 1000

        shown()  # the browser and the imports' bytecode are warm in every later turn
        found = in_turn(place.turns, {"ours": shown}).median("ours")
    yield Row(
        "panel in the page",
        found,
        goal="at most 1 s",
        met=at_most(found, 1.0),
        turns=place.turns,
        note="a new kernel each turn; from running the cell after the import to a control with "
        "a size in Chromium",
    )


def keystroke(place: Place) -> Iterator[Row]:
    """A character typed into a Dockerfile of 200 lines, to findings and form in the page."""
    text = _dockerfile(200)
    cells = (IMPORT, PANEL.format(text=text), ECHO.format(text=text))
    with _browser(place) as desk, desk.fresh(*cells) as notebook:

        def typed(cell: int) -> Work:
            def once() -> float:
                notebook.run(cell)
                took = desk.ask(KEY, ["x" * KEYS])
                desk.ask("i => __nb.content.widgets[i].model.outputs.clear()", cell)
                return statistics.median(took) / 1000

            return once

        ours = typed(1)
        ours()
        found = in_turn(place.turns, {"ours": ours, "bare": typed(2)})
    yield Row(
        "a keystroke in the panel's Dockerfile of 200 lines answered",
        found.median("ours"),
        limit=found.median("bare"),
        goal="at most 0.1 s",
        met=at_most(found.median("ours"), 0.1),
        turns=place.turns,
        note=f"median of {KEYS} keys a turn, from the key to the changed page; limit: ipywidgets' "
        "round trip with nothing checked",
    )


def frames(place: Place) -> Iterator[Row]:
    """The longest time between two frames of the page while a build floods the log."""
    lines = 20_000 if place.quick else 100_000
    flood = FLOOD.replace("LINES", str(lines))
    with _browser(place) as desk, desk.fresh("pass", flood, IDLE) as notebook:

        def worst(cell: int) -> Work:
            def once() -> float:
                desk.ask(WATCH)
                notebook.run(cell)
                return float(desk.ask(WORST))

            return once

        worst(1)()
        found = in_turn(place.turns, {"ours": worst(1), "idle": worst(2)})
    yield Row(
        f"worst gap between two frames, {lines:,} log lines",
        found.median("ours"),
        limit=found.median("idle"),
        unit="ms",
        goal="at most 200 ms",
        met=at_most(found.median("ours"), 200),
        turns=place.turns,
        note="lines as fast as a kernel makes them, through the real view in Chromium; limit: the "
        "same page while a cell sleeps",
    )


def _dockerfile(lines: int) -> str:
    """A Dockerfile of so many lines as people write them: long lists of packages, variables,
    comments. The last line is one that the form does not understand, so each key shows."""
    head = ["FROM mcr.microsoft.com/azureml/minimal-py312-inference:latest", "USER root:root"]
    tail = ["USER dockeruser", "RUN echo "]
    packages = [f"    package-{i}==1.{i}.0 \\" for i in range(lines // 2)]
    install = ["RUN pip install --no-cache-dir \\", *packages, "    numpy==2.1.0"]
    left = lines - len(head) - len(install) - len(tail)
    rest = [f"ENV SETTING_{i}=value-{i}" if i % 3 else f"# what {i} is for" for i in range(left)]
    return "\n".join([*head, *install, *rest, *tail])
