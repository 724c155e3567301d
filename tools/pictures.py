"""Take the pictures that the documentation shows, from a real browser.

`python -m tools.pictures` writes them to docs/images; look at them before they are committed.
"""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path

import docker
import nbformat
from playwright.sync_api import Locator, expect

from tools import base_image
from tools.jupyter_server import serving
from tools.notebook_page import EMPTY, Notebook, chromium, new_page
from tools.places import ROOT, say

NAME = "pictured-server"
DASH = """FROM mcr.microsoft.com/azureml/minimal-py312-inference:latest
COPY requirements.txt /tmp/requirements.txt
RUN pip install --no-cache-dir \u2013r /tmp/requirements.txt
"""
GOOD = f"FROM {base_image.TINY}\nCOPY requirements.txt /tmp/\nRUN sleep {{}} && echo installed\n"
PANEL = "import jupyter_azureml_image as ji\npanel = ji.panel({!r})\npanel"
SHOW = """cell => { const m = window.__nb.content.model.sharedModel;
  m.deleteCellRange(0, m.cells.length); m.insertCells(0, [cell]); }"""
THEME = "theme => jupyterapp.commands.execute('apputils:change-theme', {theme})"


def main() -> int:
    """Take them all."""
    host, _ = base_image.provide()
    base_image.provide_tiny(host)
    with tempfile.TemporaryDirectory() as place:
        home = Path(place)
        # What is seen of the path is short and says nothing of this machine.
        folder = Path(place).parent / "notebooks"
        folder.mkdir(exist_ok=True)
        # A comment of this moment: what is built from it is not in the engine's cache.
        (folder / "requirements.txt").write_text(f"numpy==2.1.0\n# {time.time()}\n")
        (folder / "panel.ipynb").write_text(json.dumps(EMPTY))
        environment = {"DOCKER_HOST": host, "AZUREML_IMAGE_STATE": str(home / "state")}
        server = serving(Path(sys.executable), home, folder, environment)
        with server as url, chromium() as browser:
            page, _ = new_page(browser, f"{url}/doc/tree/panel.ipynb")
            page.set_viewport_size({"width": 1120, "height": 2000})
            notebook = Notebook(page)
            notebook.open("panel.ipynb")
            _quickstart(notebook)
            _findings(notebook)
            _run(notebook)
            _failure(notebook)
        shutil.rmtree(folder)
    with closing(docker.DockerClient(base_url=host)) as client:
        for image in client.images.list(name=NAME):
            client.images.remove(image.id, force=True)
    return 0


def _quickstart(notebook: Notebook) -> None:
    """The cell that registers, with the outputs that the example notebook was committed with."""
    saved = nbformat.read(ROOT / "example_notebooks" / "01_quickstart.ipynb", 4)
    kept = next(cell for cell in saved.cells if "--as image" in cell.source)
    cell = {key: kept[key] for key in ("cell_type", "source", "outputs", "execution_count")}
    cell |= {"metadata": {"trusted": True}}
    notebook.page.evaluate(SHOW, cell)
    expect(notebook.cell(0)).to_contain_text("is registered by digest")
    _shoot(notebook.cell(0), "quickstart")


def _findings(notebook: Notebook) -> None:
    notebook.set_cells("%load_ext jupyter_azureml_image", PANEL.format(DASH))
    notebook.run(0)
    notebook.run(1)
    cell = notebook.cell(1)
    expect(cell).to_contain_text("AML001")
    _shoot(cell, "panel-light")
    notebook.page.evaluate(THEME, "JupyterLab Dark")
    _shoot(cell, "panel-dark")
    notebook.page.evaluate(THEME, "JupyterLab Light")


def _run(notebook: Notebook) -> None:
    notebook.set_cells("%load_ext jupyter_azureml_image", PANEL.format(GOOD.format(20)))
    notebook.run(1)
    cell = notebook.cell(1)
    cell.get_by_label("Name", exact=True).fill(NAME)
    cell.get_by_role("button", name="Build", exact=True).click()
    expect(cell.locator("tr", has_text="RUN sleep")).to_contain_text("running")
    _shoot(cell.locator(".jp-OutputArea-child").last, "run-going")
    expect(cell).to_contain_text("In the engine")
    _shoot(cell.locator(".jp-OutputArea-child").last, "run-done")


def _failure(notebook: Notebook) -> None:
    text = f"FROM {base_image.TINY}\nRUN echo compiling && sh -c 'exit 7'\n"
    notebook.set_cells(
        "%load_ext jupyter_azureml_image",
        f"%%azureml_dockerfile {NAME} --until build\n{text}",
    )
    notebook.run(1)
    expect(notebook.cell(1)).to_contain_text("BuildFailed")
    _shoot(notebook.cell(1), "failure")


def _shoot(what: Locator, name: str) -> None:
    path = ROOT / "docs" / "images" / f"{name}.png"
    what.scroll_into_view_if_needed()
    what.screenshot(path=str(path))
    say(f"{path.relative_to(ROOT)}: {path.stat().st_size // 1000} kB")


if __name__ == "__main__":
    sys.exit(main())
