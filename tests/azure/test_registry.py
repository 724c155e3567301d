"""What stands where a registry should be, and is none, or is none of Azure's."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from jupyter_azureml_image.azure.arm import Arm
from jupyter_azureml_image.azure.identity import StaticToken
from jupyter_azureml_image.azure.registry import Registry
from jupyter_azureml_image.errors import RegistryError

from .service import Service

SECRET = "the-token-of-the-caller"  # a word to look for


@pytest.fixture
def service() -> Iterator[Service]:
    """An Azure registry that holds repo:v1."""
    service = Service()
    host = service.url.removeprefix("http://")
    challenge = f'Bearer realm="https://{host}/oauth2/token",service="{host}"'
    service.told = {
        "GET /v2/": [(401, {}, {"WWW-Authenticate": challenge})],
        "POST /oauth2/exchange": [(200, {"refresh_token": "r"})],
        "POST /oauth2/token": [(200, {"access_token": "a"})],
        "HEAD /v2/repo/manifests/v1": [(200, "", {"Docker-Content-Digest": "sha256:1"})],
    }
    yield service
    service.close()


@pytest.fixture
def registry(service: Service) -> Registry:
    return Registry(service.url.removeprefix("http://"), Arm(StaticToken(SECRET)))


def test_an_azure_registry_tells_the_digest_of_a_tag(registry: Registry) -> None:
    assert registry.digest("repo", "v1") == "sha256:1"
    assert registry.digest("repo", "v2") is None


@pytest.mark.parametrize("answer", ["<html>Sign in to the network</html>", {}, []])
@pytest.mark.parametrize("path", ["/oauth2/exchange", "/oauth2/token"])
def test_a_page_in_place_of_a_token_becomes_a_sentence(
    service: Service, registry: Registry, path: str, answer: object
) -> None:
    service.told[f"POST {path}"] = [(200, answer)]
    with pytest.raises(RegistryError, match="gave no token, seen while signing in") as raised:
        registry.digest("repo", "v1")
    assert "proxy" in (raised.value.hint or "")


@pytest.mark.parametrize(
    "challenge",
    [
        'Bearer realm="https://ghcr.io/token",service="ghcr.io",scope="repository:user/image:pull"',
        'Bearer realm="https://auth.docker.io/token",service="registry.docker.io"',
        'Basic realm="Registry",service="x"',
    ],
)
def test_a_registry_of_somebody_else_is_named_and_never_sent_the_callers_token(
    service: Service, registry: Registry, challenge: str
) -> None:
    service.told["GET /v2/"] = [(401, {}, {"WWW-Authenticate": challenge})]
    with pytest.raises(RegistryError, match="does not sign in as an Azure registry does"):
        registry.digest("repo", "v1")
    assert SECRET.encode() not in b"".join(service.sent)
