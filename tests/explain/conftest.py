"""The engine in which things are made to fail."""

import pytest

from tests.build.conftest import own_docker_config, plugin_config  # noqa: F401 - fixtures
from tests.build.engines import connected


@pytest.fixture(scope="session")
def engine(engine_host):
    with connected(engine_host) as found:
        yield found
