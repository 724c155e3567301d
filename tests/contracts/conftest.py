"""Every local way on every engine."""

import pytest

from tests.build.engines import WAYS, builder, connected, docker_config
from tests.build.signing import private_registry


@pytest.fixture(scope="session")
def engines(engine_host, modern_engine_host):
    with connected(engine_host) as first, connected(modern_engine_host) as second:
        yield {"distribution": first, "modern": second}


@pytest.fixture(scope="session")
def plugin_config(tmp_path_factory, buildx_plugin):
    return docker_config(tmp_path_factory.mktemp("docker"), buildx_plugin)


# The classic builder is for engines without BuildKit: the newer one never takes it.
THERE = [*(("distribution", way) for way in WAYS), ("modern", "buildx"), ("modern", "engine-api")]


@pytest.fixture(params=THERE, ids="-".join)
def there(request):
    return request.param


@pytest.fixture
def engine(there, engines):
    return engines[there[0]]


@pytest.fixture
def way(there):
    return there[1]


@pytest.fixture
def local(engine, way, plugin_config, monkeypatch):
    """The builder of one way on one engine."""
    monkeypatch.setenv("DOCKER_CONFIG", str(plugin_config))
    monkeypatch.delenv("BUILDX_BUILDER", raising=False)
    return builder(engine, way)


@pytest.fixture(scope="session")
def private(tmp_path_factory):
    """Address of a registry that asks for a sign-in."""
    with private_registry(tmp_path_factory.mktemp("private")) as address:
        yield address
