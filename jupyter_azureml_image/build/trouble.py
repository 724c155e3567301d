"""What an engine's or a registry's refusal means: prose in, a kind of trouble out.

The texts are those of Docker Engine 20.10 and 28.5, BuildKit and the distribution
registry; they carry no codes, so words are all there is to go by.
"""

from __future__ import annotations

import re
from typing import Literal

Trouble = Literal["no-space", "unauthorized", "no-network", "not-found", "wrong-platform", "lost"]

_SIGNS: tuple[tuple[Trouble, re.Pattern[str]], ...] = (
    ("no-space", re.compile(r"no space left on device|disk quota exceeded", re.I)),
    (
        "no-network",
        re.compile(
            r"no such host|dial tcp|i/o timeout|connection refused|network is unreachable"
            r"|TLS handshake timeout|Client\.Timeout|server misbehaving|x509:|EOF$"
            r"|temporary failure in name resolution|proxyconnect|no route to host",
            re.I,
        ),
    ),
    (
        "wrong-platform",
        re.compile(r"no match for platform|does not (match|provide) the specified platform", re.I),
    ),
    (
        "unauthorized",
        re.compile(
            r"unauthorized|authentication required|no basic auth credentials|access denied"
            r"|authorization failed|insufficient_scope|\b401\b|\b403\b|forbidden|denied:"
            r"|no active sessions",
            re.I,
        ),
    ),
    ("not-found", re.compile(r"not found|manifest unknown|name unknown|no such image", re.I)),
    ("lost", re.compile(r"connection (reset|aborted|broken)|broken pipe|incompleteread", re.I)),
)


def trouble(text: str) -> Trouble | None:
    """The kind of trouble that `text` tells of, or None."""
    return next((kind for kind, sign in _SIGNS if sign.search(text)), None)


def about_base(reference: str, text: str) -> tuple[str, str, str] | None:
    """Message, hint and code for a base image that could not be had, else None."""
    registry = reference.partition("/")[0]
    kind = trouble(text)
    if kind == "unauthorized":
        return (
            f"The base image '{reference}' may not be pulled: its registry asks for a sign-in, "
            "or it does not exist.",
            f"Check the name, or sign in ('docker login {registry}', for Azure 'az acr login "
            f"--name {registry.partition('.')[0]}').",
            "base-unauthorized",
        )
    if kind == "no-network":
        return (
            f"The registry of the base image '{reference}' could not be reached: {_last(text)}",
            "Check the network and the proxy of the Docker Engine, or use a base that the engine "
            "already holds.",
            "base-network",
        )
    if kind == "not-found":
        return (
            f"The base image '{reference}' does not exist.",
            "Check the name and the tag; '%azureml_image bases' lists Azure ML's images.",
            "base-not-found",
        )
    if kind == "wrong-platform":
        return (
            f"The base image '{reference}' has no image for the platform asked for.",
            "Choose another base, or another --platform; Azure ML runs linux/amd64.",
            "base-platform",
        )
    return None


def _last(text: str) -> str:
    """The innermost cause of a chained Go error, short."""
    words = text.strip().splitlines()[-1] if text.strip() else "no answer"
    return words if len(words) <= 200 else "…" + words[-200:]
