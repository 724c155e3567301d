"""100,000 log lines: all in the file, the end in the page, the saved notebook small."""

from __future__ import annotations

import json

from playwright.sync_api import expect

from tools.notebook_page import Notebook

from .conftest import Server

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
    for i in range(100_000):
        emit(e.LogLine(f"{i:06} " + "Collecting package-with-a-long-name " * 2, "1"))
    emit(e.StepEnded("1", "done", 1.0))
    emit(e.StageEnded("build", "done", 1.0, "Built."))
    emit(e.RunEnded("done", 1.0, "Flooded."))
    return ImageBuild("flood", "abcd1234")

slot = Slot("/tmp/build.log")
updates = []
put = slot._put
slot._put = lambda bundle: (updates.append(1), put(bundle))
_ = follow(LiveRun("abcd1234", work).start(), slot)
print(len(updates), "updates")
"""


def test_a_flood_of_lines_is_paced_and_the_notebook_stays_small(
    notebook: Notebook, server: Server
) -> None:
    notebook.set_cells(FLOOD)
    notebook.run(0)
    cell = notebook.cell(0)
    expect(cell).to_contain_text("Flooded.")
    expect(cell).to_contain_text("Log: 100,000 lines")
    expect(cell).to_contain_text("99,800 earlier lines are in the log file")
    expect(cell.locator(".azi-log")).to_contain_text("099999 Collecting")
    notebook.save()
    saved = json.loads((server.folder / "shared.ipynb").read_text())
    assert len(json.dumps(saved)) < 200_000
    (count,) = [o["text"] for o in saved["cells"][0]["outputs"] if o["output_type"] == "stream"]
    assert int("".join(count).split()[0]) < 200
