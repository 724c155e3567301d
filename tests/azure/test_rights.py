from __future__ import annotations

import pytest

from jupyter_azureml_image.azure.connection import Connection
from jupyter_azureml_image.azure.rights import grants, grants_data, lacking
from jupyter_azureml_image.doctor import examine

from .conftest import SetFaults

PUSH = "Microsoft.ContainerRegistry/registries/push/write"


@pytest.mark.parametrize(
    ("permission", "fits"),
    [
        ({"actions": ["*"]}, True),
        ({"actions": ["microsoft.containerregistry/registries/PUSH/*"]}, True),
        ({"actions": ["*/read"]}, False),
        ({"actions": ["*"], "notActions": ["Microsoft.ContainerRegistry/*"]}, False),
        ({"actions": [], "dataActions": ["*"]}, False),
        ({}, False),
    ],
)
def test_a_pattern_grants_what_its_exceptions_leave(permission, fits: bool) -> None:
    assert grants(permission, PUSH) is fits


def test_a_registry_with_repository_permissions_grants_by_data_actions() -> None:
    content = "Microsoft.ContainerRegistry/registries/repositories/content/*"
    wanted = content.replace("*", "write")
    assert grants_data({"dataActions": [content]}, wanted)
    assert not grants_data({"dataActions": [content], "notDataActions": ["*/write"]}, wanted)


def test_with_all_rights_nothing_lacks(workspace: Connection) -> None:
    assert lacking(workspace) == ()
    assert ("rights", "good") in [(row.what, row.state) for row in examine()]


def test_the_doctor_names_a_missing_right_and_its_least_role(
    workspace: Connection, faults: SetFaults
) -> None:
    faults({"fault": "forbidden", "action": PUSH})
    (row,) = [row for row in examine() if row.what == "rights"]
    assert row.state == "bad"
    assert row.detail == f"to push: {PUSH} is missing"
    assert "AcrPush" in row.remedy
