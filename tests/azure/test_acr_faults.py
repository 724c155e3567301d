"""Whole runs by ACR Tasks while Azure fails. After each fault: the right sentence, the same in the
journal; registered is all or nothing; and no run is left alive that nobody asked for."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import pytest

from jupyter_azureml_image import api
from jupyter_azureml_image.azure.arm import ML_API, Call
from jupyter_azureml_image.azure.connection import Connection
from jupyter_azureml_image.errors import (
    BuildFailed,
    Cancelled,
    Forbidden,
    ImageError,
    ServiceFault,
    TasksNotPermitted,
)
from jupyter_azureml_image.events import Event, Note, Queued

from .conftest import SetFaults

TASKS_API = "2019-06-01-preview"
ENDED = {"Succeeded", "Failed", "Canceled", "Error", "Timeout"}
RIGHT = "Microsoft.ContainerRegistry/registries/"

Kind = TypeVar("Kind", bound=ImageError)
Fault = dict[str, Any]


@dataclass
class Cell:
    """A cell that is built by ACR Tasks, and what its run left."""

    workspace: Connection
    context: Path
    name: str = field(default_factory=lambda: f"fault-{uuid.uuid4().hex[:8]}")
    events: list[Event] = field(default_factory=list)

    def start(self) -> api.LiveRun:
        asked = api.request(
            self.name,
            "FROM scratch\nCOPY . /\n",
            context=self.context,
            build="acr",
            no_rehearse=True,
            fail_on="never",
        )
        return api.start(asked)

    def builds(self) -> None:
        """It runs to its end, and is registered."""
        build = api.follow(self.start(), self.events.append)
        (row,) = api.runs()
        assert row.status == "done"
        registered = self.workspace.find_environment(self.name, str(build.version))
        assert registered is not None
        assert registered.image == build.reference

    def fails(self, kind: type[Kind], words: str, status: str = "failed") -> Kind:
        """It ends with that error, told by the journal too, and nothing is registered."""
        with pytest.raises(kind, match=words) as raised:
            api.follow(self.start(), self.events.append)
        (row,) = api.runs()
        assert (row.status, row.sentence) == (status, raised.value.message)
        path = f"{self.workspace.name.path}/environments/{self.name}"
        assert self.workspace.arm.find(path, ML_API, "looking") is None
        return raised.value

    def runs(self) -> list[dict[str, str]]:
        """The registry's runs, newest first."""
        path = f"{self.workspace.facts.registry_id}/runs"
        listed = self.workspace.arm.every(Call("GET", path, TASKS_API, "listing"))
        return [each["properties"] for each in listed]

    def stop(self, run_id: str) -> None:
        path = f"{self.workspace.facts.registry_id}/runs/{run_id}/cancel"
        self.workspace.arm.call(Call("POST", path, TASKS_API, "tidying"))


@pytest.fixture
def cell(workspace: Connection, tmp_path: Path, state_dir: Path) -> Iterator[Cell]:
    """A cell; no run of it may be left alive."""
    context = tmp_path / "context"
    context.mkdir()
    (context / "marker").write_text(uuid.uuid4().hex)
    cell = Cell(workspace, context)
    before = {run["runId"] for run in cell.runs()}
    yield cell
    left = {run["status"] for run in cell.runs() if run["runId"] not in before}
    assert left <= ENDED, "a run was left alive"


