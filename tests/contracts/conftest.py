"""Every local way on every engine."""

import pytest

from tests.build.engines import WAYS, builder, connected, docker_config


@pytest.fixture(scope="session")
def engines(engine_host, modern_engine_host):
    with connected(engine_host) as first, connected(modern_engine_host) as second:
        yield {"distribution": first, "modern": second}


@pytest.fixture(scope="session")
def plugin_config(tmp_path_factory, buildx_plugin):
    return docker_config(tmp_path_factory.mktemp("docker"), buildx_plugin)


@pytest.fixture(params=["distribution", "modern"])
def engine(request, engines):
    return engines[request.param]


@pytest.fixture(params=WAYS)
def way(request):
    return request.param


@pytest.fixture
def local(engine, way, plugin_config, monkeypatch):
    """The builder of one way on one engine."""
    monkeypatch.setenv("DOCKER_CONFIG", str(plugin_config))
    monkeypatch.delenv("BUILDX_BUILDER", raising=False)
    return builder(engine, way)
