"""What images told, kept on disk by image id, so that a new kernel need not look again.

An id names an image's content, so a note never grows old; the oldest are dropped all the same.
"""

from __future__ import annotations

import json
import os
from contextlib import suppress
from pathlib import Path

from .. import state, wire
from ..dockerfile.facts import BaseFacts
from ..errors import BadSettings

_FORMAT = 1
_KEPT = 200


def read(image: str) -> BaseFacts | None:
    """The note on the image of this id, None where there is none that can be read."""
    try:
        noted = json.loads(_place(image).read_text(encoding="utf-8"))
        return wire.load(BaseFacts, noted["facts"]) if noted["format"] == _FORMAT else None
    except (BadSettings, OSError, ValueError, KeyError, TypeError):
        return None


def write(image: str, facts: BaseFacts) -> None:
    """Keep a note, and of all of them the latest; without room nothing is lost but time."""
    with suppress(BadSettings, OSError):
        place = _place(image)
        if place.exists():
            return
        part = place.with_suffix(f".{os.getpid()}.part")
        place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        part.write_text(json.dumps({"format": _FORMAT, "facts": wire.dump(facts)}))
        part.replace(place)
        state.keep_latest(place.parent, _KEPT)


def _place(image: str) -> Path:
    return state.folder() / "images" / f"{image.rpartition(':')[2]}.json"
