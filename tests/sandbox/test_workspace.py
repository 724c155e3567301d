from __future__ import annotations

import base64
import json

import pytest

from tests.sandbox.process import Sandbox


def test_the_workspace_leads_to_its_registry_and_its_login_server(
    sandbox: Sandbox,
) -> None:
    workspace = sandbox.arm("GET", sandbox.workspace_path).json()
    registry = sandbox.arm("GET", workspace["properties"]["containerRegistry"]).json()
    assert registry["properties"]["loginServer"] == sandbox.login_server


def test_without_the_token_arm_answers_nothing(sandbox: Sandbox) -> None:
    for token in ("", "wrong"):
        with sandbox.session(token) as session:
            url = f"https://management.azure.com{sandbox.workspace_path}?api-version=2024-04-01"
            answer = session.get(url)
        assert answer.status_code == 401
        assert answer.json()["error"]["code"] in (
            "AuthenticationFailed",
            "ExpiredAuthenticationToken",
        )
        assert "WWW-Authenticate" in answer.headers


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("/subscriptions/0/resourceGroups/sandbox", "SubscriptionNotFound"),
        ("{s}/resourceGroups/other", "ResourceGroupNotFound"),
        ("{g}/providers/Microsoft.MachineLearningServices/workspaces/other", "ResourceNotFound"),
        ("{g}/providers/Microsoft.ContainerRegistry/registries/other", "ResourceNotFound"),
        ("{w}/datastores/other", "ResourceNotFound"),
    ],
)
def test_what_does_not_exist_is_refused_as_arm_refuses_it(
    sandbox: Sandbox, path: str, code: str
) -> None:
    subscription = f"/subscriptions/{sandbox.addresses['subscription_id']}"
    group = f"{subscription}/resourceGroups/sandbox"
    filled = path.format(s=subscription, g=group, w=sandbox.workspace_path)
    answer = sandbox.arm("GET", filled)
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, code)


def test_whether_a_resource_group_exists_can_be_asked(sandbox: Sandbox) -> None:
    group = f"/subscriptions/{sandbox.addresses['subscription_id']}/resourceGroups"
    assert sandbox.arm("HEAD", f"{group}/sandbox").status_code == 204
    assert sandbox.arm("HEAD", f"{group}/other").status_code == 404


def test_only_a_datastore_that_exists_has_secrets(sandbox: Sandbox) -> None:
    stores = f"{sandbox.workspace_path}/datastores"
    answer = sandbox.arm("POST", f"{stores}/other/listSecrets", {})
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "ResourceNotFound")
    answer = sandbox.arm("POST", f"{stores}/workspaceblobstore/listSecrets", {})
    assert answer.json()["secretsType"] == "AccountKey"


def test_a_call_without_api_version_is_refused(sandbox: Sandbox) -> None:
    with sandbox.session() as session:
        answer = session.get(f"https://management.azure.com{sandbox.workspace_path}")
    assert (answer.status_code, answer.json()["error"]["code"]) == (
        400,
        "MissingApiVersionParameter",
    )


def test_a_registry_can_be_taken_away_and_attached(sandbox: Sandbox) -> None:
    before = sandbox.arm("GET", sandbox.workspace_path).json()["properties"]["containerRegistry"]
    taken = sandbox.arm(
        "PATCH", sandbox.workspace_path, {"properties": {"containerRegistry": None}}
    )
    assert taken.json()["properties"]["containerRegistry"] is None
    sandbox.arm("PATCH", sandbox.workspace_path, {"properties": {"containerRegistry": before}})
    again = sandbox.arm("GET", sandbox.workspace_path).json()
    assert again["properties"]["containerRegistry"] == before


def test_the_resource_list_is_filtered_by_type(sandbox: Sandbox) -> None:
    path = f"/subscriptions/{sandbox.addresses['subscription_id']}/resources"
    kind = "Microsoft.ContainerRegistry/registries"
    found = sandbox.arm("GET", path, **{"$filter": f"resourceType eq '{kind}'"}).json()["value"]
    assert [item["type"] for item in found] == [kind]


@pytest.mark.parametrize("user", ["", "ann@example.com"])
def test_a_compute_instance_answers_as_itself_or_as_its_user(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, user: str
) -> None:
    from azure.identity import ManagedIdentityCredential

    monkeypatch.setenv("MSI_ENDPOINT", f"http://{sandbox.login_server}/msi/token")
    monkeypatch.setenv("MSI_SECRET", sandbox.addresses["token"])
    if user:
        sandbox.set_faults({"fault": "compute-user", "name": user})
    with ManagedIdentityCredential() as credential:
        token = credential.get_token("https://management.azure.com/.default").token
    payload = token.split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    assert claims.get("upn", "") == user
    assert claims.get("xms_mirid", "").endswith("/computes/instance") is not bool(user)
    with sandbox.session(token) as session:
        url = f"https://management.azure.com{sandbox.workspace_path}?api-version=2024-04-01"
        assert session.get(url).status_code == 200


def test_a_service_principal_signs_in_with_the_token_as_secret(sandbox: Sandbox, through) -> None:
    from azure.core.exceptions import ClientAuthenticationError
    from azure.identity import ClientSecretCredential

    through(sandbox)
    tenant = "5a4db000-0000-4000-8000-000000000002"
    scope = "https://management.azure.com/.default"
    with ClientSecretCredential(tenant, "me", sandbox.addresses["token"]) as credential:
        token = credential.get_token(scope).token
    with sandbox.session(token) as session:
        url = f"https://management.azure.com{sandbox.workspace_path}?api-version=2024-04-01"
        assert session.get(url).status_code == 200
    with (
        ClientSecretCredential(tenant, "me", "wrong") as credential,
        pytest.raises(ClientAuthenticationError, match="AADSTS7000215"),
    ):
        credential.get_token(scope)
