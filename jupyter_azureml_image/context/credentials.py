"""Files that look like credentials, about to be sent: found by name, confirmed by content.

A finding says where and why; the value itself is never kept.
"""

from __future__ import annotations

import os
import re

from ..errors import BadUsage, ContextError
from ..records import dataclass
from .ignore import IgnoreRules
from .manifest import ContextManifest
from .reading import opened

_HEAD = 64 * 1024  # as much of a file as is looked at, in bytes


@dataclass(frozen=True, slots=True)
class Credential:
    """A path that should not be sent, and what it looks like."""

    path: str
    why: str


@dataclass(frozen=True, slots=True)
class _Sign:
    """Paths that end in `end`, which is what `name` looks for, are suspect; with `content`, only
    if that is found too."""

    why: str
    end: str
    name: re.Pattern[str]
    content: re.Pattern[bytes] | None = None


def _sign(why: str, name: str, content: str | None = None) -> _Sign:
    head = re.compile(content.encode(), re.IGNORECASE) if content else None
    return _Sign(why, name, _at_end(name), head)


def _at_end(names: str) -> re.Pattern[str]:
    return re.compile(rf"(?:^|/)(?:{names})$", re.IGNORECASE)


# A user and password in an address; not a place left for one: ${TOKEN}, %TOKEN%, <token>, {0}.
_ADDRESS = r"://[^/\s:@]*:(?![$%<{])[^/\s@]+@"
_ASSIGNED = r"(?:pass(?:word|wd)?|token|secret|api_?key)\w*\s*[=:]\s*[\"']?(?![$%<{\s\"'])\S"
_PRIVATE_KEY = r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY"

_SIGNS = (
    _sign("environment file", r"\.env|\.env\.(?!example$|sample$|template$|dist$|defaults$)[^/]+"),
    _sign("environment file that holds a secret", r"[^/]+\.env", _ASSIGNED),
    _sign("private SSH key", r"id_(?:rsa|dsa|ecdsa|ecdsa_sk|ed25519|ed25519_sk)"),
    _sign("private key", r"[^/]+\.(?:pem|key)", _PRIVATE_KEY),
    _sign("key store", r"[^/]+\.(?:pfx|p12|jks|ppk)"),
    _sign("Azure CLI sign-in", r"\.azure/.+"),
    _sign("AWS credentials", r"\.aws/credentials"),
    _sign("Google credentials", r"application_default_credentials\.json"),
    _sign("service account key", r"[^/]*\.json", r"\"private_key\"\s*:\s*\"" + _PRIVATE_KEY),
    _sign("passwords for hosts", r"[._]netrc", r"password"),
    _sign("stored Git credentials", r"\.git-credentials"),
    _sign("remote address with a password", r"\.git/config", _ADDRESS),
    _sign("package index with a password", r"pip\.(?:conf|ini)|\.condarc|uv\.toml", _ADDRESS),
    _sign("package index with a password", r"requirements[^/]*\.(?:txt|in)", _ADDRESS),
    _sign("upload token", r"\.pypirc", rf"{_ASSIGNED}|{_ADDRESS}"),
    _sign("npm token", r"\.npmrc", rf"_(?:authToken|auth|password)\s*=\s*(?![$\s])\S|{_ADDRESS}"),
    _sign(
        "registry sign-in", r"\.docker/config\.json", r"\"(?:auth|identitytoken)\"\s*:\s*\"[^\"]"
    ),
    _sign("registry sign-in", r"\.dockercfg", r"\"auth\""),
    _sign("cluster sign-in", r"\.kube/config|kubeconfig|[^/]+\.kubeconfig"),
    _sign("Databricks token", r"\.databrickscfg", r"token\s*="),
    _sign("database password", r"\.pgpass"),
)
# What the names above end with, or hold before; a path of plain letters without any of it, as
# nearly all are, need not be searched, which takes ten times as long.
_ENDINGS = (
    *(".env", ".pem", ".key", ".pfx", ".p12", ".jks", ".ppk", ".json", ".txt", ".in"),
    *(".conf", ".ini", ".toml", "netrc", "kubeconfig"),
    *("_rsa", "_dsa", "_ecdsa", "_ecdsa_sk", "_ed25519", "_ed25519_sk"),
)
# One look tells for the others whether a sign applies; it is tried after slashes only.
_SUSPECT = _at_end("|".join(sign.end for sign in _SIGNS))


def credential_files(
    manifest: ContextManifest, allow: tuple[str, ...] = ()
) -> tuple[Credential, ...]:
    """The files of `manifest` that look like credentials and that no pattern of `allow`
    (written as in an ignore file) names. Files below `.azure/` are one finding.

    Raises BadUsage for a malformed pattern, ContextError for a file that cannot be read.
    """
    allowed = _allowed(allow)
    found: dict[str, str] = {}
    for entry in manifest.files:
        if not (entry.size and suspect(entry.path)) or allowed.excluded(entry.path):
            continue
        why = _why(manifest.root, entry.path)
        if why:
            folder = re.search(r"(?:.*/)?\.azure/", entry.path)
            found[folder.group() if folder else entry.path] = why
    return tuple(Credential(path, why) for path, why in found.items())


def suspect(path: str) -> bool:
    """Whether a file's path looks like that of credentials."""
    plain = path.isascii() and path[:1] != "." and "/." not in path and "\n" not in path
    if plain and not path.lower().endswith(_ENDINGS):
        return False
    return _SUSPECT.search(path) is not None


def _allowed(patterns: tuple[str, ...]) -> IgnoreRules:
    try:
        return IgnoreRules.read("\n".join(patterns), "--allow-file")
    except ContextError as error:
        raise BadUsage(
            f"--allow-file {' '.join(patterns)} is not a pattern as in .dockerignore.",
            hint="For example: .env is that file in the context's root, **/.env each of them.",
        ) from error


def _why(root: str, path: str) -> str | None:
    signs = [sign for sign in _SIGNS if sign.name.search(path)]
    named = next((sign.why for sign in signs if sign.content is None), None)
    if named or not signs:
        return named
    with opened(root, path) as descriptor:
        head = os.read(descriptor, _HEAD)
    return next((sign.why for sign in signs if sign.content and sign.content.search(head)), None)
