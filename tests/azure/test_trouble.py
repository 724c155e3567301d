"""What Azure can answer besides yes, seen through the real clients."""

from __future__ import annotations

import dataclasses
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from jupyter_azureml_image.azure import connection as connections
from jupyter_azureml_image.azure import upkeep, workspaces
from jupyter_azureml_image.azure.arm import ML_API
from jupyter_azureml_image.azure.connection import Connection, ConnectOptions
from jupyter_azureml_image.azure.deployments import deploy
from jupyter_azureml_image.errors import (
    AzureError,
    BadUsage,
    DeploymentFailed,
    Forbidden,
    QuotaExceeded,
    RegistryError,
    ServiceFault,
    SignedOut,
    VersionTaken,
)
from jupyter_azureml_image.events import Event
from jupyter_azureml_image.plan.deployment import DeployRequest
from jupyter_azureml_image.plan.registration import Registration
from jupyter_azureml_image.plan.request import Routes

from .conftest import SetFaults

IMAGE = "127.0.0.1:1/i@sha256:" + "3" * 64


def _again(port_file: Path) -> Connection:
    return connections.connect(ConnectOptions(sandbox=True, port_file=str(port_file)))


def test_an_expired_sign_in_says_az_login(workspace: Connection, faults: SetFaults) -> None:
    faults({"fault": "signed-out"})
    with pytest.raises(SignedOut, match="reading workspace sandbox") as raised:
        workspaces.facts(workspace.arm, workspace.name, workspace.facts)
    assert "az login" in (raised.value.hint or "")


@pytest.mark.parametrize(
    ("action", "role"),
    [
        ("Microsoft.MachineLearningServices/workspaces/read", "Reader on the workspace"),
        ("Microsoft.ContainerRegistry/registries/read", "Reader on the registry"),
    ],
)
def test_a_right_that_is_missing_for_connecting_is_named(
    workspace: Connection, faults: SetFaults, action: str, role: str
) -> None:
    faults({"fault": "forbidden", "action": action})
    with pytest.raises(Forbidden, match=action) as raised:
        workspaces.facts(workspace.arm, workspace.name, workspace.facts)
    assert role in (raised.value.hint or "")


def test_a_workspace_without_a_registry_connects_and_names_the_ways_out(
    workspace: Connection, port_file: Path, faults: SetFaults
) -> None:
    registry = str(workspace.facts.registry_id)
    faults({"fault": "no-registry"})
    connection = _again(port_file)
    assert connection.facts.login_server is None
    with pytest.raises(AzureError, match="no container registry yet") as raised:
        connection.login_server()
    for way in ("--registry-name", "--build azureml", "--attach-registry", "--until rehearse"):
        assert way in (raised.value.hint or "")
    faults()
    assert connection.attach_registry(registry).login_server is not None


def test_only_the_id_of_a_registry_can_be_attached(workspace: Connection) -> None:
    with pytest.raises(BadUsage, match="is not the ARM id"):
        workspace.attach_registry("myreg")


def test_a_firewalled_registry_names_the_ways_in(workspace: Connection, faults: SetFaults) -> None:
    faults({"fault": "firewall"})
    with pytest.raises(Forbidden, match=r"firewall does not let this address \(127\.0\.0\.1\)"):
        workspace.has_image(str(workspace.facts.login_server), "any", "sha256:" + "0" * 64)


def test_a_refused_exchange_names_the_role(workspace: Connection, faults: SetFaults) -> None:
    faults({"fault": "exchange-refused"})
    with pytest.raises(Forbidden, match="may not use registry") as raised:
        workspace.registry(str(workspace.facts.login_server)).sign_in()
    assert "AcrPush" in (raised.value.hint or "")


def test_a_registry_that_answers_nobody_is_named(workspace: Connection) -> None:
    with pytest.raises((RegistryError, ServiceFault), match=r"127\.0\.0\.1.*refused"):
        workspace.has_image("127.0.0.1:9", "any", "sha256:" + "0" * 64)


def test_a_fault_that_passes_is_outlived_by_a_registration(
    workspace: Connection, faults: SetFaults
) -> None:
    faults({"fault": "answer", "path": "/environments/", "status": 503, "times": 2})
    name = f"env-{uuid.uuid4().hex[:8]}"
    assert workspace.register(Registration(name, "1", IMAGE, None)).name == name


def test_a_fault_that_stays_ends_a_registration_soon_and_nothing_is_registered(
    workspace: Connection, faults: SetFaults
) -> None:
    faults({"fault": "answer", "path": "/environments/", "method": "PUT", "status": 500})
    name = f"env-{uuid.uuid4().hex[:8]}"
    with pytest.raises(ServiceFault, match=f"registering environment {name}:1"):
        workspace.register(Registration(name, "1", IMAGE, None))
    faults()
    assert workspace.find_environment(name, "1") is None


def test_no_right_to_register_names_the_role(workspace: Connection, faults: SetFaults) -> None:
    message = (
        "The client 'x' does not have authorization to perform action 'Microsoft.MachineLearning"
        "Services/workspaces/environments/versions/write' over scope '/subscriptions/s'"
    )
    faults(
        {
            "fault": "answer",
            "path": "/environments/",
            "method": "PUT",
            "status": 403,
            "message": message,
        }
    )
    with pytest.raises(Forbidden, match="environments/versions/write") as raised:
        workspace.register(Registration("env-forbidden", "1", IMAGE, None))
    assert "AzureML Data Scientist" in (raised.value.hint or "")


