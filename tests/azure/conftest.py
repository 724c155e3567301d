"""One sandbox for all tests here, started and spoken to as the product does."""

from __future__ import annotations

import os
import subprocess
import sys
import warnings
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import requests

from jupyter_azureml_image.azure import connection as connections
from jupyter_azureml_image.azure.connection import Connection, ConnectOptions
from jupyter_azureml_image.build.engine import Engine


@pytest.fixture(autouse=True, scope="session")
def _azure_ai_ml() -> None:
    """Imported once before the tests: its own dependencies warn while they are imported."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import azure.ai.ml  # noqa: F401


@pytest.fixture(autouse=True)
def _own_state(state_dir: Path) -> None:
    """What one test leaves in the state folder is no other's."""


@pytest.fixture(scope="session")
def port_file(tmp_path_factory: pytest.TempPathFactory, engine_host: str) -> Iterator[Path]:
    """Where the session's sandbox tells its addresses; the process is stopped at the end."""
    folder = tmp_path_factory.mktemp("sandbox")
    before = os.environ.get("DOCKER_HOST")
    os.environ["DOCKER_HOST"] = engine_host
    yield folder / "sandbox.json"
    command = [sys.executable, "-m", "jupyter_azureml_image.sandbox"]
    subprocess.run([*command, "--state", str(folder / "sandbox"), "--reset"], check=True)
    if before is None:
        del os.environ["DOCKER_HOST"]
    else:
        os.environ["DOCKER_HOST"] = before


@pytest.fixture(scope="session")
def engine(engine_host: str) -> Iterator[Engine]:
    """The engine that holds the images."""
    engine = Engine.connect({"DOCKER_HOST": engine_host})
    yield engine
    engine.close()


@pytest.fixture
def workspace(port_file: Path, engine: Engine) -> Iterator[Connection]:
    """The connected sandbox; disconnected after the test."""
    connection = connections.connect(ConnectOptions(sandbox=True, port_file=str(port_file)))
    connection.engine = lambda: engine
    yield connection
    connections.disconnect()


SetFaults = Callable[..., None]


@pytest.fixture
def faults(workspace: Connection) -> Iterator[SetFaults]:
    """Switch faults of the sandbox on, each a mapping; all are off again after the test."""

    def _set(*wanted: Mapping[str, Any]) -> None:
        answer = requests.put(
            "https://management.azure.com/_sandbox/faults",
            json=list(wanted),
            headers={"Authorization": f"Bearer {workspace.arm.credential.get_token('x').token}"},
            timeout=30,
        )
        answer.raise_for_status()

    yield _set
    _set()
