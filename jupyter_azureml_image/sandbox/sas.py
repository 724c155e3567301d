"""Shared access signatures of Azure storage: made and checked by the published string-to-sign."""

from __future__ import annotations

import base64
import datetime
import hashlib
import hmac
from collections.abc import Mapping
from urllib.parse import urlencode

VERSION = "2021-08-06"


def account_sas(account: str, key: str, seconds: int) -> str:
    """Return a SAS for the whole account, as a datastore hands it out."""
    fields = {
        "sv": VERSION,
        "ss": "b",
        "srt": "sco",
        "sp": "rwdlacup",
        "se": _expiry(seconds),
        "spr": "https",
    }
    return urlencode({**fields, "sig": _sign(key, _account_text(account, fields))})


def blob_sas(account: str, key: str, path: str, permissions: str, seconds: int) -> str:
    """Return a SAS for one blob; `path` is `container/name`."""
    fields = {"sv": VERSION, "se": _expiry(seconds), "sr": "b", "sp": permissions, "spr": "https"}
    return urlencode({**fields, "sig": _sign(key, _blob_text(account, path, fields))})


def container_sas(account: str, key: str, container: str, seconds: int) -> str:
    """Return a SAS for one container and what is in it."""
    fields = {"sv": VERSION, "se": _expiry(seconds), "sr": "c", "sp": "rwdlac", "spr": "https"}
    return urlencode({**fields, "sig": _sign(key, _blob_text(account, container, fields))})


def allows(account: str, key: str, path: str, query: Mapping[str, str], permission: str) -> bool:
    """Say whether the SAS in a query lets its bearer do what `permission` (one of its letters)
    means."""
    signature = query.get("sig", "")
    text = _account_text(account, query) if "ss" in query else _blob_text(account, path, query)
    if not hmac.compare_digest(signature, _sign(key, text)):
        return False
    try:
        expiry = datetime.datetime.fromisoformat(query["se"].replace("Z", "+00:00"))
    except (KeyError, ValueError):
        return False
    if expiry.tzinfo is None:
        expiry = expiry.replace(tzinfo=datetime.timezone.utc)
    alive = expiry > datetime.datetime.now(datetime.timezone.utc)
    # a blob may be made with 'c' where overwriting needs 'w'
    given = query.get("sp", "")
    return alive and (permission in given or (permission == "c" and "w" in given))


def _expiry(seconds: int) -> str:
    end = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=seconds)
    return end.strftime("%Y-%m-%dT%H:%M:%SZ")


def _account_text(account: str, fields: Mapping[str, str]) -> str:
    order = ("sp", "ss", "srt", "st", "se", "sip", "spr", "sv", "ses")
    return "\n".join([account, *(fields.get(name, "") for name in order)]) + "\n"


def _blob_text(account: str, path: str, fields: Mapping[str, str]) -> str:
    resource = path if fields.get("sr") == "b" else path.split("/", maxsplit=1)[0]
    head = [fields.get(name, "") for name in ("sp", "st", "se")]
    middle = [fields.get(name, "") for name in ("si", "sip", "spr", "sv", "sr")]
    tail = [
        fields.get(name, "") for name in ("snapshot", "ses", "rscc", "rscd", "rsce", "rscl", "rsct")
    ]
    return "\n".join([*head, f"/blob/{account}/{resource}", *middle, *tail])


def _sign(key: str, text: str) -> str:
    return base64.b64encode(
        hmac.new(base64.b64decode(key), text.encode(), hashlib.sha256).digest()
    ).decode()
