from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from jupyter_azureml_image.azure import connection as connections
from jupyter_azureml_image.azure.connection import Connection, ConnectOptions
from jupyter_azureml_image.errors import AzureError, BadUsage, NotConnected


def test_the_sandbox_tells_its_workspace_and_registry(workspace: Connection) -> None:
    facts = workspace.facts
    assert facts.sandbox
    assert facts.location
    assert facts.registry_id is not None
    assert facts.login_server is not None
    assert facts.login_server.startswith("127.0.0.1:")
    assert facts.signed_in_as == "the sandbox"


def test_connecting_again_finds_the_same_sandbox_process(
    workspace: Connection, port_file: Path
) -> None:
    first = port_file.read_text()
    again = connections.connect(ConnectOptions(sandbox=True, port_file=str(port_file)))
    assert port_file.read_text() == first
    assert again is connections.current()


def test_disconnecting_gives_the_environment_back(port_file: Path) -> None:
    before = dict(os.environ)
    connections.connect(ConnectOptions(sandbox=True, port_file=str(port_file)))
    assert os.environ["HTTPS_PROXY"] != before.get("HTTPS_PROXY")
    connections.disconnect()
    assert dict(os.environ) == before
    assert connections.current() is None


def test_azure_ai_ml_works_through_the_client_with_telemetry_off(workspace: Connection) -> None:
    threads = threading.active_count()
    found = workspace.ml_client.workspaces.get(workspace.facts.name)
    assert found.location == workspace.facts.location
    assert threading.active_count() == threads


def test_a_workspace_that_does_not_exist_is_named(workspace: Connection) -> None:
    name = workspace.name.path.replace("workspaces/", "workspaces/no-")
    with pytest.raises(AzureError, match="reading it") as raised:
        workspace.arm.get(name, "2024-04-01", "reading it")
    assert raised.value.code == "not-found"


def test_no_workspace_says_how_to_connect_one() -> None:
    connections.disconnect()
    with pytest.raises(NotConnected, match="No Azure ML workspace") as raised:
        connections.required()
    assert "--sandbox" in (raised.value.hint or "")


def test_half_a_name_says_which_half_is_missing(tmp_path: Path) -> None:
    with pytest.raises(BadUsage, match="--subscription and -g"):
        connections.connect(ConnectOptions(workspace="ws1", folder=str(tmp_path)))


def test_a_named_registry_is_found_by_its_name(workspace: Connection) -> None:
    name = str(workspace.facts.registry_id).rpartition("/")[2]
    assert workspace.login_server(name) == workspace.facts.login_server
    assert workspace.login_server("other.azurecr.io") == "other.azurecr.io"


def test_an_unknown_registry_is_named(workspace: Connection) -> None:
    with pytest.raises(AzureError, match="no registry nosuchone"):
        workspace.login_server("nosuchone")
