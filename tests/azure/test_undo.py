"""What is said of a deployment that did not come up."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from jupyter_azureml_image.azure.refusals import Refusal, refused
from jupyter_azureml_image.azure.undo import undone
from jupyter_azureml_image.plan.deployment import DeployRequest


@pytest.fixture
def rollout() -> Any:
    """One that has left nothing behind, not even a log."""
    return SimpleNamespace(
        request=DeployRequest("e:1", "scores"),
        client=None,
        tried_deployment=False,
        made_endpoint=False,
        made_deployment=False,
    )


def _told(rollout: Any, code: str, message: str) -> Any:
    """The error for an operation that ended as Failed."""
    return undone(rollout, refused(Refusal(200, code, message), "deploying e:1 to scores"))


def test_an_operation_that_failed_for_a_known_cause_says_its_remedy(rollout: Any) -> None:
    said = "Endpoint identity does not have pull permission on the registry."
    error = _told(rollout, "BadArgument", said)
    assert said in error.message
    assert "AcrPull" in error.hint
    assert "azure.status" not in error.hint


def test_one_that_failed_for_no_known_cause_says_where_to_look(rollout: Any) -> None:
    assert "azure.status" in _told(rollout, "InternalServerError", "Something broke.").hint