def test_no_quota_for_an_endpoint_is_said_as_such(workspace: Connection, faults: SetFaults) -> None:

    name = f"env-{uuid.uuid4().hex[:8]}"
    workspace.register(Registration(name, "1", IMAGE, Routes()))
    faults(
        {
            "fault": "answer",
            "path": "/deployments/",
            "method": "PUT",
            "status": 400,
            "code": "OutOfQuota",
            "message": "Not enough quota for 4 cores of Standard_DS3_v2",
        }
    )
    endpoint = f"ep-{uuid.uuid4().hex[:8]}"
    with pytest.raises(QuotaExceeded, match="Standard_DS3_v2") as raised:
        deploy(workspace, DeployRequest(f"{name}:1", endpoint), lambda _: None)
    assert "deleted again" in (raised.value.hint or "")
    assert endpoint not in {each.name for each in upkeep.resources(workspace)}


def test_on_azure_an_instance_type_is_asked_for(workspace: Connection) -> None:

    name = f"env-{uuid.uuid4().hex[:8]}"
    workspace.register(Registration(name, "1", IMAGE, Routes()))
    workspace._facts = dataclasses.replace(workspace.facts, sandbox=False)
    with pytest.raises(BadUsage, match="--instance-type"):
        deploy(workspace, DeployRequest(f"{name}:1", "some-endpoint"), lambda _: None)


@pytest.fixture
def environment(workspace: Connection) -> str:
    """A registered environment, whose image nobody can pull."""
    name = f"env-{uuid.uuid4().hex[:8]}"
    workspace.register(Registration(name, "1", IMAGE, Routes()))
    return f"{name}:1"


@pytest.fixture
def endpoint(workspace: Connection) -> Iterator[str]:
    """An endpoint without deployments."""
    from azure.ai.ml.entities import ManagedOnlineEndpoint

    name, client = f"ep-{uuid.uuid4().hex[:8]}", workspace.ml_client.online_endpoints
    client.begin_create_or_update(ManagedOnlineEndpoint(name=name, auth_mode="key")).result()
    yield name
    upkeep.delete(workspace, name, None, lambda _: None)


def test_a_deployment_whose_answer_got_lost_is_taken_down_again(
    workspace: Connection, faults: SetFaults, environment: str, endpoint: str
) -> None:
    fault = {"fault": "cut", "path": "deployments/green$", "method": "PUT", "of": "answer"}
    faults({**fault, "bytes": 30})
    with pytest.raises(DeploymentFailed, match="could not be read") as raised:
        deploy(workspace, DeployRequest(environment, endpoint, "green"), lambda _: None)
    assert "The new deployment green was deleted again" in (raised.value.hint or "")
    path = f"{workspace.name.path}/onlineEndpoints/{endpoint}/deployments/green"
    assert workspace.arm.find(path, ML_API, "looking") is None


def test_an_endpoint_that_azure_refuses_is_not_said_to_be_deleted(
    workspace: Connection, faults: SetFaults, environment: str
) -> None:
    fault = {"fault": "answer", "path": "onlineEndpoints/taken$", "method": "PUT", "status": 400}
    faults({**fault, "code": "BadRequest", "message": "There is one of this name in the region."})
    with pytest.raises(DeploymentFailed, match="one of this name") as raised:
        deploy(workspace, DeployRequest(environment, "taken"), lambda _: None)
    assert "deleted" not in f"{raised.value.message} {raised.value.hint}"


def test_a_share_that_leaves_the_rest_to_nobody_is_refused_before_anything_is_made(
    workspace: Connection, environment: str, endpoint: str
) -> None:
    events: list[Event] = []
    for name in (endpoint, "ep-not-there-yet"):
        with pytest.raises(BadUsage, match="--traffic 50 leaves 50 percent"):
            deploy(workspace, DeployRequest(environment, name, traffic=50), events.append)
    assert events == []


def test_a_registration_whose_answer_got_lost_is_a_registration(
    workspace: Connection, faults: SetFaults
) -> None:
    faults({"fault": "cut", "path": "/versions/1$", "method": "PUT", "of": "answer", "bytes": 20})
    name = f"env-{uuid.uuid4().hex[:8]}"
    assert workspace.register(Registration(name, "1", IMAGE, None)).image == IMAGE


@pytest.mark.parametrize("status", [400, 409])
def test_a_version_that_somebody_else_took_meanwhile_names_the_next(
    workspace: Connection, faults: SetFaults, status: int
) -> None:
    name = f"env-{uuid.uuid4().hex[:8]}"
    workspace.register(Registration(name, "1", IMAGE, None))
    path = f"/environments/{name}/versions/1$"
    faults(
        {"fault": "answer", "path": path, "method": "GET", "status": 404, "times": 1},
        {"fault": "answer", "path": path, "method": "PUT", "status": status, "code": "UserError"},
    )
    with pytest.raises(VersionTaken) as raised:
        workspace.register(Registration(name, "1", IMAGE.replace("3", "4"), None))
    assert f"{name}:2" in (raised.value.hint or "")
