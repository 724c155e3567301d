"""The panel in a real browser: by keyboard and mouse, built for real, reopened as a static card."""

from __future__ import annotations

import json
import re

import docker
from playwright.sync_api import Browser, Locator, expect

from tools.notebook_page import EMPTY, Notebook, new_page

from .conftest import Server

LOAD = "%load_ext jupyter_azureml_image"
OPEN = "import jupyter_azureml_image as ji\npanel = ji.panel({start!r})\npanel"
HOSTILE = '<img src=x onerror="window.hacked=1"> <script>window.hacked=1</script>'


def opened(notebook: Notebook, start: str, *more: str) -> Locator:
    """The panel, shown by the second cell."""
    notebook.set_cells(LOAD, OPEN.format(start=start), *more)
    notebook.run(0)
    notebook.run(1)
    panel = notebook.cell(1).locator(".azi-panel")
    expect(panel).to_be_visible()
    return panel


def field(panel: Locator, label: str) -> Locator:
    """A control, as a screen reader finds it."""
    return panel.get_by_label(label, exact=True)


def test_form_and_text_are_two_editors_of_one_text(notebook: Notebook) -> None:
    panel = opened(notebook, "FROM mcr.microsoft.com/azureml/minimal-py312-inference:latest\n")
    field(panel, "pip packages").fill("numpy==2.1.0\nscikit-learn==1.5.2")
    text = field(panel, "Dockerfile")
    expect(text).to_have_value(re.compile(r"pip install --no-cache-dir \\\n\s+numpy==2\.1\.0"))
    text.fill("FROM python:3.12-slim\nRUN echo kept\nENV A=1\n")
    expect(field(panel, "Base image")).to_have_value("python:3.12-slim")
    expect(field(panel, "Variables")).to_have_value("A=1")
    expect(panel).to_contain_text("Kept as written, in no field of the form")


def test_a_finding_appears_while_typing_and_its_fix_is_applied(notebook: Notebook) -> None:
    panel = opened(notebook, "FROM python:3.12-slim\n")
    fix = panel.get_by_role("button", name="Apply certain fixes")
    text = field(panel, "Dockerfile")
    text.fill("FROM python:3.12-slim\nRUN pip install --no-cache-dir \u2013r x.txt\n")
    expect(panel).to_contain_text("AML001")
    expect(fix).to_be_enabled()
    fix.click()
    expect(text).to_have_value(re.compile("--no-cache-dir -r x.txt"))
    expect(panel).not_to_contain_text("AML001")


def test_the_catalog_is_searched_by_words_and_chosen_by_keyboard(notebook: Notebook) -> None:
    panel = opened(notebook, "FROM scratch\n", "print(panel.value.base)")
    field(panel, "Find a base").fill("minimal-py312-inference")
    hit = panel.get_by_role("button", name=re.compile("minimal-py312-inference"))
    expect(hit).to_have_count(1)
    notebook.page.keyboard.press("Tab")
    expect(hit).to_be_focused()
    notebook.page.keyboard.press("Space")
    reference = "mcr.microsoft.com/azureml/minimal-py312-inference:latest"
    expect(field(panel, "Base image")).to_have_value(reference)
    expect(panel).to_contain_text("inference server")
    notebook.run(2)
    expect(notebook.cell(2)).to_contain_text(reference)


def test_to_cell_makes_a_new_cell_and_hostile_text_stays_text(notebook: Notebook) -> None:
    text = f"FROM scratch\nLABEL a='{HOSTILE}'\nRUN echo {HOSTILE}\n"
    panel = opened(notebook, text)
    field(panel, "Name").fill(HOSTILE)
    expect(panel).to_contain_text("Kept as written")
    field(panel, "Find in log").fill(HOSTILE)
    panel.get_by_role("button", name="To cell", exact=True).click()
    expect(panel).to_contain_text("It is in a new cell")
    notebook.page.wait_for_function("() => __nb.content.widgets.length === 3")
    assert notebook.source(2).startswith("%%azureml_dockerfile ")
    assert text.strip() in notebook.source(2)
    panel.get_by_role("button", name="Check", exact=True).click()  # refused: that is no name
    expect(panel).to_contain_text("BadUsage")
    assert notebook.page.evaluate("() => window.hacked") is None


def test_the_builder_is_chosen_by_keyboard(notebook: Notebook) -> None:
    panel = opened(notebook, "FROM scratch\n", "print(panel.cell)")
    panel.get_by_role("button", name="acr", exact=True).focus()
    notebook.page.keyboard.press("Space")
    notebook.run(2)
    expect(notebook.cell(2)).to_contain_text("--build acr")


