"""What axe-core finds wrong with what we show, in a real page: light, dark and at 200 %."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import docker
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, expect

from jupyter_azureml_image.events import Listing, LogLine, Note, StageEnded, StageStarted
from jupyter_azureml_image.view.fold import State, fold_all
from jupyter_azureml_image.view.html import page
from tools.notebook_page import Notebook

PANEL = (
    "import jupyter_azureml_image as ji\nji.panel('FROM python:3.12\\nRUN apt-get install x\\n')"
)
BUILD = "%%azureml_dockerfile faces-panel --until build\nFROM {image}\nRUN echo {what}\n"
SHOWN = (
    StageStarted("plan"),
    Listing("plan", ("docker build -t env:1 .",)),
    StageEnded("plan", "done", 0.1, "Nothing like it was built before."),
    StageStarted("build"),
    LogLine("a line of the log"),
    StageEnded("build", "failed", 0.1, "It failed."),
    Note("A thing to know."),
    Note("A thing to mind.", "warning"),
)
# What of a page is ours: what our cells put out, without the notebook around it.
OURS = ".jp-Notebook:not(.lm-mod-hidden) .jp-OutputArea-output"


def complaints(notebook: Notebook, looked_at: set[str]) -> list[str]:
    """Every violation of WCAG 2 A and AA in our own nodes, with the node; `looked_at` grows by
    the rules that had something to look at."""
    rules = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
    said: list[str] = []
    for cell in (1, 2, 3):
        # JupyterLab takes cells that are out of sight out of the page.
        notebook.page.evaluate(SCROLL, cell)
        expect(notebook.cell(cell)).to_be_in_viewport()
        found = Axe().run(notebook.page, OURS, {"runOnly": rules}).response
        looked_at |= {rule["id"] for rule in found["passes"]}
        said += [
            f"{violation['id']} ({violation['impact']}): {node['html'][:300]} {node['any'][:1]}"
            for violation in found["violations"]
            for node in violation["nodes"]
        ]
        said += notebook.page.evaluate(WIDER)
    return said


@pytest.fixture
def looks(notebook: Notebook) -> Iterator[dict[str, Callable[[], None]]]:
    """The ways the page is looked at; afterwards it is as it was."""
    page = notebook.page
    theme = "theme => jupyterapp.commands.execute('apputils:change-theme', {theme})"
    # Zooming in to 200 % leaves the page half as many pixels of its own.
    yield {
        "light": lambda: None,
        "dark": lambda: page.evaluate(theme, "JupyterLab Dark"),
        "dark at 200 %": lambda: page.set_viewport_size({"width": 640, "height": 500}),
    }
    page.evaluate(theme, "JupyterLab Light")
    page.set_viewport_size({"width": 1280, "height": 1000})


def test_axe_has_no_complaint_and_nothing_is_cut_off(
    notebook: Notebook,
    images: docker.DockerClient,
    tiny_image: str,
    looks: dict[str, Callable[[], None]],
) -> None:
    well, ill = (BUILD.format(image=tiny_image, what=what) for what in ("well", "ill && false"))
    notebook.set_cells("%load_ext jupyter_azureml_image", PANEL, well, ill)
    for cell in range(4):
        notebook.run(cell)
    expect(notebook.cell(1)).to_contain_text("AML030")
    expect(notebook.cell(2)).to_contain_text("In the engine")
    expect(notebook.cell(3)).to_contain_text("exit code")
    looked_at: set[str] = set()
    for name, look in looks.items():
        look()
        assert (name, complaints(notebook, looked_at)) == (name, [])
    assert {"label", "button-name", "color-contrast", "list"} <= looked_at


@pytest.mark.parametrize(
    ("theme", "ground", "letters"),
    [
        ("vscode-light", "#ffffff", "#1f1f1f"),
        ("vscode-dark", "#1f1f1f", "#cccccc"),
        ("vscode-high-contrast", "#000000", "#ffffff"),
        ("vscode-high-contrast-light vscode-high-contrast", "#ffffff", "#292929"),
    ],
)
def test_the_themes_of_vs_code_can_be_read_whatever_the_system_prefers(
    browser: Browser, theme: str, ground: str, letters: str
) -> None:
    state = fold_all(State(), SHOWN)
    for system in ("light", "dark"):
        seen = browser.new_page(color_scheme=system)
        style = f"background:{ground};--vscode-foreground:{letters}"
        seen.set_content(f'<body class="{theme}" style="{style}">{page(state)}</body>')
        found = Axe().run(seen, ".azi", {"runOnly": ["wcag2aa"]}).response
        assert "color-contrast" in {rule["id"] for rule in found["passes"]}
        assert [violation["nodes"][0]["html"] for violation in found["violations"]] == []
        seen.close()


SCROLL = """async i => { const book = window.__nb.content; book.activeCellIndex = i;
  await book.scrollToItem(i, 'start'); }"""
# Boxes of ours that reach beyond their cell: at 200 % all is there without scrolling sideways.
WIDER = """() => [...document.querySelectorAll('.jp-OutputArea-output')]
  .filter(e => e.offsetParent && e.scrollWidth > e.clientWidth + 1)
  .map(e => `${e.scrollWidth} > ${e.clientWidth}: ${e.textContent.slice(-60)}`)"""
