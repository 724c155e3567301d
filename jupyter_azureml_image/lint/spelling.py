"""Near misses: which known word was meant."""

from __future__ import annotations

import functools
from collections.abc import Iterable

INSTRUCTIONS = (
    "ADD",
    "ARG",
    "CMD",
    "COPY",
    "ENTRYPOINT",
    "ENV",
    "EXPOSE",
    "FROM",
    "HEALTHCHECK",
    "LABEL",
    "MAINTAINER",
    "ONBUILD",
    "RUN",
    "SHELL",
    "STOPSIGNAL",
    "USER",
    "VOLUME",
    "WORKDIR",
)


_LONGEST = 100
"""Nobody slips in a word that is longer; comparing takes as long as both words multiplied."""


@functools.lru_cache(maxsize=256)
def nearest_instruction(word: str) -> str | None:
    """The instruction that a misspelt one most likely is; None where none is near."""
    if not word.isascii() or not word.isalpha():
        return None
    return nearest(word.upper(), INSTRUCTIONS, 0.7)


def nearest(word: str, known: Iterable[str], cutoff: float = 0.75) -> str | None:
    """The known word nearest to `word`; None where none is near."""
    if len(word) > _LONGEST:
        return None
    from difflib import get_close_matches

    near = get_close_matches(word, list(known), n=1, cutoff=cutoff)
    return near[0] if near else None
