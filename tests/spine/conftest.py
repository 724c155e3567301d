"""The whole way on real parts: engine, sandbox, azure-ai-ml, kernels."""

import os
import subprocess
import sys
import warnings

import pytest

from tests.build.engines import docker_config


@pytest.fixture(scope="session")
def world(tmp_path_factory, engine_host, base_image, buildx_plugin):
    """The environment of a process that has an engine, buildx and the sandbox; the sandbox is
    stopped, with all it started, at the end."""
    state = tmp_path_factory.mktemp("state")
    yield {
        **os.environ,
        "DOCKER_HOST": engine_host,
        "DOCKER_CONFIG": str(docker_config(tmp_path_factory.mktemp("docker"), buildx_plugin)),
        "AZUREML_IMAGE_STATE": str(state),
        "AZUREML_IMAGE_WORKSPACE": "sandbox",
    }
    command = [sys.executable, "-m", "jupyter_azureml_image.sandbox", "--reset"]
    subprocess.run([*command, "--state", str(state / "sandbox")], check=True)


@pytest.fixture
def inside(world, monkeypatch):
    """This process in that world, connected."""
    for name, value in world.items():
        monkeypatch.setenv(name, value)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of azure-ai-ml's own dependencies, while imported
        import azure.ai.ml  # noqa: F401
    from jupyter_azureml_image.azure import connection

    yield connection.connect(connection.ConnectOptions(sandbox=True))
    connection.disconnect()
