"""Who signs in: the credential, and the name inside its token."""

from __future__ import annotations

import base64
import binascii
import json
import logging
import os
from typing import Any, Literal, Protocol

from .translate import translated

CredentialKind = Literal["auto", "cli", "managed"]

# `az` takes many seconds on a small machine; azure-identity's own limit is ten.
_CLI_SECONDS = 30


class Credential(Protocol):
    """What Azure's clients ask of a credential: a token for a scope."""

    def get_token(self, *scopes: str, **options: Any) -> Any:
        """A record with `.token` and `.expires_on` (Unix seconds)."""


class StaticToken:
    """The sandbox's token, as a credential. It never expires while the sandbox runs."""

    def __init__(self, token: str) -> None:
        self._token = token

    def get_token(self, *_scopes: str, **_options: Any) -> Any:
        """The same token for every scope."""
        import time

        from azure.core.credentials import AccessToken

        return AccessToken(self._token, int(time.time()) + 3600)

    def __repr__(self) -> str:
        return "StaticToken(…)"


def credential(kind: CredentialKind) -> Credential:
    """azure-identity's credential of that kind; nothing is asked of Azure yet."""
    # Without a handler the tries that fail would be printed into whichever cell runs.
    logging.getLogger("azure").addHandler(logging.NullHandler())
    with translated("loading azure-identity"):
        from azure import identity

        # A compute instance's own identity is not the only one there; this names it.
        client_id = os.environ.get("AZURE_CLIENT_ID") or os.environ.get(
            "DEFAULT_IDENTITY_CLIENT_ID"
        )
        if kind == "cli":
            chosen: Credential = identity.AzureCliCredential(process_timeout=_CLI_SECONDS)
        elif kind == "managed":
            chosen = identity.ManagedIdentityCredential(client_id=client_id)
        else:
            chosen = identity.DefaultAzureCredential(process_timeout=_CLI_SECONDS)
        return chosen


def who(token: str) -> str:
    """The name in an access token: a user's, an application's or a managed identity's.

    Read from the claims without checking them: this is for showing, never for deciding.
    """
    claims = _claims(token)
    for name in ("upn", "unique_name", "preferred_username", "email"):
        if claims.get(name):
            return str(claims[name])
    resource = str(claims.get("xms_mirid") or "")
    if resource:
        return f"managed identity {resource.rpartition('/')[2]}"
    if claims.get("appid"):
        named = claims.get("app_displayname")
        return f"application {named or claims['appid']}"
    return "an unnamed account"


def tenant(token: str) -> str | None:
    """The tenant the token was issued in."""
    found = _claims(token).get("tid")
    return str(found) if found else None


def _claims(token: str) -> dict[str, Any]:
    parts = token.split(".")
    if len(parts) != 3:
        return {}
    try:
        claims = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except (binascii.Error, ValueError):
        return {}
    return claims if isinstance(claims, dict) else {}
