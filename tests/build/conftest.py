"""The engine most tests of this room speak to."""

import pytest

from tests.build.engines import connected, docker_config


@pytest.fixture(scope="session")
def plugin_config(tmp_path_factory, buildx_plugin):
    return docker_config(tmp_path_factory.mktemp("docker"), buildx_plugin)


@pytest.fixture(autouse=True)
def own_docker_config(plugin_config, monkeypatch):
    """Tests neither read nor write the docker configuration of whoever runs them, nor notes."""
    monkeypatch.setenv("DOCKER_CONFIG", str(plugin_config))
    monkeypatch.setenv("AZUREML_IMAGE_STATE", str(plugin_config / "state"))
    for name in (
        "DOCKER_CONTEXT",
        "DOCKER_TLS_VERIFY",
        "BUILDX_BUILDER",
        "AZUREML_IMAGE_LOCAL_WAY",
    ):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="session")
def engine(engine_host, plugin_config):
    with connected(engine_host) as found:
        yield found
