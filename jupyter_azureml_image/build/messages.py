"""The engine's streamed answers: JSON values one after the other, however they are cut."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any


def decoded(response: Any) -> Iterator[dict[str, Any]]:
    """The JSON values of the answer, however they are cut."""
    decoder, rest = json.JSONDecoder(), ""
    # Chunks are handed on as they come: an idle builder must not hold back what it said.
    for chunk in response.iter_content(chunk_size=None, decode_unicode=False):
        rest += chunk.decode("utf-8", "replace")
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
        return str(response.text)[:500] or f"HTTP {response.status_code}"
