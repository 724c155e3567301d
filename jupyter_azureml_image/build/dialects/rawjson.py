"""`docker buildx build --progress=rawjson`: JSON objects, then plain words on failure.

buildx 0.13 prints each object over several lines, 0.29 one per line; both are one stream of
JSON values here. What is no JSON (before, between or after) is kept as text.
"""

from __future__ import annotations

import base64
import codecs
import json
import re
from datetime import datetime
from typing import Any

from .solve import Advice, Output, Solve, Status, Vertex

_TIME = re.compile(r"(.*T\d\d:\d\d:\d\d)(\.\d+)?(Z|[+-]\d\d:\d\d)$")


class RawJson:
    """Reads the stream in whatever portions it comes."""

    def __init__(self) -> None:
        self._decode = codecs.getincrementaldecoder("utf-8")("replace").decode
        self._json = json.JSONDecoder()
        self._rest = ""
        self.words: list[str] = []
        """The lines that were not JSON, in order."""

    def feed(self, data: bytes) -> list[Solve]:
        """The messages that `data` completes."""
        self._rest += self._decode(data)
        return self._take(final=False)

    def end(self) -> list[Solve]:
        """What is left when no more comes."""
        return self._take(final=True)

    def _take(self, *, final: bool) -> list[Solve]:
        found: list[Solve] = []
        text, at = self._rest, 0
        while at < len(text):
            if text[at] == "{":
                try:
                    value, at = self._json.raw_decode(text, at)
                except ValueError:
                    if not final and self._unfinished(text[at:]):
                        break
                else:
                    found.append(solve(value))
                    continue
            end = text.find("\n", at)
            if end < 0 and not final:
                break
            line = text[at : end if end >= 0 else len(text)].rstrip()
            if line:
                self.words.append(line)
            at = end + 1 if end >= 0 else len(text)
        self._rest = text[at:]
        return found

    @staticmethod
    def _unfinished(text: str) -> bool:
        # An object of buildx begins with a quoted key on the same or the next line; anything
        # else that begins with a brace is prose (a source excerpt, a shell block).
        head = text[1:].lstrip()
        return not head or head[0] in '"}'


def solve(value: dict[str, Any]) -> Solve:
    """One JSON object as a record."""
    return Solve(
        vertexes=tuple(
            Vertex(
                digest=str(v.get("digest", "")),
                name=str(v.get("name", "")),
                cached=bool(v.get("cached")),
                started=_time(v.get("started")),
                completed=_time(v.get("completed")),
                error=str(v.get("error") or ""),
                inputs=tuple(v.get("inputs") or ()),
            )
            for v in value.get("vertexes") or ()
        ),
        statuses=tuple(
            Status(
                vertex=str(s.get("vertex", "")),
                id=str(s.get("id", "")),
                current=int(s.get("current") or 0),
                total=int(s.get("total") or 0),
                completed=bool(s.get("completed")),
            )
            for s in value.get("statuses") or ()
        ),
        outputs=tuple(
            Output(str(o.get("vertex", "")), base64.b64decode(o.get("data") or ""))
            for o in value.get("logs") or ()
        ),
        warnings=tuple(_warning(w) for w in value.get("warnings") or ()),
    )


def _warning(value: dict[str, Any]) -> Advice:
    short = base64.b64decode(value.get("short") or "").decode("utf-8", "replace")
    ranges = value.get("range") or ()
    line = int(ranges[0].get("start", {}).get("line", 0)) if ranges else 0
    return Advice(short, line)


def _time(text: object) -> float | None:
    match = _TIME.match(str(text)) if text else None
    if match is None:
        return None
    zone = "+00:00" if match[3] == "Z" else match[3]
    return datetime.fromisoformat(match[1] + zone).timestamp() + float(f"0{match[2] or '.0'}")
