"""BuildKit's progress, as the engine streams it (protobuf StatusResponse), as plain log lines."""

from __future__ import annotations

import base64
from collections.abc import Iterator

Fields = list[tuple[int, "int | bytes"]]

VERTEX, LOG = 1, 3


class Trace:
    """Turns status messages into lines such as `#4 [2/3] RUN make`."""

    def __init__(self) -> None:
        self._numbers: dict[bytes, int] = {}
        self._told: set[tuple[bytes, str]] = set()

    def lines(self, encoded: str) -> Iterator[str]:
        """Yield the lines that one base64 message adds."""
        for number, value in _fields(base64.b64decode(encoded)):
            if number == VERTEX and isinstance(value, bytes):
                yield from self._vertex(_fields(value))
            elif number == LOG and isinstance(value, bytes):
                yield from self._log(_fields(value))

    def _vertex(self, fields: Fields) -> Iterator[str]:
        known = dict(fields)
        digest, name = _bytes(known.get(1)), _bytes(known.get(3)).decode("utf-8", "replace")
        if 5 not in known and 6 not in known:  # neither started nor completed
            return
        number = self._numbers.setdefault(digest, len(self._numbers) + 1)
        yield from self._once(digest, "name", f"#{number} {name}")
        if known.get(4):
            yield from self._once(digest, "end", f"#{number} CACHED")
        elif 7 in known:
            text = _bytes(known[7]).decode("utf-8", "replace")
            yield from self._once(digest, "end", f"#{number} ERROR: {text}")
        elif 6 in known:
            yield from self._once(digest, "end", f"#{number} DONE")

    def _log(self, fields: Fields) -> Iterator[str]:
        known = dict(fields)
        number = self._numbers.get(_bytes(known.get(1)), 0)
        for line in _bytes(known.get(4)).decode("utf-8", "replace").splitlines():
            yield f"#{number} {line}"

    def _once(self, digest: bytes, what: str, line: str) -> Iterator[str]:
        if (digest, what) not in self._told:
            self._told.add((digest, what))
            yield line


def _bytes(value: int | bytes | None) -> bytes:
    return value if isinstance(value, bytes) else b""


def _fields(message: bytes) -> Fields:
    """Return (field number, value) of a protobuf message; submessages and strings are bytes."""
    at, found = 0, Fields()
    while at < len(message):
        key, at = _varint(message, at)
        kind = key & 7
        if kind == 0:
            number, at = _varint(message, at)
            found.append((key >> 3, number))
        elif kind == 2:
            size, at = _varint(message, at)
            found.append((key >> 3, message[at : at + size]))
            at += size
        else:
            at += 8 if kind == 1 else 4
    return found


def _varint(message: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = message[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return value, at
