from __future__ import annotations

import pytest
import requests

from tests.sandbox.process import Sandbox


def test_switches_need_the_token(sandbox: Sandbox) -> None:
    with sandbox.session("wrong") as session:
        answer = session.put("https://management.azure.com/_sandbox/faults", json={"faults": []})
    assert answer.status_code == 401


def test_an_unknown_switch_is_refused_with_those_that_exist(sandbox: Sandbox) -> None:
    answer = sandbox.arm("PUT", "/_sandbox/faults", {"faults": [{"fault": "flood"}]})
    assert answer.status_code == 400
    assert "There is no fault 'flood'; there are: abac, answer" in answer.json()["error"]["message"]


@pytest.mark.parametrize("status", [429, 500, 503])
def test_any_call_can_answer_badly_a_number_of_times(sandbox: Sandbox, status: int) -> None:
    sandbox.set_faults(
        {"fault": "answer", "status": status, "path": "/workspaces/", "retry_after": 3, "times": 2}
    )
    for _ in range(2):
        answer = sandbox.arm("GET", sandbox.workspace_path)
        assert (answer.status_code, answer.headers["Retry-After"]) == (status, "3")
    assert sandbox.arm("GET", sandbox.workspace_path).status_code == 200
    shown = sandbox.arm("GET", "/_sandbox/faults").json()["value"]
    assert (shown[0]["struck"], shown[0]["times"]) == (2, 0)


def test_throttling_may_come_without_a_hint(sandbox: Sandbox) -> None:
    sandbox.set_faults({"fault": "answer", "status": 429, "method": "GET", "times": 1})
    answer = sandbox.arm("GET", sandbox.workspace_path)
    assert answer.status_code == 429
    assert "Retry-After" not in answer.headers
    assert answer.json()["error"]["code"] == "TooManyRequests"


def test_a_missing_right_is_named_with_its_action(sandbox: Sandbox) -> None:
    action = "Microsoft.ContainerRegistry/registries/scheduleRun/action"
    sandbox.set_faults({"fault": "forbidden", "action": action})
    answer = sandbox.arm("POST", f"{sandbox.registry_path}/scheduleRun", {})
    assert answer.status_code == 403
    assert answer.json()["error"]["code"] == "AuthorizationFailed"
    assert f"perform action '{action}'" in answer.json()["error"]["message"]
    assert sandbox.arm("GET", sandbox.registry_path).status_code == 200


def test_a_run_log_needs_its_own_right(sandbox: Sandbox) -> None:
    action = "Microsoft.ContainerRegistry/registries/runs/listLogSasUrl/action"
    sandbox.set_faults({"fault": "forbidden", "action": action})
    answer = sandbox.arm("POST", f"{sandbox.registry_path}/runs/ca1/listLogSasUrl")
    assert action in answer.json()["error"]["message"]


def test_every_token_can_have_expired(sandbox: Sandbox) -> None:
    sandbox.set_faults({"fault": "signed-out", "times": 1})
    answer = sandbox.arm("GET", sandbox.workspace_path)
    assert answer.json()["error"]["code"] == "ExpiredAuthenticationToken"
    assert sandbox.arm("GET", sandbox.workspace_path).status_code == 200


def test_a_token_can_expire_soon(sandbox: Sandbox, through) -> None:
    from azure.identity import ClientSecretCredential

    through(sandbox)
    sandbox.set_faults({"fault": "token-expires", "seconds": 1})
    with ClientSecretCredential("t", "me", sandbox.addresses["token"]) as credential:
        token = credential.get_token("https://management.azure.com/.default").token
    url = f"https://management.azure.com{sandbox.workspace_path}?api-version=2024-04-01"
    with sandbox.session(token) as session:
        while session.get(url).status_code == 200:
            pass
        assert session.get(url).status_code == 401


@pytest.mark.parametrize("side", ["request", "answer"])
def test_a_connection_can_break_in_the_middle(sandbox: Sandbox, side: str) -> None:
    sandbox.set_faults(
        {"fault": "cut", "of": side, "path": "/workspaces/", "bytes": 10, "times": 1}
    )
    with pytest.raises((requests.ConnectionError, requests.exceptions.ChunkedEncodingError)):
        sandbox.arm("GET", sandbox.workspace_path)
    assert sandbox.arm("GET", sandbox.workspace_path).status_code == 200


def test_the_workspace_can_be_without_a_registry(sandbox: Sandbox) -> None:
    sandbox.set_faults({"fault": "no-registry"})
    found = sandbox.arm("GET", sandbox.workspace_path).json()
    assert found["properties"]["containerRegistry"] is None


def test_an_identity_based_datastore_is_reached_with_the_callers_own_token(
    sandbox: Sandbox, through, tmp_path
) -> None:
    client = through(sandbox).ml_client()
    from azure.ai.ml.entities import Model

    sandbox.set_faults({"fault": "identity-datastore"})
    sandbox.arm("DELETE", "/_sandbox/requests")
    (tmp_path / "model.bin").write_bytes(b"identity")
    client.models.create_or_update(
        Model(name="ident", version="1", path=str(tmp_path / "model.bin"))
    )
    puts = [r for r in sandbox.requests_seen() if r["method"] == "PUT" and "blob" in r["host"]]
    assert puts
    assert not [r for r in puts if "sig=" in str(r)], "no address that is signed with a secret"
