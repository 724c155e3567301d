"""Builds by ACR Tasks in the sandbox: real builds on the engine, seen only over HTTPS."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
import threading
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from jupyter_azureml_image.azure.acr import acr_builders
from jupyter_azureml_image.azure.arm import Call
from jupyter_azureml_image.azure.connection import Connection
from jupyter_azureml_image.build.engine import Engine
from jupyter_azureml_image.build.ports import BuildJob, RunToken
from jupyter_azureml_image.context.manifest import resolve_context
from jupyter_azureml_image.errors import (
    BuilderUnavailable,
    BuildFailed,
    Cancelled,
    TasksNotPermitted,
)
from jupyter_azureml_image.events import (
    Event,
    LogLine,
    Note,
    Queued,
    StepEnded,
    StepStarted,
    Transfer,
)
from jupyter_azureml_image.plan.request import BuildRequest, Recipe, TaskOptions

from .conftest import SetFaults

MakeJob = Callable[..., BuildJob]
SCRATCH = "FROM scratch\nCOPY . /\n"


@pytest.fixture
def job(tmp_path: Path, state_dir: Path) -> MakeJob:
    """A build job of a folder with one file in it."""

    def _job(text: str = SCRATCH, **recipe: object) -> BuildJob:
        run_id, context = uuid.uuid4().hex[:8], tmp_path / "context"
        context.mkdir(exist_ok=True)
        (context / "marker").write_text(run_id)
        return BuildJob(
            run_id=run_id,
            folder=tmp_path / run_id,
            recipe=Recipe(text, **recipe),  # type: ignore[arg-type]
            manifest=resolve_context(context),
            reference=f"acr-{run_id}:1",
        )

    return _job


def _builders(workspace: Connection, **options: object):
    request = BuildRequest("x", Recipe(""), ".", task=TaskOptions(**options))  # type: ignore[arg-type]
    return acr_builders(workspace, request)


def _runs(workspace: Connection) -> list[dict[str, str]]:
    path = f"{workspace.facts.registry_id}/runs"
    listed = workspace.arm.every(Call("GET", path, "2019-06-01-preview", "listing"))
    return [each["properties"] for each in listed]


def _steps(events: list[Event]) -> list[tuple[str, str]]:
    titles = {e.step: e.title for e in events if isinstance(e, StepStarted)}
    return [(titles[e.step], e.outcome) for e in events if isinstance(e, StepEnded)]


@pytest.fixture
def begun(workspace: Connection) -> Iterator[list[str]]:
    """The runs that began during the test."""
    before = {run["runId"] for run in _runs(workspace)}
    found: list[str] = []
    yield found
    after = [run for run in _runs(workspace) if run["runId"] not in before]
    ended = {"Succeeded", "Failed", "Canceled", "Error", "Timeout"}
    assert {run["status"] for run in after} <= ended, "a run was left alive"


@pytest.mark.parametrize("number", [0, -1], ids=["quick build", "task file"])
def test_sources_are_what_they_mean_beside_a_whole_context(
    workspace: Connection, job: MakeJob, tiny_image: str, number: int
) -> None:
    events: list[Event] = []
    text = (
        "FROM scratch AS b\nONBUILD COPY . /in/\nFROM b AS c\nCOPY . /in/own/\n"
        f"FROM {tiny_image}\nARG S=..\nCOPY $S/marker /in/\nCOPY --from=c /in /in\n"
        "RUN find /in -type f | sort | tr '\\n' ' '; echo\n"
    )
    _builders(workspace)[number].start(job(text), events.append).wait()
    said = [event.text.strip() for event in events if isinstance(event, LogLine)]
    assert "/in/marker /in/own/marker" in said


def test_a_build_in_the_cloud_gives_an_image_by_digest_under_a_run_tag(
    workspace: Connection, job: MakeJob, tiny_image: str
) -> None:
    events: list[Event] = []
    text = f"FROM {tiny_image} AS one\nARG WHO\nCOPY . /app\nRUN echo hello $WHO\nFROM one\n"
    wanted = job(text, build_args=(("WHO", "world"),), target="one")

    image = _builders(workspace)[0].start(wanted, events.append).wait()

    server, repository = str(workspace.facts.login_server), f"acr-{wanted.run_id}"
    assert image.reference == f"{server}/{repository}@{image.digest}"
    assert workspace.registry(server).digest(repository, f"run-{wanted.run_id}") == image.digest
    assert _steps(events)[1:] == [
        ("COPY . /app", "done"),
        ("RUN echo hello $WHO", "done"),
        (f"push {server}/{repository}:run-{wanted.run_id}", "done"),
    ]
    assert any(isinstance(e, LogLine) and e.text == "hello world" for e in events)
    sent = [e.done for e in events if isinstance(e, Transfer) and e.what == "upload"]
    assert sent == sorted(sent)
    notes = [e.text for e in events if isinstance(e, Note)]
    assert any("blob.core.windows.net" in text and "1 file" in text for text in notes)


def test_a_task_file_carries_what_the_classic_builder_cannot(
    workspace: Connection, job: MakeJob, tiny_image: str
) -> None:
    events: list[Event] = []
    text = f"FROM {tiny_image}\nRUN --mount=type=tmpfs,target=/scratch echo mounted > /told\n"
    quick, task = _builders(workspace)
    assert "mount" not in quick.abilities.can
    assert "mount" in task.abilities.can

    image = task.start(job(text), events.append).wait()

    assert image.digest is not None
    assert ("RUN --mount=type=tmpfs,target=/scratch echo mounted > /told", "done") in _steps(events)
    assert any(isinstance(e, Note) and "experimental" in e.text for e in events)


@pytest.mark.parametrize("way", [0, 1], ids=["quick", "task"])
def test_a_failing_command_is_named_with_its_line_and_exit_code(
    workspace: Connection, job: MakeJob, tiny_image: str, way: int
) -> None:
    wanted = job(f"FROM {tiny_image}\nRUN echo why; exit 3\n")
    with pytest.raises(BuildFailed, match="exit code 3") as raised:
        _builders(workspace)[way].start(wanted, lambda _: None).wait()
    assert raised.value.failure.line == 2
    assert raised.value.failure.exit_code == 3
    server = str(workspace.facts.login_server)
    tag = f"run-{wanted.run_id}"
    assert workspace.registry(server).digest(f"acr-{wanted.run_id}", tag) is None


def test_an_interrupt_cancels_the_run_in_azure(
    workspace: Connection, job: MakeJob, tiny_image: str, begun: list[str]
) -> None:
    running = threading.Event()

    def emit(event: Event) -> None:
        if isinstance(event, LogLine) and event.text == "begun":
            running.set()

    run = _builders(workspace)[0].start(
        job(f"FROM {tiny_image}\nRUN echo begun; sleep 300\n"), emit
    )
    assert running.wait(60)
    run.cancel()
    with pytest.raises(Cancelled, match="Azure confirmed"):
        run.wait()
    assert _runs(workspace)[0]["status"] == "Canceled"


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The bytes from which on run logs were read."""
    found: list[int] = []
    get = requests.get

    def _get(url: str, **options: Any) -> requests.Response:
        found.append(int(options["headers"]["x-ms-range"].removeprefix("bytes=").split("-")[0]))
        return get(url, **options)

    monkeypatch.setattr(requests, "get", _get)
    return found


