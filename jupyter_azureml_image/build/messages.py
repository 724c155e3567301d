"""The engine's streamed answers: JSON values one after the other, however they are cut."""

from __future__ import annotations

import codecs
import html
import json
import re
from collections.abc import Iterator
from typing import Any

_PAGE = re.compile(r"\s*<(!doctype )?html", re.IGNORECASE)
_TAG = re.compile(r"<[^>]*>")


def decoded(response: Any) -> Iterator[dict[str, Any]]:
    """The JSON values of the answer, however they are cut."""
    decoder, rest = json.JSONDecoder(), ""
    text = codecs.getincrementaldecoder("utf-8")("replace").decode
    # Chunks are handed on as they come: an idle builder must not hold back what it said.
    for chunk in response.iter_content(chunk_size=None, decode_unicode=False):
        rest += text(chunk)
        while rest := rest.lstrip():
            try:
                value, end = decoder.raw_decode(rest)
            except ValueError:
                break
            rest = rest[end:]
            if isinstance(value, dict):
                yield value


def refusal(response: Any) -> str:
    """What the engine said instead of a stream."""
    try:
        return str(response.json()["message"])
    except (ValueError, KeyError, TypeError):
        return plain(str(response.text))[:500] or f"HTTP {response.status_code}"


def plain(said: str) -> str:
    """A refusal's words: a proxy that stands before an engine says them in a page of HTML."""
    if not _PAGE.match(said):
        return said
    return " ".join(html.unescape(_TAG.sub(" ", said)).split())
