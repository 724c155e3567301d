"""What the sandbox has not, or cannot read, is refused in Azure's own form, with a sentence."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.process import Sandbox

FAILURE: dict[str, Any] = {"type": "DockerBuildRequest", "dockerFilePath": "Dockerfile"}
RUN = {**FAILURE, "platform": {"os": "Linux"}}


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("DELETE", "{w}"),
        ("PUT", "{w}/datastores/mine"),
        ("PATCH", "{w}/environments/any"),
        ("DELETE", "{r}"),
    ],
)
def test_a_method_that_is_not_had_is_refused_with_a_sentence(
    sandbox: Sandbox, method: str, path: str
) -> None:
    full = path.format(w=sandbox.workspace_path, r=sandbox.registry_path)
    answer = sandbox.arm(method, full, {})
    error = answer.json()["error"]
    assert (answer.status_code, error["code"]) == (405, "MethodNotAllowed")
    assert error["message"].startswith(f"The sandbox has no {method} of /")


def test_what_lies_below_another_workspace_is_refused_by_that_workspaces_name(
    sandbox: Sandbox,
) -> None:
    other = sandbox.workspace_path.replace("workspaces/sandbox", "workspaces/other")
    for below in ("environments", "environments/e/versions/1", "onlineEndpoints/e"):
        error = sandbox.arm("GET", f"{other}/{below}").json()["error"]
        assert error["code"] == "ResourceNotFound"
        assert "Microsoft.MachineLearningServices/workspaces/other" in error["message"]


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PUT", "{w}/environments/bad/versions/1", {"properties": {"image": "a", "tags": [1]}}),
        ("PUT", "{w}/environments/bad/versions/1", {"properties": {"build": "x"}}),
        ("PUT", "{w}/environments/bad/versions/1", {"properties": {"condaFile": {"a": 1}}}),
        ("PUT", "{w}/environments/bad/versions/1", {"properties": {"condaFile": "a: [1\n b"}}),
        ("PUT", "{w}/environments/bad/versions/1", {"properties": "x"}),
        ("PUT", "{w}/onlineEndpoints/bad-ep", {"properties": {"traffic": ["x"]}}),
        ("PUT", "{w}/onlineEndpoints/bad-ep", {"properties": {"authMode": "Nonsense"}}),
        ("POST", "{w}/datastores/workspaceblobstore/listSecrets", {"expireAfterHours": "x"}),
        ("POST", "{r}/scheduleRun", {**FAILURE, "platform": "linux"}),
        ("POST", "{r}/scheduleRun", {**RUN, "timeout": "soon"}),
        ("POST", "{r}/scheduleRun", {**RUN, "agentConfiguration": "x"}),
        ("POST", "{r}/scheduleRun", {**RUN, "imageNames": 5}),
    ],
)
def test_a_body_of_the_wrong_shape_is_a_bad_request_that_names_what_is_wrong(
    sandbox: Sandbox, method: str, path: str, body: dict[str, Any]
) -> None:
    full = path.format(w=sandbox.workspace_path, r=sandbox.registry_path)
    answer = sandbox.arm(method, full, body)
    assert answer.status_code == 400, answer.text
    message = answer.json()["error"]["message"].lower()
    given = body.get("properties", "properties")
    assert any(name.lower() in message for name in ([*body, *given] if given != "x" else body))


@pytest.mark.parametrize("key", [{"keyType": "Nonsense"}, {"keyType": "Primary", "keyValue": 5}])
def test_a_key_that_could_never_be_sent_is_not_made(sandbox: Sandbox, key: dict[str, Any]) -> None:
    path = f"{sandbox.workspace_path}/onlineEndpoints/keys-ep"
    sandbox.arm("PUT", path, {"location": "eastus", "properties": {"authMode": "Key"}})
    before = sandbox.arm("POST", f"{path}/listKeys").json()
    assert sandbox.arm("POST", f"{path}/regenerateKeys", key).status_code == 400
    assert sandbox.arm("POST", f"{path}/listKeys").json() == before


def test_a_container_of_a_name_that_azure_refuses_is_refused(sandbox: Sandbox) -> None:
    for name in ("bad name", "%2e%2e"):
        answer = sandbox.arm("PUT", f"{sandbox.workspace_path}/environments/{name}", {})
        assert answer.status_code == 400
    listed = sandbox.arm("GET", f"{sandbox.workspace_path}/environments").json()["value"]
    assert not {"bad name", ".."} & {item["name"] for item in listed}


def test_a_date_in_a_conda_file_is_no_obstacle(sandbox: Sandbox) -> None:
    path = f"{sandbox.workspace_path}/environments/dated/versions/1"
    body = {"properties": {"image": "a:1", "condaFile": "name: a\nmade: 2024-01-01\n"}}
    answer = sandbox.arm("PUT", path, body)
    assert answer.status_code in (200, 201), answer.text
    assert '"2024-01-01"' in answer.json()["properties"]["condaFile"]


def test_a_form_that_is_not_text_is_a_bad_request(sandbox: Sandbox) -> None:
    with sandbox.session() as session:
        answer = session.post(
            "https://login.microsoftonline.com/common/oauth2/v2.0/token", data=b"a=\xff"
        )
        assert (answer.status_code, answer.json()["error"]) == (400, "unsupported_grant_type")
        answer = session.post(f"http://{sandbox.login_server}/oauth2/exchange", data=b"a=\xff")
        assert answer.status_code == 400