def test_a_context_on_which_a_run_failed_is_sent_anew_the_time_after(
    workspace: Connection, job: MakeJob, faults: SetFaults
) -> None:
    faults({"fault": "run-failed", "message": "no space left"}, {"fault": "run-without-log"})
    wanted, ways = job(), []
    for number in range(3):
        events: list[Event] = []
        again = dataclasses.replace(wanted, run_id=f"{wanted.run_id}{number}")
        with pytest.raises(BuildFailed, match="no space left"):
            _builders(workspace)[0].start(again, events.append).wait()
        notes = [event.text for event in events if isinstance(event, Note)]
        ways.append("again" if any("used again" in text for text in notes) else "uploaded")
    assert ways == ["uploaded", "again", "uploaded"]


def test_another_process_attaches_and_sees_the_same(
    workspace: Connection, job: MakeJob, faults: SetFaults, reads: list[int]
) -> None:
    faults({"fault": "log-replaced", "times": 1})
    first, again = [], []  # type: ignore[var-annotated]
    run = _builders(workspace)[0].start(job(), first.append)
    image = run.wait()
    last = reads[-1]
    reads.clear()
    assert _builders(workspace)[0].attach(run.token, again.append).wait() == image
    assert _kept(again) == _kept(first)
    assert min(reads) > last  # nothing is read twice


def _kept(events: list[Event]) -> list[Event]:
    """What does not pass with the moment."""
    return [event for event in events if not isinstance(event, (Transfer, Queued))]


