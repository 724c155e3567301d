"""Notebooks in real kernels, builds in a real engine: what is saved, what stops, what the words
are."""

from __future__ import annotations

import contextlib
import json
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import docker
import nbformat
import papermill
import pexpect
import pytest
from jupyter_client.manager import start_new_kernel
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from nbconvert import HTMLExporter

LOAD = "%load_ext jupyter_azureml_image"


@pytest.fixture
def place(
    tmp_path: Path, state_dir: Path, engine_host: str, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Path]:
    """A folder to run notebooks in, with the engine that kernels will find; images built there
    are removed."""
    monkeypatch.setenv("DOCKER_HOST", engine_host)
    for name in ("JPY_SESSION_NAME", "AZUREML_IMAGE_WORKSPACE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("JUPYTER_PLATFORM_DIRS", "1")
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    folder = tmp_path / "nb"
    folder.mkdir()
    (folder / "hello.txt").write_text("hello\n")
    yield folder
    client = docker.DockerClient(base_url=engine_host)
    for image in client.images.list(name="faces-test*"):
        client.images.remove(image.id, force=True)
    client.close()


def executed(folder: Path, *sources: str) -> tuple[Any, CellExecutionError | None]:
    """A notebook of these cells, executed by nbclient as far as it went."""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(s) for s in sources])
    client = NotebookClient(notebook, timeout=120, resources={"metadata": {"path": str(folder)}})
    try:
        client.execute()
    except CellExecutionError as error:
        return notebook, error
    return notebook, None


def outputs(cell: Any, kind: str) -> list[Any]:
    return [output for output in cell.outputs if output.output_type == kind]


def test_a_build_is_saved_as_one_card_with_the_same_words_in_text_and_html(place: Path) -> None:
    notebook, error = executed(
        place,
        LOAD,
        "%%azureml_dockerfile faces-test --until build --as img\nFROM scratch\nCOPY hello.txt /\n",
        "print(img.local_reference, img.reference, img.environment, img.verdict)",
    )
    assert error is None
    slot, result = notebook.cells[1].outputs
    assert (slot.output_type, result.output_type) == ("display_data", "execute_result")
    text, markup = slot.data["text/plain"], slot.data["text/html"]
    for said in ("✓ check done", "✓ build done", "COPY hello.txt /", "faces-test"):
        assert said in text
        assert said in markup
    assert "In the engine" in result.data["text/plain"]
    assert "In the engine" in result.data["text/html"]
    assert re.fullmatch(
        r"faces-test:[0-9a-f]{12} None None None\n", notebook.cells[2].outputs[0].text
    )
    assert len(json.dumps(notebook)) < 40_000
    exported, _ = HTMLExporter().from_notebook_node(notebook)
    assert "✓ build done" in re.sub(r"<[^>]+>", "", exported)


def test_a_failure_stops_the_notebook_and_is_saved_as_an_error_of_two_or_three_lines(
    place: Path,
) -> None:
    notebook, error = executed(
        place,
        LOAD,
        "%%azureml_dockerfile faces-test --until build\nFROM scratch\nCOPY nowhere.txt /\n",
        "print('never')",
    )
    assert error is not None
    (saved,) = outputs(notebook.cells[1], "error")
    assert saved.ename == "CheckFailed"
    assert "nowhere.txt" in saved.evalue
    assert "Line 3" in saved.traceback[0], "a line of the cell, its magic line counted"
    shown = outputs(notebook.cells[1], "display_data")[0].data["text/plain"]
    assert "line 3  error" in shown
    assert "    3 | COPY nowhere.txt /" in shown
    assert 2 <= len(saved.traceback) <= 3
    assert notebook.cells[2].outputs == []


def test_papermill_stops_and_names_the_failure(place: Path) -> None:
    source, target = place / "in.ipynb", place / "out.ipynb"
    cells = [LOAD, "%%azureml_dockerfile faces-test --until nowhere\nFROM scratch\n"]
    nbformat.write(
        nbformat.v4.new_notebook(
            cells=[nbformat.v4.new_code_cell(c) for c in cells],
            metadata={"kernelspec": {"name": "python3", "display_name": "p", "language": "python"}},
        ),
        source,
    )
    with pytest.raises(papermill.PapermillExecutionError) as caught:
        papermill.execute_notebook(str(source), str(target), cwd=str(place), progress_bar=False)
    assert caught.value.ename == "BadUsage"
    assert "'nowhere' is not one of check" in caught.value.evalue


