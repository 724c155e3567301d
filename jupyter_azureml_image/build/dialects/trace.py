"""The engine API's BuildKit messages: a protobuf StatusResponse in base64, read by hand.

Field numbers are those of moby/buildkit `api/services/control/control.proto`
(StatusResponse 1 vertexes, 2 statuses, 3 logs, 4 warnings).
"""

from __future__ import annotations

import base64
from collections.abc import Iterator

from .solve import Advice, Output, Solve, Status, Vertex


def read(aux: str) -> Solve:
    """The `aux` of one `moby.buildkit.trace` message; raises ValueError for other bytes."""
    vertexes: list[Vertex] = []
    statuses: list[Status] = []
    outputs: list[Output] = []
    warnings: list[Advice] = []
    for number, value in fields(base64.b64decode(aux)):
        if not isinstance(value, bytes):
            continue
        message = Message(value)
        if number == 1:
            vertexes.append(
                Vertex(
                    digest=message.text(1),
                    name=message.text(3),
                    cached=bool(message.number(4)),
                    started=message.time(5),
                    completed=message.time(6),
                    error=message.text(7),
                    inputs=tuple(_texts(value, 2)),
                )
            )
        elif number == 2:
            statuses.append(
                Status(
                    vertex=message.text(2),
                    id=message.text(1),
                    current=message.number(4),
                    total=message.number(5),
                    completed=message.time(8) is not None,
                )
            )
        elif number == 3:
            outputs.append(Output(message.text(1), message.data(4)))
        elif number == 4:
            warnings.append(Advice(message.text(3), _first_line(message)))
    return Solve(tuple(vertexes), tuple(statuses), tuple(outputs), tuple(warnings))


def _texts(data: bytes, field: int) -> Iterator[str]:
    """Every value of a repeated string."""
    for number, value in fields(data):
        if number == field and isinstance(value, bytes):
            yield value.decode("utf-8", "replace")


def _first_line(warning: Message) -> int:
    # ranges = 7 { start = 1 { line = 1 } }
    ranges = warning.data(7)
    return Message(Message(ranges).data(1)).number(1) if ranges else 0


class Message:
    """One protobuf message; of a repeated field the first value counts."""

    def __init__(self, data: bytes) -> None:
        self._fields: dict[int, int | bytes] = {}
        for number, value in fields(data):
            self._fields.setdefault(number, value)

    def number(self, field: int) -> int:
        """A varint, 0 where it is absent."""
        value = self._fields.get(field, 0)
        return value if isinstance(value, int) else 0

    def data(self, field: int) -> bytes:
        """Bytes, empty where they are absent."""
        value = self._fields.get(field, b"")
        return value if isinstance(value, bytes) else b""

    def text(self, field: int) -> str:
        """A string, empty where it is absent."""
        return self.data(field).decode("utf-8", "replace")

    def time(self, field: int) -> float | None:
        """A Timestamp as Unix seconds, None where it is absent."""
        if field not in self._fields:
            return None
        stamp = Message(self.data(field))
        return stamp.number(1) + stamp.number(2) / 1e9


def fields(data: bytes) -> Iterator[tuple[int, int | bytes]]:
    """Field numbers and values in order: varints as int, everything else as bytes."""
    at = 0
    while at < len(data):
        key, at = _varint(data, at)
        kind = key & 7
        if kind == 0:
            value, at = _varint(data, at)
            yield key >> 3, value
            continue
        if kind == 2:
            size, at = _varint(data, at)
        elif kind in (1, 5):
            size = 8 if kind == 1 else 4
        else:
            raise ValueError(f"protobuf wire type {kind} at byte {at}")
        if at + size > len(data):
            raise ValueError(f"protobuf field ends beyond the message at byte {at}")
        yield key >> 3, data[at : at + size]
        at += size


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while at < len(data):
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7
    raise ValueError("protobuf number without an end")
