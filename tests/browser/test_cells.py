"""Colours and squiggles in the cell, in JupyterLab and in Notebook 7."""

from __future__ import annotations

import json

from playwright.sync_api import Browser, expect

from tools.notebook_page import EMPTY, Notebook, new_page

from .conftest import Server

LOAD = "%load_ext jupyter_azureml_image"
DASH = "%%azureml_dockerfile env\nFROM python:3.12-slim\nRUN pip install \u2013r x.txt\n"


def test_a_cell_of_ours_is_coloured_as_a_dockerfile_and_python_is_not(notebook: Notebook) -> None:
    notebook.set_cells(LOAD, "%%azureml_dockerfile env\nFROM python\nRUN echo hi\n", "FROM = 1\n")
    ours = notebook.cell(1).locator(".cm-line").nth(1)
    expect(ours.locator("span", has_text="FROM").first).to_be_visible()
    notebook.type_over(1, "x = 1\n")  # Python again, at once
    python = notebook.cell(1).locator(".cm-line").nth(0)
    expect(python.locator("span", has_text="1")).to_be_visible()


def test_a_finding_is_underlined_explained_and_gone_when_mended(notebook: Notebook) -> None:
    notebook.set_cells(LOAD, DASH)
    notebook.run(0)
    mark = notebook.cell(1).locator(".azi-squiggle-error")
    expect(mark.first).to_have_text("\u2013r")
    mark.first.hover()
    expect(notebook.page.locator(".azi-tip")).to_contain_text("AML001")
    notebook.type_over(1, DASH.replace("\u2013", "-"))
    expect(notebook.cell(1).locator(".azi-squiggle-error")).to_have_count(0)


def test_a_wrong_option_is_underlined_in_the_magic_line(notebook: Notebook) -> None:
    notebook.set_cells(LOAD, "%%azureml_dockerfile env --unti plan\nFROM scratch\n")
    notebook.run(0)
    mark = notebook.cell(1).locator(".cm-line").nth(0).locator(".azi-squiggle-error")
    expect(mark.first).to_be_visible()


def test_fix_replaces_the_executed_cell_in_the_page(notebook: Notebook) -> None:
    below = "print('the cell below stays')"
    notebook.set_cells(LOAD, DASH.replace("env\n", "env --fix --until check\n"), below)
    notebook.run(0)
    notebook.run(1)
    lines = notebook.cell(1).locator(".cm-line")
    expect(lines.nth(2)).to_have_text("RUN pip install --no-cache-dir -r x.txt")
    expect(lines.nth(0)).to_have_text("%%azureml_dockerfile env --until check")
    expect(lines.nth(1)).to_have_text("FROM python:3.12-slim")
    assert notebook.source(2) == below


def test_after_a_restart_findings_are_gone_with_the_next_key_until_it_is_loaded_again(
    notebook: Notebook,
) -> None:
    notebook.set_cells(LOAD, DASH)
    notebook.run(0)
    mark = notebook.cell(1).locator(".azi-squiggle-error")
    expect(mark.first).to_have_text("\u2013r")
    notebook.restart()
    notebook.append(1, "# more\n")  # the kernel has nobody who could be asked
    expect(mark).to_have_count(0)
    notebook.run(0)
    expect(mark.first).to_have_text("\u2013r")


def test_two_views_of_one_notebook_both_have_findings(notebook: Notebook) -> None:
    notebook.set_cells(LOAD, DASH)
    notebook.run(0)
    notebook.open_another_view()
    marks = notebook.page.locator(".azi-squiggle-error", has_text="\u2013r")
    expect(marks).to_have_count(2)
    notebook.type_over(1, DASH.replace("RUN", "RUN true &&"))
    expect(notebook.page.locator(".cm-line", has_text="true &&")).to_have_count(2)
    expect(marks).to_have_count(2)
    notebook.close_other_view()
    notebook.type_over(1, DASH)
    expect(marks).to_have_count(1)


def test_the_same_file_works_in_notebook_7(browser: Browser, server: Server) -> None:
    (server.folder / "seven.ipynb").write_text(
        json.dumps({**EMPTY, "cells": [_cell("a", LOAD), _cell("b", DASH)]})
    )
    page, errors = new_page(browser, f"{server.url}/notebooks/seven.ipynb")
    notebook = Notebook(page)
    notebook.take_current()
    notebook.run(0)
    expect(notebook.cell(1).locator(".azi-squiggle-error").first).to_have_text("\u2013r")
    notebook.close()
    page.close()
    assert errors == []


def _cell(name: str, source: str) -> dict[str, object]:
    return {
        "cell_type": "code",
        "id": name,
        "metadata": {},
        "outputs": [],
        "execution_count": None,
        "source": source,
    }
