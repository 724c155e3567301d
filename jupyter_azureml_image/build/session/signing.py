"""Sign-ins that the engine asks for while it builds.

moby/buildkit `session/auth/auth.proto`: CredentialsRequest 1 host; CredentialsResponse
1 username, 2 secret (an identity token where there is no name).
"""

from __future__ import annotations

from ..dialects.trace import Message
from ..engine import Engine
from .packets import sized

_DOCKER_HUB = "registry-1.docker.io"


def answer(engine: Engine, request: bytes) -> bytes:
    """The answer to a `Credentials` call, empty where there are none; raises what the engine's
    `sign_in` raises."""
    host = Message(request).text(1)
    registry = "docker.io" if host == _DOCKER_HUB else host
    found = {name.lower(): str(value) for name, value in engine.auth(f"{registry}/any").items()}
    secret = found.get("identitytoken") or found.get("password")
    if not secret:
        return b""
    name = "" if found.get("identitytoken") else found.get("username", "")
    return b"".join(
        key + sized(value.encode()) for key, value in ((b"\x0a", name), (b"\x12", secret)) if value
    )