@pytest.mark.parametrize(
    "troubles",
    [
        [
            {"fault": "answer", "path": "listBuildSourceUploadUrl", "status": 500, "times": 1},
            {"fault": "answer", "path": "scheduleRun", "status": 429, "times": 1},
            {"fault": "answer", "path": "/runs/", "method": "GET", "status": 503, "times": 1},
            {"fault": "answer", "path": "/oauth2/exchange", "status": 503, "times": 1},
            {"fault": "answer", "path": "/oauth2/token", "status": 500, "times": 1},
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
def test_a_cell_is_registered_in_spite_of(
    cell: Cell, faults: SetFaults, troubles: list[Fault]
) -> None:
    faults(*troubles)
    cell.builds()


@pytest.mark.parametrize(
    ("troubles", "words"),
    [
        ([{"fault": "run-failed", "message": "no agent"}], "ended as Failed: no agent"),
        (
            [{"fault": "run-without-log"}, {"fault": "run-failed", "message": "no agent"}],
            "ended as Failed: no agent",
        ),
        ([{"fault": "run-timeout"}], "took longer than it may"),
        ([{"fault": "image-gone"}], "does not hold"),
    ],
    ids=["failed", "failed without a log", "timeout", "image gone"],
)
def test_a_bad_end_is_said(
    cell: Cell, faults: SetFaults, troubles: list[Fault], words: str
) -> None:
    faults(*troubles)
    cell.fails(BuildFailed, words)


@pytest.mark.parametrize(
    "action", ["listBuildSourceUploadUrl/action", "scheduleRun/action", "runs/read"]
)
def test_a_missing_right_names_the_action_and_where_to_get_it(
    cell: Cell, faults: SetFaults, action: str
) -> None:
    before = len(cell.runs())
    fault = {"fault": "forbidden", "action": RIGHT + action}
    faults({"fault": "run-failed"}, fault)
    error = cell.fails(Forbidden, action)
    assert "docs/how-to/rights.md" in (error.hint or "")
    faults()
    for run in cell.runs()[: len(cell.runs()) - before]:
        assert action == "runs/read"
        if run["status"] not in ENDED:
            cell.stop(run["runId"])


def test_tasks_that_are_not_permitted_name_the_local_build(cell: Cell, faults: SetFaults) -> None:
    faults({"fault": "tasks-not-allowed"})
    error = cell.fails(TasksNotPermitted, "ACR Tasks")
    assert "--build local" in (error.hint or "")


def test_a_registry_that_lets_the_run_not_in_is_named_by_its_log(
    cell: Cell, faults: SetFaults
) -> None:
    faults({"fault": "firewall"})
    assert cell.fails(BuildFailed, "ended as Failed: ").code == "firewalled"


@pytest.mark.parametrize(
    "fault",
    [
        {"fault": "answer", "path": "scheduleRun", "status": 503, "times": 1},
        {"fault": "cut", "path": "scheduleRun", "of": "answer", "bytes": 5, "times": 1},
    ],
    ids=["503", "answer lost"],
)
def test_a_run_is_asked_for_once_whatever_happens(
    cell: Cell, faults: SetFaults, fault: Fault
) -> None:
    before = len(cell.runs())
    faults({"fault": "run-queued"}, fault)
    error = cell.fails(ServiceFault, "starting a run of ACR Tasks")
    new = cell.runs()[: len(cell.runs()) - before]
    assert len(new) <= 1
    for run in new:  # it may have begun: the sentence names it
        assert run["runId"] in (error.hint or "")
        cell.stop(run["runId"])


def _interrupted(cell: Cell, faults: SetFaults, *troubles: Fault) -> ImageError:
    """How a queued run ends that is interrupted."""
    faults({"fault": "run-queued"}, *troubles)
    live = cell.start()
    for event in live.events():
        cell.events.append(event)
        if isinstance(event, Queued):
            break
    live.cancel()
    with pytest.raises(ImageError) as raised:
        live.result(60)
    (row,) = api.runs()
    assert row.sentence == raised.value.message
    assert row.status == ("cancelled" if isinstance(raised.value, Cancelled) else "failed")
    return raised.value


@pytest.mark.parametrize("status", [500, 503])
def test_a_queued_run_is_cancelled_though_azure_fails_at_first(
    cell: Cell, faults: SetFaults, status: int
) -> None:
    fault = {"fault": "answer", "path": "/cancel$", "status": status, "times": 1}
    error = _interrupted(cell, faults, fault)
    assert isinstance(error, Cancelled)
    assert "Azure confirmed" in error.message


def test_a_run_that_cannot_be_cancelled_is_named_with_the_way_to_stop_it(
    cell: Cell, faults: SetFaults
) -> None:
    right = {"fault": "forbidden", "action": f"{RIGHT}runs/cancel/action"}
    error = _interrupted(cell, faults, right)
    run_id = cell.runs()[0]["runId"]
    assert f"Run {run_id} may still be running in Azure" in error.message
    registry = str(cell.workspace.facts.registry_id).rpartition("/")[2]
    assert f"az acr task cancel-run --registry {registry} --run-id {run_id}" in (error.hint or "")
    faults()
    cell.stop(run_id)


def test_throttling_is_waited_out_and_shown(cell: Cell, faults: SetFaults) -> None:
    fault = {"fault": "answer", "path": "listBuildSourceUploadUrl", "status": 429}
    faults({**fault, "retry_after": 2, "times": 1}, {"fault": "run-failed", "message": "no agent"})
    cell.fails(BuildFailed, "no agent")
    assert any(isinstance(e, Note) and "Trying again in 2 s" in e.text for e in cell.events)
