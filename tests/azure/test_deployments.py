"""Managed deployments in the sandbox: real azure-ai-ml, real containers."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from jupyter_azureml_image.azure import upkeep
from jupyter_azureml_image.azure.connection import Connection
from jupyter_azureml_image.azure.deployments import deploy
from jupyter_azureml_image.build.engine import Engine
from jupyter_azureml_image.errors import (
    AzureError,
    BadUsage,
    Cancelled,
    DeploymentFailed,
    ImageError,
)
from jupyter_azureml_image.events import Event, LogLine, Note, StepEnded
from jupyter_azureml_image.plan.deployment import DeployRequest
from jupyter_azureml_image.plan.registration import Registration
from jupyter_azureml_image.plan.request import Mounts, Routes

from .images import failing, make, serving

Register = Callable[..., str]


@pytest.fixture
def register(workspace: Connection, engine: Engine, tiny_image: str) -> Iterator[Register]:
    """Build, push and register a tiny image; gives NAME:VERSION."""
    made: list[str] = []

    def _register(answer: str = "", *, rehearsal: str = "served", routes: bool = True) -> str:
        name, server = f"dep-{uuid.uuid4().hex[:8]}", str(workspace.facts.login_server)
        made.extend((f"{name}:1", f"{server}/{name}:1"))
        make(engine, f"{name}:1", serving(tiny_image, answer) if answer else failing(tiny_image))
        digest = workspace.push(f"{name}:1", server, name, lambda _: None)
        tags = {"fingerprint": name, "rehearsal": rehearsal}
        image = f"{server}/{name}@{digest}"
        workspace.register(Registration(name, "1", image, Routes() if routes else None, tags))
        return f"{name}:1"

    yield _register
    for reference in made:
        engine.remove(reference)


@pytest.fixture
def endpoint(workspace: Connection) -> Iterator[str]:
    """A name for an endpoint, which is deleted after the test."""
    name = f"ep-{uuid.uuid4().hex[:8]}"
    yield name
    if _exists(workspace, name):
        upkeep.delete(workspace, name, None, lambda _: None)


def _exists(workspace: Connection, endpoint: str) -> bool:
    path = f"{workspace.name.path}/onlineEndpoints/{endpoint}"
    return workspace.arm.find(path, "2024-04-01", "looking") is not None


def _score(workspace: Connection, endpoint: str) -> str:
    client = workspace.ml_client.online_endpoints
    key = client.get_keys(endpoint).primary_key
    url = client.get(endpoint).scoring_uri
    answer = requests.post(url, data="5", headers={"Authorization": f"Bearer {key}"}, timeout=30)
    answer.raise_for_status()
    return answer.text.split()[0]


def test_the_whole_life_of_an_endpoint(
    workspace: Connection,
    register: Register,
    endpoint: str,
    capfd: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    first, second = register("one"), register("two", rehearsal="started")
    model = tmp_path / "weights"
    model.mkdir()
    (model / "w.bin").write_text("1")
    events: list[Event] = []

    one = deploy(
        workspace,
        DeployRequest(
            first, endpoint, deployment="blue", sample="3", mounts=Mounts(model=str(model))
        ),
        events.append,
    )
    assert (one.traffic, one.status, one.sandbox) == (100, 200, True)
    assert one.answer is not None
    assert one.answer.split() == ["one", "3", "weights"]  # the mounted folder keeps its name
    assert one.delete_line == f"%azureml_image delete {endpoint}"
    assert "bills nothing" in one.bills
    assert [e.step for e in events if isinstance(e, StepEnded) and e.outcome == "done"] == [
        "endpoint", "deployment", "sample", "traffic",
    ]  # fmt: skip

    two = deploy(workspace, DeployRequest(second, endpoint, "green", sample="4"), events.append)
    assert (two.traffic, two.answer) == (0, "two 4 ")
    assert _score(workspace, endpoint) == "one"

    found = {each.name for each in upkeep.resources(workspace)}
    assert {endpoint, f"{endpoint}/blue", f"{endpoint}/green"} <= found

    moved = deploy(workspace, DeployRequest(second, endpoint, "green", traffic=100), events.append)
    assert moved.traffic == 100
    assert _score(workspace, endpoint) == "two"

    assert upkeep.rollback(workspace, endpoint, events.append) == "blue"
    assert _score(workspace, endpoint) == "one"

    upkeep.delete(workspace, endpoint, "blue", events.append)
    assert any(isinstance(e, Note) and "now: nobody" in e.text for e in events)
    upkeep.delete(workspace, endpoint, None, events.append)
    assert not _exists(workspace, endpoint)
    assert capfd.readouterr() == ("", "")


def test_a_container_that_ends_says_why_and_leaves_nothing(
    workspace: Connection, register: Register, endpoint: str
) -> None:
    events: list[Event] = []
    with pytest.raises(DeploymentFailed, match="the module torch is not in the") as raised:
        deploy(workspace, DeployRequest(register(), endpoint), events.append)
    assert raised.value.code == "module-missing"
    assert "RUN pip install torch" in (raised.value.hint or "")
    assert "deleted again" in (raised.value.hint or "")
    assert any(isinstance(e, LogLine) and "ModuleNotFoundError" in e.text for e in events)
    assert not _exists(workspace, endpoint)


def test_a_failed_second_deployment_leaves_the_first_alone(
    workspace: Connection, register: Register, endpoint: str
) -> None:
    deploy(workspace, DeployRequest(register("one"), endpoint, "blue"), lambda _: None)
    with pytest.raises(DeploymentFailed):
        deploy(workspace, DeployRequest(register(), endpoint, "green"), lambda _: None)
    assert _score(workspace, endpoint) == "one"
    names = {each.name for each in upkeep.resources(workspace)}
    assert f"{endpoint}/green" not in names


def test_a_wrong_answer_to_the_sample_gets_no_traffic(
    workspace: Connection, register: Register, endpoint: str
) -> None:
    with pytest.raises(DeploymentFailed, match="answered the sample with"):
        deploy(workspace, DeployRequest(register("one"), endpoint, sample="wrong"), lambda _: None)
    assert not _exists(workspace, endpoint)


def test_stopping_a_deployment_takes_down_what_it_made(
    workspace: Connection, register: Register, endpoint: str
) -> None:
    events: list[Event] = []

    def stopped() -> bool:
        return any(isinstance(e, StepEnded) and e.step == "endpoint" for e in events)

    with pytest.raises(Cancelled) as raised:
        deploy(workspace, DeployRequest(register("one"), endpoint), events.append, stopped)
    assert endpoint in (raised.value.hint or "")


def test_an_interrupt_while_azure_is_asked_takes_down_what_azure_began(
    workspace: Connection, register: Register, endpoint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    deploy(workspace, DeployRequest(register("one"), endpoint, "blue"), lambda _: None)
    operations = workspace.ml_client.online_deployments
    ask = operations.begin_create_or_update

    def interrupted(entity: Any) -> None:
        ask(entity).wait()
        raise KeyboardInterrupt

    monkeypatch.setattr(operations, "begin_create_or_update", interrupted)
    with pytest.raises(Cancelled) as raised:
        deploy(workspace, DeployRequest(register("two"), endpoint, "green"), lambda _: None)
    assert raised.value.hint == "The new deployment green is being deleted."
    while "green" in {each.name for each in operations.list(endpoint)}:
        pass
    assert _score(workspace, endpoint) == "one"


def test_a_deployment_that_azure_refuses_is_not_said_to_be_deleted(
    workspace: Connection, register: Register, endpoint: str
) -> None:
    deploy(workspace, DeployRequest(register("one"), endpoint, "blue"), lambda _: None)
    with pytest.raises(ImageError) as raised:
        deploy(workspace, DeployRequest(register("one"), endpoint, "a--b"), lambda _: None)
    assert "deleted" not in f"{raised.value.message} {raised.value.hint}"


def test_a_training_image_is_refused_before_anything_is_made(
    workspace: Connection, register: Register, endpoint: str
) -> None:
    environment = register("one", routes=False)
    with pytest.raises(BadUsage, match="no inference routes"):
        deploy(workspace, DeployRequest(environment, endpoint), lambda _: None)
    assert not _exists(workspace, endpoint)


def test_an_environment_that_is_not_there_is_named(workspace: Connection, endpoint: str) -> None:
    with pytest.raises(AzureError, match="nothing-here:7 is not registered"):
        deploy(workspace, DeployRequest("nothing-here:7", endpoint), lambda _: None)


def test_a_model_that_is_neither_path_nor_name_leaves_nothing(
    workspace: Connection, register: Register, endpoint: str
) -> None:
    request = DeployRequest(register("one"), endpoint, mounts=Mounts(model="/no/such/model"))
    with pytest.raises(BadUsage, match="/no/such/model"):
        deploy(workspace, request, lambda _: None)
    assert not _exists(workspace, endpoint)


def test_deleting_what_is_not_there_says_so(workspace: Connection) -> None:
    with pytest.raises(AzureError, match="no endpoint nobody"):
        upkeep.delete(workspace, "nobody", None, lambda _: None)
