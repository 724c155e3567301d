"""Which registry is meant, however it is written down, and wherever it lies."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from jupyter_azureml_image.azure import workspaces
from jupyter_azureml_image.azure.arm import Call
from jupyter_azureml_image.errors import AzureError, BadUsage
from jupyter_azureml_image.plan.registration import WorkspaceFacts

ID = "/subscriptions/{}/resourceGroups/g/providers/Microsoft.ContainerRegistry/registries/{}"
OWN, NEAR, FAR = ID.format("s", "own"), ID.format("s", "near"), ID.format("other", "far")
FACTS = WorkspaceFacts("s", "g", "ws", registry_id=OWN, login_server="own-a1b2.azurecr.io")


@pytest.fixture
def arm() -> Any:
    """A subscription with two registries; a third lies in another one."""

    def get(path: str, *_: str) -> dict[str, Any]:
        name = path.rpartition("/")[2]
        return {"properties": {"loginServer": f"{name}.azurecr.io"}}

    def every(call: Call) -> list[dict[str, str]]:
        return [{"name": "own", "id": OWN}, {"name": "near", "id": NEAR}]

    return SimpleNamespace(get=get, every=every)


@pytest.mark.parametrize(
    ("written", "server", "place"),
    [
        ("near", "near.azurecr.io", NEAR),
        ("near.azurecr.io", "near.azurecr.io", NEAR),
        ("https://near.azurecr.io/", "near.azurecr.io", NEAR),
        ("Near.AzureCR.io", "near.azurecr.io", NEAR),
        ("Own-a1b2.azurecr.io", "own-a1b2.azurecr.io", OWN),
        (FAR, "far.azurecr.io", FAR),
    ],
)
def test_a_registry_is_found_as_it_is_written(
    arm: Any, written: str, server: str, place: str
) -> None:
    assert workspaces.login_server(arm, FACTS, written) == server
    assert workspaces.registry_id(arm, FACTS, written) == place


def test_a_registry_with_a_repository_behind_it_is_refused(arm: Any) -> None:
    with pytest.raises(BadUsage, match=r"near\.azurecr\.io/team") as raised:
        workspaces.login_server(arm, FACTS, "near.azurecr.io/team")
    assert "--registry-name near.azurecr.io" in (raised.value.hint or "")


@pytest.mark.parametrize("written", ["far", "far.azurecr.io"])
def test_a_registry_of_another_subscription_is_asked_for_by_its_id(arm: Any, written: str) -> None:
    with pytest.raises(AzureError, match="no registry far") as raised:
        workspaces.registry_id(arm, FACTS, written)
    assert "Microsoft.ContainerRegistry/registries/NAME" in (raised.value.hint or "")
