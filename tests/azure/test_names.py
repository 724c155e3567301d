from __future__ import annotations

import pytest

from jupyter_azureml_image.azure.environments import next_free
from jupyter_azureml_image.azure.roles import least_role


@pytest.mark.parametrize(
    ("version", "taken", "free"),
    [
        ("1", ("1",), "2"),
        ("1", ("1", "2", "3"), "4"),
        ("v1.9", ("v1.9",), "v1.10"),
        ("prod", ("prod",), "prod-2"),
        ("prod", ("prod", "prod-2"), "prod-3"),
        ("3fa9c1d20b77", ("3fa9c1d20b77",), "3fa9c1d20b77-2"),
    ],
)
def test_the_next_free_version_after(version: str, taken: tuple[str, ...], free: str) -> None:
    assert next_free(version, taken) == free


def test_a_push_needs_acrpush() -> None:
    assert "AcrPush" in least_role("Microsoft.ContainerRegistry/registries/push/write")


def test_acr_tasks_have_no_role_of_their_own() -> None:
    action = "Microsoft.ContainerRegistry/registries/scheduleRun/action"
    assert "docs/how-to/rights.md" in least_role(action)


def test_an_unknown_action_is_named_itself() -> None:
    assert "Microsoft.New/thing" in least_role("Microsoft.New/thing")
