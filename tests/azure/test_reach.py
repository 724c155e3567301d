"""A private network: each place a cloud build needs is asked by itself, the blocked one named."""

from __future__ import annotations

import re
import uuid
from pathlib import Path

import azure.storage.blob
import pytest

from jupyter_azureml_image.azure import reach
from jupyter_azureml_image.azure.acr import acr_builders
from jupyter_azureml_image.azure.connection import Connection
from jupyter_azureml_image.build.ports import BuildJob
from jupyter_azureml_image.context.manifest import resolve_context
from jupyter_azureml_image.doctor import examine
from jupyter_azureml_image.errors import ServiceFault
from jupyter_azureml_image.plan.request import BuildRequest, Recipe

from .conftest import SetFaults


def _network() -> list[tuple[str, str, str]]:
    return [(row.state, row.detail, row.remedy) for row in examine() if row.what == "network"]


def test_the_doctor_asks_all_three_and_says_that_they_answer(workspace: Connection) -> None:
    ((state, detail, _),) = _network()
    assert state == "good"
    assert "Resource Manager (management.azure.com)" in detail
    assert f"the registry ({workspace.facts.login_server})" in detail
    assert re.search(r"the upload host \(\w+\.blob\.core\.windows\.net\)", detail)


def test_the_doctor_names_a_blocked_upload_host_and_what_to_open(
    workspace: Connection, faults: SetFaults
) -> None:
    faults({"fault": "blocked-host", "host": "blob"})
    good, bad = _network()
    assert "Resource Manager" in good[1]
    assert bad[0] == "bad"
    assert re.match(r"the upload host \(\S+\): the proxy did not let it through", bad[1])
    assert "--build local" in bad[2]


def test_an_upload_into_a_blocked_host_names_it_beside_those_that_answer(
    workspace: Connection, faults: SetFaults, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A blocked host is tried six times, with growing pauses: here once more is enough.
    patient = azure.storage.blob.ExponentialRetry
    monkeypatch.setattr(
        azure.storage.blob,
        "ExponentialRetry",
        lambda **given: patient(**{**given, "retry_total": 1}),
    )
    (tmp_path / "context").mkdir()
    recipe = Recipe("FROM scratch\nCOPY . /\n")
    manifest = resolve_context(tmp_path / "context")
    job = BuildJob(uuid.uuid4().hex[:8], tmp_path, recipe, manifest, "blocked:1")
    faults({"fault": "blocked-host", "host": "blob"})
    builder = acr_builders(workspace, BuildRequest("x", recipe, "."))[0]
    with pytest.raises(ServiceFault, match=r"the upload host .* is blocked") as raised:
        builder.start(job, lambda _: None).wait()
    assert raised.value.code == "blocked"
    assert "Resource Manager (management.azure.com) answers" in raised.value.message
    assert f"the registry ({workspace.facts.login_server}) answers" in raised.value.message
    assert "sig=" not in str(raised.value)
    assert "blob.core.windows.net" in (raised.value.hint or "")


def test_resource_manager_and_a_closed_registry_are_told_apart(
    workspace: Connection, faults: SetFaults
) -> None:
    faults({"fault": "blocked-host", "host": "management", "times": 1})
    found = reach.places(workspace.arm, "127.0.0.1:1", None)
    assert [(each.what, bool(each.blocked)) for each in found] == [
        ("Resource Manager", True),
        ("the registry", True),
    ]
    assert found[1].blocked == "the connection was refused"
    assert "private endpoint" in found[1].remedy


def test_a_firewalled_registry_counts_as_blocked(workspace: Connection, faults: SetFaults) -> None:
    faults({"fault": "firewall"})
    registry = reach.places(workspace.arm, workspace.facts.login_server, None)[1]
    assert registry.blocked == "its firewall does not let this address in"


def test_a_fault_that_has_passed_stays_as_it_was(workspace: Connection) -> None:
    cut = ServiceFault("It was cut.", code="no-network")
    with (
        pytest.raises(ServiceFault) as raised,
        reach.told_apart(lambda: reach.places(workspace.arm, None, None)),
    ):
        raise cut
    assert raised.value is cut
