"""An interrupt while Azure deletes or moves requests: what goes on is said."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from jupyter_azureml_image.azure import upkeep
from jupyter_azureml_image.errors import Cancelled


class _Endless:
    """An operation of Azure that does not end."""

    def add_done_callback(self, call: Any) -> None:
        call(self)  # nothing of the test is left behind

    def done(self) -> bool:
        return False

    def wait(self, seconds: float) -> None:
        raise AssertionError("nobody asked whether to go on")


BLUE = {"name": "blue", "tags": {"deployed": "1", "rehearsal": "served"}}
GREEN = {"name": "green", "tags": {"deployed": "2", "rehearsal": "served"}}


@pytest.fixture
def connection() -> Any:
    """A workspace whose endpoint `scores` has two deployments, the newer one in charge."""
    deployments = [
        {**each, "properties": {"provisioningState": "Succeeded"}} for each in (BLUE, GREEN)
    ]
    endpoint = {"properties": {"traffic": {"green": 100}}}
    arm = SimpleNamespace(
        find=lambda *_: endpoint, get=lambda *_: endpoint, every=lambda _: iter(deployments)
    )
    client = SimpleNamespace(
        online_endpoints=SimpleNamespace(
            get=lambda _: SimpleNamespace(traffic={}),
            begin_delete=lambda _: _Endless(),
            begin_create_or_update=lambda _: _Endless(),
        )
    )
    name = SimpleNamespace(path="/ws")
    return SimpleNamespace(arm=arm, ml_client=client, name=name, facts=SimpleNamespace(name="ws"))


def _stopped() -> bool:
    return True


def test_an_interrupted_delete_says_that_azure_goes_on(connection: Any) -> None:
    with pytest.raises(Cancelled, match="Azure goes on deleting endpoint scores") as raised:
        upkeep.delete(connection, "scores", None, lambda _: None, _stopped)
    assert "%azureml_image resources" in (raised.value.hint or "")


def test_an_interrupted_rollback_says_who_gets_the_requests(connection: Any) -> None:
    with pytest.raises(Cancelled, match="Azure goes on giving all requests to blue"):
        upkeep.rollback(connection, "scores", lambda _: None, _stopped)


def test_a_deployment_that_takes_requests_is_not_deleted_behind_an_interrupt(
    connection: Any,
) -> None:
    with pytest.raises(Cancelled, match="green is not deleted"):
        upkeep.delete(connection, "scores", "green", lambda _: None, _stopped)
