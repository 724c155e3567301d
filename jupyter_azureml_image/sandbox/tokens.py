"""Signed tokens: what the sandbox hands out at sign-in and at its registry, and how it knows them
again."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from typing import Any

Claims = dict[str, Any]


class Mint:
    """Makes and reads JSON web tokens (HS256) with a key that only this sandbox has."""

    def __init__(self, key: bytes, static_token: str) -> None:
        self._key = key
        self._static = static_token

    def make(self, claims: Claims, seconds: int) -> str:
        """Return a token with these claims, valid for so many seconds."""
        moment = int(time.time())
        full = {**claims, "iat": moment, "nbf": moment - 5, "exp": moment + seconds}
        head = _pack({"alg": "HS256", "typ": "JWT"})
        payload = f"{head}.{_pack(full)}"
        return f"{payload}.{self._sign(payload)}"

    def read(self, token: str) -> Claims | None:
        """Return the claims of one of our tokens, or None where it is not ours or has expired."""
        payload, _, signature = token.rpartition(".")
        if not hmac.compare_digest(signature.encode(), self._sign(payload).encode()):
            return None
        claims: Claims = json.loads(_unpack(payload.split(".")[1]))
        return claims if claims["exp"] > time.time() else None

    def signed_in(self, token: str) -> bool:
        """Say whether this bearer token is the sandbox's own or one that its sign-in issued."""
        if hmac.compare_digest(token.encode(), self._static.encode()):
            return True
        claims = self.read(token)
        return claims is not None and claims.get("use") == "sign-in"

    def _sign(self, text: str) -> str:
        return _b64(hmac.new(self._key, text.encode(), hashlib.sha256).digest())


def _b64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _pack(value: object) -> str:
    return _b64(json.dumps(value, separators=(",", ":")).encode())


def _unpack(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
