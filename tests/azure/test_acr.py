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
    Forbidden,
    ServiceFault,
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


def test_a_queued_run_says_so_and_can_be_cancelled(
    workspace: Connection, job: MakeJob, faults: SetFaults, begun: list[str]
) -> None:
    faults({"fault": "run-queued"})
    queued = threading.Event()

    def emit(event: Event) -> None:
        if isinstance(event, Queued):
            queued.set()

    run = _builders(workspace)[0].start(job(), emit)
    assert queued.wait(60)
    run.cancel()
    with pytest.raises(Cancelled):
        run.wait()


@pytest.mark.parametrize(
    "fault",
    [
        {"fault": "answer", "path": "scheduleRun", "status": 503, "times": 1},
        {"fault": "cut", "path": "scheduleRun", "of": "answer", "bytes": 5, "times": 1},
    ],
    ids=["503", "answer lost"],
)
def test_a_run_is_asked_for_once_whatever_happens(
    workspace: Connection, job: MakeJob, faults: SetFaults, fault: dict[str, object]
) -> None:
    before = len(_runs(workspace))
    faults({"fault": "run-queued"}, fault)
    with pytest.raises(ServiceFault) as raised:
        _builders(workspace)[0].start(job(), lambda _: None).wait()
    new = _runs(workspace)[: len(_runs(workspace)) - before]
    assert len(new) <= 1
    for run in new:  # it may have begun: the sentence names it
        assert run["runId"] in (raised.value.hint or "")
        workspace.arm.call(
            Call(
                "POST",
                f"{workspace.facts.registry_id}/runs/{run['runId']}/cancel",
                "2019-06-01-preview",
                "tidying",
            )
        )


@pytest.mark.parametrize(
    "troubles",
    [
        [
            {"fault": "answer", "path": "listBuildSourceUploadUrl", "status": 500, "times": 1},
            {"fault": "answer", "path": "scheduleRun", "status": 429, "times": 1},
            {"fault": "answer", "path": "/runs/", "method": "GET", "status": 503, "times": 1},
            {"fault": "log-replaced", "times": 1},
        ],
        [
            {"fault": "cut", "host": "blob", "method": "PUT", "bytes": 10, "times": 1},
            {"fault": "registry-scope-refused"},
            {"fault": "log-expired", "times": 1},
        ],
        [
            {"fault": "cut", "host": "blob", "method": "GET", "of": "answer", "bytes": 9,
             "times": 2},
            {"fault": "slow-log", "seconds": 2, "times": 1},
        ],
        [{"fault": "abac"}, {"fault": "run-without-log", "times": 1}],
        [
            {"fault": "answer", "path": "/registries/[^/]+$", "status": 500, "times": 1},
            {"fault": "answer", "path": "listLogSasUrl", "status": 503, "times": 1},
            {"fault": "answer", "host": "blob", "method": "PUT", "status": 503, "times": 1},
            {"fault": "answer", "host": "blob", "method": "GET", "status": 500, "times": 1},
        ],
    ],
    ids=lambda troubles: ", ".join(each["fault"] for each in troubles),
)  # fmt: skip
def test_a_build_comes_through_in_spite_of(
    workspace: Connection, job: MakeJob, faults: SetFaults, troubles: list[dict[str, object]]
) -> None:
    faults(*troubles)
    image = _builders(workspace)[0].start(job(), lambda _: None).wait()
    assert image.digest is not None


def test_throttling_is_waited_out_and_shown(
    workspace: Connection, job: MakeJob, faults: SetFaults
) -> None:
    events: list[Event] = []
    faults(
        {
            "fault": "answer",
            "path": "listBuildSourceUploadUrl",
            "status": 429,
            "retry_after": 2,
            "times": 1,
        }
    )
    _builders(workspace)[0].start(job(), events.append).wait()
    assert any(isinstance(e, Note) and "Trying again in 2 s" in e.text for e in events)


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ({"fault": "run-failed", "message": "no agent"}, "ended as Failed: no agent"),
        ({"fault": "run-timeout"}, "took longer than it may"),
        ({"fault": "image-gone"}, "does not hold"),
    ],
)
def test_a_bad_end_is_said(
    workspace: Connection, job: MakeJob, faults: SetFaults, fault: dict[str, str], words: str
) -> None:
    faults(fault)
    with pytest.raises(BuildFailed, match=words):
        _builders(workspace)[0].start(job(), lambda _: None).wait()


def test_a_run_that_failed_without_a_log_has_the_runs_own_words(
    workspace: Connection, job: MakeJob, faults: SetFaults
) -> None:
    faults({"fault": "run-without-log"}, {"fault": "run-failed", "message": "no agent"})
    with pytest.raises(BuildFailed, match="ended as Failed: no agent"):
        _builders(workspace)[0].start(job(), lambda _: None).wait()


@pytest.mark.parametrize(
    "action", ["listBuildSourceUploadUrl/action", "scheduleRun/action", "runs/read"]
)
def test_a_missing_right_names_the_action_and_where_to_get_it(
    workspace: Connection, job: MakeJob, faults: SetFaults, action: str
) -> None:
    faults({"fault": "forbidden", "action": f"Microsoft.ContainerRegistry/registries/{action}"})
    with pytest.raises(Forbidden, match=action) as raised:
        _builders(workspace)[0].start(job(), lambda _: None).wait()
    assert "docs/how-to/rights.md" in (raised.value.hint or "")


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
