"""The example notebooks run from top to bottom in a real kernel."""

import json
import re
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from tools.example_outputs import stripped, tidy

FOLDER = Path(__file__).parents[2] / "example_notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))
RUN_AGAIN = "Run 'make example-outputs NOTEBOOKS=...' and look at what it wrote."
MACHINE = re.compile(
    r"/(?:home|root|work|Users|var/folders)/|/tmp/(?!requirements)|[A-Z]:\\\\Users|site-packages"
)


def execute(name, folder, world, monkeypatch):
    """The notebook as a user would have it after 'Run all', in an empty folder."""
    for key, value in world.items():
        monkeypatch.setenv(key, value)
    notebook = stripped(nbformat.read(FOLDER / name, as_version=4))
    client = NotebookClient(
        notebook,
        timeout=600,
        resources={"metadata": {"path": str(folder)}},
        extra_arguments=["--log-level=ERROR"],
    )
    return client.execute()


def outputs(notebook):
    return "\n".join(
        output.get("text", "") or output.get("data", {}).get("text/plain", "")
        for cell in notebook.cells
        if cell.cell_type == "code"
        for output in cell.outputs
    )


def failures(notebook):
    return [
        output.ename
        for cell in notebook.cells
        if cell.cell_type == "code"
        for output in cell.outputs
        if output.output_type == "error"
    ]


def test_the_quickstart_answers_its_question_and_leaves_nothing_running(
    tmp_path, inside, monkeypatch
):
    done = execute("01_quickstart.ipynb", tmp_path, {}, monkeypatch)  # `inside` set the world
    said = outputs(done)
    assert failures(done) == ["CheckFailed"]  # the one that is meant
    assert "en dash" in said
    assert "served" in said
    assert "['setosa', 'virginica']" in said
    assert "it bills no more" in said
    assert list(inside.ml_client.online_endpoints.list()) == []


def test_microsofts_samples_are_caught_mended_built_and_scored(tmp_path, world, monkeypatch):
    done = execute("02_code_and_model_inside.ipynb", tmp_path, world, monkeypatch)
    said = outputs(done)
    assert failures(done) == ["CheckFailed", "CheckFailed"]
    assert "AML001" in said
    assert "is retired" in said
    assert '["setosa", "virginica"]' in said
    assert "Nothing changed" in said


def test_without_docker_the_same_cell_is_built_in_the_cloud(tmp_path, inside, monkeypatch):
    hidden = {"DOCKER_HOST": f"unix://{tmp_path}/nobody.sock"}  # the sandbox has its own engine
    done = execute("03_no_docker_here.ipynb", tmp_path, hidden, monkeypatch)
    said = outputs(done)
    assert failures(done) == []
    assert "there is no Docker engine here" in said
    assert "ACR Tasks in 127.0.0.1" in said
    assert "Not rehearsed" in said
    assert "['setosa', 'virginica']" in said
    assert list(inside.ml_client.online_endpoints.list()) == []


def test_a_second_version_is_tried_taken_and_rolled_back(tmp_path, inside, monkeypatch):
    done = execute("05_deploy_and_roll_back.ipynb", tmp_path, {}, monkeypatch)
    said = outputs(done)
    assert failures(done) == []
    assert "{'blue': 80, 'green': 20}" in said
    assert "blue takes all requests of parcels-" in said
    assert "it bills no more" in said
    assert list(inside.ml_client.online_endpoints.list()) == []


def test_the_image_is_checked_mended_and_run_as_in_ci(tmp_path, world, monkeypatch):
    done = execute("06_ci.ipynb", tmp_path, world, monkeypatch)
    said = outputs(done)
    assert failures(done) == []
    assert "parcels/Dockerfile:5 error AML001" in said
    assert "+RUN pip install --no-cache-dir -r /tmp/requirements.txt" in said
    assert said.count("2 image cells of image.ipynb ran.") == 2
    assert "Nothing changed" in said
    assert "rehearsal: served" in said


def test_the_pipeline_runs_the_commands_that_the_notebook_tries():
    steps = re.findall(r"run: (python -m jupyter.*)", (FOLDER / "github-actions.yml").read_text())
    cells = nbformat.read(FOLDER / "06_ci.ipynb", as_version=4).cells
    tried = "\n".join(cell.source for cell in cells).replace("!{python}", "python")
    assert len(steps) == 2
    assert [step for step in steps if step not in tried.splitlines()] == []


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.name)
def test_a_notebook_is_committed_with_the_outputs_of_one_run(path):
    cells = [c for c in nbformat.read(path, as_version=4).cells if c.cell_type == "code"]
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1)), RUN_AGAIN
    assert sum(bool(cell.outputs) for cell in cells) > len(cells) / 2, RUN_AGAIN
    for cell in cells:
        if cell.source.startswith("%"):
            assert cell.outputs, cell.source
        assert "execution" not in cell.metadata
        meant = "raises-exception" in cell.metadata.get("tags", [])
        assert meant == any(output.output_type == "error" for output in cell.outputs)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.name)
def test_a_committed_notebook_says_nothing_of_the_machine_that_ran_it(path):
    notebook = nbformat.read(path, as_version=4)
    text = json.dumps([cell.get("outputs", []) for cell in notebook.cells])
    assert MACHINE.findall(text) == []
    assert "widget-view" not in text  # a code host and a new kernel know no such model
    assert notebook.metadata.language_info == {"name": "python"}
    assert "widgets" not in notebook.metadata
    assert path.stat().st_size < 1_000_000


def test_what_is_kept_of_a_run_is_as_a_user_would_see_it():
    pieces = ["one\n", "  push: 1 MB of 2 MB\n", "at /tmp/x7/notebooks/iris\n"]
    cell = nbformat.v4.new_code_cell(
        outputs=[nbformat.v4.new_output("stream", name="stdout", text=piece) for piece in pieces],
        metadata={"execution": {"iopub.status.busy": "2026-01-01"}, "tags": ["raises-exception"]},
    )
    notebook = nbformat.v4.new_notebook(cells=[cell], metadata={"widgets": {}})
    tidy(notebook, {"/tmp/x7/notebooks": "~/notebooks"})
    assert [output.text for output in cell.outputs] == ["one\nat ~/notebooks/iris\n"]
    assert cell.metadata == {"tags": ["raises-exception"]}
    assert notebook.metadata == {"language_info": {"name": "python"}}
    assert stripped(notebook).cells[0].outputs == []


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.name)
def test_a_notebook_says_at_its_top_what_it_needs(path):
    top = nbformat.read(path, as_version=4).cells[0]
    assert top.cell_type == "markdown"
    assert "**Needs:**" in top.source


def test_the_panel_makes_an_image_that_answers(tmp_path, inside, monkeypatch):
    done = execute("04_panel.ipynb", tmp_path, {}, monkeypatch)
    said = outputs(done)
    assert failures(done) == []
    assert "Image panel" in said
    assert "['setosa', 'virginica']" in said
    assert list(inside.ml_client.online_endpoints.list()) == []
