from __future__ import annotations

import base64

import docker
import pytest
import requests

from tests.sandbox.process import Sandbox

NOBODY = "00000000-0000-0000-0000-000000000000"


def refresh_token(sandbox: Sandbox, token: str | None = None) -> requests.Response:
    form = {
        "grant_type": "access_token",
        "service": sandbox.login_server,
        "access_token": sandbox.addresses["token"] if token is None else token,
    }
    return requests.post(f"http://{sandbox.login_server}/oauth2/exchange", data=form)


def test_the_registry_sends_callers_to_its_token_service(sandbox: Sandbox) -> None:
    server = sandbox.login_server
    for token in ("", "Bearer wrong", "Bearer a.b.c"):
        answer = requests.get(f"http://{server}/v2/x/tags/list", headers={"Authorization": token})
        assert answer.status_code == 401
        assert answer.headers["WWW-Authenticate"] == (
            f'Bearer realm="http://{server}/oauth2/token",service="{server}",scope="repository:x:pull"'
        )


def test_through_the_proxy_the_registry_speaks_tls_too(sandbox: Sandbox) -> None:
    with sandbox.session() as session:
        answer = session.get(f"https://{sandbox.login_server}/v2/", headers={"Authorization": None})
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith('Bearer realm="http://127.0.0.1:')


def test_only_a_signed_in_caller_gets_a_refresh_token(sandbox: Sandbox) -> None:
    assert refresh_token(sandbox, "wrong").status_code == 401
    assert refresh_token(sandbox).json()["refresh_token"].count(".") == 2


def test_a_token_for_pulling_does_not_push(sandbox: Sandbox) -> None:
    refresh = refresh_token(sandbox).json()["refresh_token"]
    form = {
        "grant_type": "refresh_token",
        "service": sandbox.login_server,
        "scope": "repository:only/pull:pull",
        "refresh_token": refresh,
    }
    base = f"http://{sandbox.login_server}"
    access = requests.post(f"{base}/oauth2/token", data=form).json()["access_token"]
    headers = {"Authorization": f"Bearer {access}"}
    assert requests.get(f"{base}/v2/only/pull/tags/list", headers=headers).status_code == 404
    assert requests.post(f"{base}/v2/only/pull/blobs/uploads/", headers=headers).status_code == 401
    assert requests.get(f"{base}/v2/another/tags/list", headers=headers).status_code == 401


def test_docker_pushes_and_pulls_by_digest(
    sandbox: Sandbox, engine: docker.DockerClient, tiny_image: str
) -> None:
    repository = f"{sandbox.login_server}/pushed/tiny"
    auth = {"username": NOBODY, "password": refresh_token(sandbox).json()["refresh_token"]}
    engine.api.tag(tiny_image, repository, "one")
    digest = ""
    for event in engine.api.push(repository, "one", auth_config=auth, stream=True, decode=True):
        assert "error" not in event
        digest = event.get("aux", {}).get("Digest", digest)
    engine.api.remove_image(f"{repository}:one")
    image = engine.images.pull(repository, digest, auth_config=auth)
    try:
        assert f"{repository}@{digest}" in image.attrs["RepoDigests"]
    finally:
        engine.api.remove_image(f"{repository}@{digest}")


def test_without_the_exchange_docker_cannot_push(
    sandbox: Sandbox, engine: docker.DockerClient, tiny_image: str
) -> None:
    repository = f"{sandbox.login_server}/refused/tiny"
    engine.api.tag(tiny_image, repository, "one")
    auth = {"username": NOBODY, "password": sandbox.addresses["token"]}
    try:
        events = list(
            engine.api.push(repository, "one", auth_config=auth, stream=True, decode=True)
        )
    finally:
        engine.api.remove_image(f"{repository}:one")
    assert any("error" in event for event in events)


def test_a_wrong_user_name_gets_no_token(sandbox: Sandbox) -> None:
    refresh = refresh_token(sandbox).json()["refresh_token"]
    pair = base64.b64encode(f"admin:{refresh}".encode()).decode()
    url = f"http://{sandbox.login_server}/oauth2/token?service=x&scope=repository:a:pull"
    assert requests.get(url, headers={"Authorization": f"Basic {pair}"}).status_code == 401


@pytest.mark.parametrize(
    ("fault", "status", "word"),
    [
        ("firewall", 403, "is not allowed access"),
        ("exchange-refused", 401, "authentication required"),
    ],
)
def test_the_registry_can_refuse_as_azures_does(
    sandbox: Sandbox, fault: str, status: int, word: str
) -> None:
    sandbox.set_faults({"fault": fault})
    answer = refresh_token(sandbox)
    assert answer.status_code == status
    assert word in answer.json()["errors"][0]["message"]


def test_a_token_for_the_registrys_scope_can_fail_where_arms_works(
    sandbox: Sandbox, through
) -> None:
    from azure.core.exceptions import ClientAuthenticationError
    from azure.identity import ClientSecretCredential

    through(sandbox)
    sandbox.set_faults({"fault": "registry-scope-refused"})
    with ClientSecretCredential("t", "me", sandbox.addresses["token"]) as credential:
        with pytest.raises(ClientAuthenticationError, match="AADSTS500011"):
            credential.get_token("https://containerregistry.azure.net/.default")
        arm = credential.get_token("https://management.azure.com/.default").token
    assert refresh_token(sandbox, arm).status_code == 200
