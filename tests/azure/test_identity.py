from __future__ import annotations

import base64
import json

import pytest

from jupyter_azureml_image.azure import identity


def _token(**claims: str) -> str:
    body = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    return f"e30.{body}.c2ln"


@pytest.mark.parametrize(
    ("claims", "name"),
    [
        ({"upn": "ada@example.com", "appid": "x"}, "ada@example.com"),
        ({"unique_name": "ada@example.com"}, "ada@example.com"),
        ({"appid": "a1", "xms_mirid": "/subscriptions/s/x/userAssignedIdentities/ci"},
         "managed identity ci"),
        ({"appid": "a1"}, "application a1"),
        ({}, "an unnamed account"),
    ],
)  # fmt: skip
def test_the_name_in_a_token_is(claims: dict[str, str], name: str) -> None:
    assert identity.who(_token(**claims)) == name


def test_an_opaque_token_has_no_name() -> None:
    assert identity.who("opaque") == "an unnamed account"


def test_a_credential_does_not_show_its_token() -> None:
    assert "secret" not in repr(identity.StaticToken("secret"))


@pytest.mark.parametrize("kind", ["auto", "cli", "managed"])
def test_each_kind_of_credential_can_be_made_without_asking_azure(kind) -> None:
    assert hasattr(identity.credential(kind), "get_token")
