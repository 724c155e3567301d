from __future__ import annotations

from pathlib import Path

import pytest

from jupyter_azureml_image.azure import offline
from jupyter_azureml_image.errors import SandboxError

DOOR = offline.Door(
    proxy="http://x:t@127.0.0.1:1",
    ca_file="/ca.pem",
    token="t",
    subscription_id="s",
    resource_group="g",
    workspace="w",
    registry="127.0.0.1:2",
)


def test_what_the_sandbox_changes_is_given_back_exactly() -> None:
    before = {"HTTPS_PROXY": "http://corp:3128", "no_proxy": ".corp", "HOME": "/h"}
    environ = dict(before)
    kept = offline.lend(DOOR, environ)
    assert environ["https_proxy"] == DOOR.proxy
    assert environ["REQUESTS_CA_BUNDLE"] == "/ca.pem"
    environ["AZUREML_CURRENT_CLOUD"] = "AzureCloud"  # azure-ai-ml's doing
    offline.give_back(kept, environ)
    assert environ == before


def test_loopback_and_the_users_exceptions_stay_out_of_the_proxy() -> None:
    environ = {"NO_PROXY": ".corp, 10.0.0.0/8"}
    offline.lend(DOOR, environ)
    assert environ["no_proxy"] == environ["NO_PROXY"]
    assert {"127.0.0.1", "localhost", ".corp", "10.0.0.0/8"} <= set(environ["NO_PROXY"].split(","))


@pytest.mark.parametrize("entry", ["*", ".azure.com", "*.core.windows.net", "management.azure.com"])
def test_an_exception_that_would_lead_past_the_sandbox_is_left_out(entry: str) -> None:
    environ = {"NO_PROXY": f"{entry},.corp"}
    offline.lend(DOOR, environ)
    assert entry not in environ["NO_PROXY"].split(",")


def test_a_sandbox_that_does_not_start_says_why(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(offline.sys, "executable", "/bin/false")
    with pytest.raises(SandboxError, match="did not start") as raised:
        offline.open_door(tmp_path / "sandbox.json")
    assert str(tmp_path / "sandbox.log") in (raised.value.hint or "")