def test_every_control_is_reached_by_tab_and_has_a_name(notebook: Notebook) -> None:
    panel = opened(notebook, "FROM python:3.12-slim\n")
    field(panel, "Name").focus()
    seen: list[str] = []
    for _ in range(40):
        name = notebook.page.evaluate(
            "() => { const e = document.activeElement; return e.closest('.azi-panel') ?"
            " (e.labels?.[0]?.innerText || e.getAttribute('aria-label') || e.innerText) : '' }"
        )
        if not name:
            break
        seen.append(name.strip())
        notebook.page.keyboard.press("Tab")
    wanted = "Name,Context folder,Find a base,Base image,apt packages,pip packages"
    wanted += ",Dockerfile,auto,Check,Plan,Build,Register,Deploy,To cell,Find in log"
    assert [name for name in wanted.split(",") if name not in seen] == []
    assert "" not in seen


def test_a_button_builds_for_real_and_the_card_stays_when_reopened(
    browser: Browser, server: Server, images: docker.DockerClient
) -> None:
    book = {**EMPTY, "cells": []}
    (server.folder / "panel.ipynb").write_text(json.dumps(book))
    # A workspace of its own: the usual one would open the other tests' notebook in front of it.
    page, errors = new_page(browser, f"{server.url}/lab/workspaces/panel")
    notebook = Notebook(page)
    notebook.open("panel.ipynb")
    panel = opened(notebook, "FROM scratch\nCOPY hello.txt /\n", "print('kernel is free')")
    field(panel, "Name").fill("faces-panel")
    panel.get_by_role("button", name="Build", exact=True).click()
    notebook.run(2)  # while the work goes on
    expect(notebook.cell(2)).to_contain_text("kernel is free")
    outputs = notebook.cell(1).locator(".jp-OutputArea")
    expect(outputs).to_contain_text("In the engine")
    page.get_by_role("button", name="Close", exact=True).click()
    expect(notebook.cell(1)).to_contain_text("Image panel")
    notebook.close()
    saved = json.loads((server.folder / "panel.ipynb").read_text())
    shown = json.dumps(saved["cells"][1]["outputs"])
    assert "application/vnd.jupyter.widget-view+json" not in shown
    assert "In the engine" in shown
    page.close()
    page, more = new_page(browser, f"{server.url}/lab/workspaces/reopened")
    page.evaluate(
        "async () => { const app = window.jupyterapp; await app.restored;"
        " const p = await app.commands.execute('docmanager:open', {path: 'panel.ipynb',"
        " kernelPreference: {shouldStart: false, canStart: false}});"
        " await p.sessionContext.ready; }"
    )
    card = page.locator(".jp-Notebook:visible .jp-Cell").nth(1)
    expect(card).to_contain_text("In the engine")
    page.close()
    assert errors + more == []


def test_cancel_stops_the_build(
    notebook: Notebook, images: docker.DockerClient, tiny_image: str
) -> None:
    panel = opened(notebook, f"FROM {tiny_image}\nRUN echo faces-panel-cancel && sleep 600\n")
    field(panel, "Name").fill("faces-panel")
    panel.get_by_role("button", name="Build", exact=True).click()
    step = notebook.cell(1).locator("tr", has_text="RUN echo faces-panel-cancel")
    expect(step).to_contain_text("running")
    panel.get_by_role("button", name="Cancel", exact=True).click()
    expect(notebook.cell(1)).to_contain_text("build cancelled")
    assert not any("faces-panel-cancel" in str(c.attrs) for c in images.containers.list())


def test_a_hostile_log_is_only_text(
    notebook: Notebook, images: docker.DockerClient, tiny_image: str
) -> None:
    body = f"FROM {tiny_image}\nRUN echo '{HOSTILE.replace(chr(39), '')}'\n"
    notebook.set_cells(LOAD, f"%%azureml_dockerfile faces-panel --until build\n{body}")
    notebook.run(0)
    notebook.run(1)
    expect(notebook.cell(1)).to_contain_text("In the engine")
    expect(notebook.cell(1)).to_contain_text("<script>window.hacked=1</script>")
    assert notebook.page.evaluate("() => window.hacked") is None


def test_dark_theme_is_followed(notebook: Notebook) -> None:
    page = notebook.page
    change = "theme => jupyterapp.commands.execute('apputils:change-theme', {theme})"
    page.evaluate(change, "JupyterLab Dark")
    try:
        panel = opened(notebook, "FROM python:3.12-slim\nRUN apt-get install x\n")
        head = panel.locator(".azi").first
        expect(panel).to_contain_text("warning")
        colour = head.evaluate("e => getComputedStyle(e).getPropertyValue('--azi-bad')")
        assert colour.strip() == "#ff9a94"
    finally:
        page.evaluate(change, "JupyterLab Light")


def test_a_failed_cell_shows_instruction_and_last_lines(
    notebook: Notebook, images: docker.DockerClient, tiny_image: str
) -> None:
    body = f"FROM {tiny_image}\nRUN echo before && sh -c 'exit 7'\n"
    notebook.set_cells(LOAD, f"%%azureml_dockerfile faces-panel --until build\n{body}")
    notebook.run(0)
    notebook.run(1)
    cell = notebook.cell(1)
    expect(cell).to_contain_text("exit code")
    expect(cell).to_contain_text("BuildFailed")
