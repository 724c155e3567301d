"""The layout of a compute instance: an older server in an environment of its own, which knows
nothing of the package, and a kernel elsewhere that has it."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tools.jupyter_server import serving
from tools.notebook_page import EMPTY, Notebook, new_page
from tools.places import alone, cache
from tools.stacks import interpreter

from .conftest import Server, ours

LAB = "jupyterlab==4.0.13"


@pytest.fixture(scope="module")
def old_server(tmp_path_factory: pytest.TempPathFactory, engine_host: str) -> Iterator[Server]:
    """JupyterLab 4.0.13, on Python 3.10 where there is one, with the kernel of this environment."""
    home = tmp_path_factory.mktemp("old")
    folder = home / "work"
    folder.mkdir()
    kernel = home / "data" / "kernels" / "ours"
    kernel.mkdir(parents=True)
    argv = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    (kernel / "kernel.json").write_text(
        json.dumps({"argv": argv, "display_name": "ours", "language": "python"})
    )
    with serving(_environment(), home, folder, ours(engine_host, home)) as url:
        yield Server(url, folder)


def _environment() -> Path:
    """The server's environment, made once: nothing of ours is in it."""
    place = cache() / "browser" / "lab-4.0.13"
    python = place / "bin" / "python"
    with alone("browser-old"):
        if not (place / ".made").exists():
            uv = [sys.executable, "-m", "uv"]
            chosen = interpreter("3.10") or sys.executable
            subprocess.run([*uv, "venv", "-q", "--clear", "-p", chosen, str(place)], check=True)
            packages = [LAB, "jupyterlab_widgets"]
            subprocess.run([*uv, "pip", "install", "-q", "-p", str(python), *packages], check=True)
            (place / ".made").touch()
    return python


def test_colours_findings_and_panel_work_with_an_older_server(
    browser: Browser, old_server: Server
) -> None:
    spec = {"name": "ours", "display_name": "ours", "language": "python"}
    book = {**EMPTY, "metadata": {"kernelspec": spec}}
    (old_server.folder / "old.ipynb").write_text(json.dumps(book))
    page, errors = new_page(browser, f"{old_server.url}/lab")
    assert page.evaluate("() => window.jupyterapp.version").startswith("4.0")
    notebook = Notebook(page)
    notebook.open("old.ipynb", "ours")
    notebook.set_cells(
        "%load_ext jupyter_azureml_image",
        "%%azureml_dockerfile env\nFROM python:3.12-slim\nRUN pip install \u2013r x.txt\n",
        "%azureml_image panel",
        "%%azureml_dockerfile env --until check\nFROM scratch\nCOPY nowhere /\n",
    )
    notebook.run(0)
    coloured = notebook.cell(1).locator(".cm-line").nth(1).locator("span", has_text="FROM")
    expect(coloured.first).to_be_visible()
    expect(notebook.cell(1).locator(".azi-squiggle-error").first).to_have_text("\u2013r")
    notebook.run(2)
    panel = notebook.cell(2).locator(".azi-panel")
    expect(panel.get_by_label("Dockerfile", exact=True)).to_be_visible()
    panel.get_by_label("pip packages", exact=True).fill("numpy==2.1.0")
    text = panel.get_by_label("Dockerfile", exact=True)
    expect(text).to_have_value(re.compile("numpy==2.1.0"))
    notebook.run(3)
    expect(notebook.cell(3)).to_contain_text("CheckFailed")
    notebook.close()
    page.close()
    assert errors == []