def test_attaching_to_a_run_that_never_began_says_so(
    workspace: Connection, job: MakeJob, faults: SetFaults
) -> None:
    faults({"fault": "tasks-not-allowed"})
    builder = _builders(workspace)[0]
    run = builder.start(job(), lambda _: None)
    with pytest.raises(TasksNotPermitted) as raised:
        run.wait()
    assert "--build local" in (raised.value.hint or "")
    with pytest.raises(BuilderUnavailable, match="before Azure had started it"):
        builder.attach(run.token, lambda _: None)


def test_a_process_that_died_over_the_dependencies_says_to_run_the_cell_again(
    workspace: Connection, tmp_path: Path
) -> None:
    file = tmp_path / "acr-run.json"
    file.write_text('{"run_id": "ca7", "dependencies": true}')
    with pytest.raises(BuilderUnavailable, match="run ca7 was building its dependency") as raised:
        _builders(workspace)[0].attach(RunToken("acr-quick", {"file": str(file)}), lambda _: None)
    assert "Run the cell again" in (raised.value.hint or "")


def test_without_a_registry_there_is_no_cloud_builder(workspace: Connection) -> None:
    workspace._facts = dataclasses.replace(workspace.facts, registry_id=None, login_server=None)
    request = BuildRequest("x", Recipe(""), ".")
    with pytest.raises(BuilderUnavailable, match="no container registry") as raised:
        acr_builders(workspace, request)
    assert "--attach-registry" in (raised.value.hint or "")


def test_what_arrives_is_what_the_manifest_shows(
    workspace: Connection, job: MakeJob, engine: Engine, tiny_image: str
) -> None:
    events: list[Event] = []
    wanted = job(
        f"FROM {tiny_image}\nCOPY . /seen\nRUN cd /seen; find . -type f; cat marker; echo\n"
    )
    _builders(workspace)[0].start(wanted, events.append).wait()
    titles = {e.step: e.title for e in events if isinstance(e, StepStarted)}
    said = [
        e.text
        for e in events
        if isinstance(e, LogLine) and titles.get(e.step or "", "").startswith("RUN")
    ]
    assert said == ["./marker", wanted.run_id]


def test_a_killed_process_leaves_a_run_that_another_one_follows(
    workspace: Connection, port_file: Path, job: MakeJob, tiny_image: str, reads: list[int]
) -> None:
    wanted = job(f"FROM {tiny_image}\nRUN echo begun; sleep 3; echo ended\n")
    child = subprocess.Popen(
        [sys.executable, "-c", _CHILD, str(port_file), tiny_image, str(wanted.folder)],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert child.stdout is not None
    assert child.stdout.readline() == "begun\n"
    child.kill()
    child.wait()
    child.stdout.close()

    events: list[Event] = []
    token = RunToken("acr-quick", {"file": str(wanted.folder / "acr-run.json")})
    image = _builders(workspace)[0].attach(token, events.append).wait()
    assert image.digest is not None
    assert [e.text for e in events if isinstance(e, LogLine) and e.step == "step-2"] == [
        "begun",
        "ended",
    ]
    assert any(isinstance(e, Note) and e.text.startswith("Uploading") for e in events)
    assert reads[0] > 0  # what the killed process had read is not read again


_CHILD = """
import sys, time
from pathlib import Path
from jupyter_azureml_image.azure.acr import acr_builders
from jupyter_azureml_image.azure.connection import ConnectOptions, connect
from jupyter_azureml_image.build.ports import BuildJob, RunToken
from jupyter_azureml_image.context.manifest import resolve_context
from jupyter_azureml_image.events import LogLine
from jupyter_azureml_image.plan.request import BuildRequest, Recipe

port_file, image, folder = sys.argv[1:]
recipe = Recipe(f"FROM {image}\\nRUN echo begun; sleep 3; echo ended\\n")
context = Path(folder, "context")
context.mkdir(parents=True)
builder = acr_builders(
    connect(ConnectOptions(sandbox=True, port_file=port_file)), BuildRequest("x", recipe, ".")
)[0]
def emit(event):
    if isinstance(event, LogLine) and event.text == "begun":
        print(event.text, flush=True)
        time.sleep(60)
job = BuildJob("killed", Path(folder), recipe, resolve_context(context), "acr-killed:1")
builder.start(job, emit).wait()
"""