def test_a_bug_is_shown_as_what_it_is(place: Path) -> None:
    notebook, error = executed(
        place,
        LOAD,
        "import jupyter_azureml_image.api as api\n"
        "def broken(request): raise ZeroDivisionError('a bug')\napi.start = broken",
        "%%azureml_dockerfile faces-test\nFROM scratch\n",
    )
    assert error is not None
    (saved,) = outputs(notebook.cells[2], "error")
    assert saved.ename == "ZeroDivisionError"
    assert len(saved.traceback) > 3


@pytest.fixture
def kernel(place: Path) -> Iterator[tuple[Any, Any]]:
    manager, client = start_new_kernel(kernel_name="python3", cwd=str(place), startup_timeout=60)
    try:
        yield manager, client
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


def messages(client: Any, request: str) -> Iterator[dict[str, Any]]:
    """What the kernel publishes for a request, until it is idle again."""
    while True:
        message = client.get_iopub_msg(timeout=60)
        if message["parent_header"].get("msg_id") != request:
            continue
        if message["msg_type"] == "status" and message["content"]["execution_state"] == "idle":
            return
        yield message


def test_an_interrupt_cancels_the_build_in_the_engine(
    kernel: tuple[Any, Any], tiny_image: str, engine_host: str
) -> None:
    manager, client = kernel
    list(messages(client, client.execute(LOAD)))
    source = (
        f"%%azureml_dockerfile faces-test --until build --no-cache\nFROM {tiny_image}\n"
        "RUN echo faces-interrupt && sleep 600\n"
    )
    seen: list[dict[str, Any]] = []
    interrupted = False
    for message in messages(client, client.execute(source)):
        seen.append(message)
        text = message["content"].get("data", {}).get("text/plain", "")
        if "running: RUN echo faces-interrupt" in text and not interrupted:
            interrupted = True
            manager.interrupt_kernel()
    (error,) = [m["content"] for m in seen if m["msg_type"] == "error"]
    assert error["ename"] == "Cancelled"
    assert len(error["traceback"]) <= 3
    last = [m["content"]["data"]["text/plain"] for m in seen if "data" in m["content"]][-1]
    assert "Stopping the run where it runs" in last
    assert "■ build cancelled" in last
    engine = docker.DockerClient(base_url=engine_host)
    with contextlib.closing(engine):
        commands = [c.attrs["Config"]["Cmd"] for c in engine.containers.list()]
    assert not any("faces-interrupt" in str(command) for command in commands)


def test_a_terminal_shows_the_same_words_and_one_error_line(place: Path) -> None:
    environment = {**os.environ, "TERM": "dumb", "PROMPT_TOOLKIT_NO_CPR": "1"}
    child = pexpect.spawn(
        sys.executable,
        ["-m", "IPython", "--simple-prompt", "--no-banner", "--no-confirm-exit"],
        cwd=str(place),
        env=environment,
        encoding="utf-8",
        timeout=60,
        dimensions=(50, 200),
    )
    try:
        child.expect("In ")
        child.sendline(LOAD)
        child.expect("In ")
        (place / "Dockerfile").write_text("FROM scratch\nCOPY hello.txt /\n")
        child.sendline("%azureml_dockerfile faces-test --file Dockerfile --until context")
        child.expect("✓ check done")
        child.expect("✓ context done")
        child.expect("Out")
        child.sendline("%azureml_dockerfile faces-test --file Dockerfil")
        child.expect(
            r"BadUsage: There is no Dockerfile at \S+/Dockerfil\.\s+Did you mean Dockerfile"
        )
        child.expect("In ")
        child.sendline("exit")
        child.expect(pexpect.EOF)
    finally:
        child.close(force=True)
