"""The packets of a file transfer, as protobuf written by hand: two small messages.

Field numbers are those of tonistiigi/fsutil `types/wire.proto` (Packet: 1 type, 2 stat, 3 ID,
4 data) and `types/stat.proto` (Stat: 1 path, 2 mode, 3 uid, 4 gid, 5 size, 6 modTime in
nanoseconds, 7 linkname). What is zero is left out, so every owner is 0:0.
"""

from __future__ import annotations

import stat

from ...context.manifest import Kind
from ...records import dataclass
from ..dialects.trace import Message

REQUEST, FINISHED = 1, 3
END_OF_STATS = b""
FIN = b"\x08\x03"

# Go's os.FileMode, whose bits above the permissions are not those of the system.
_KINDS: dict[Kind, int] = {"file": 0, "directory": 1 << 31, "link": 1 << 27}
_SPECIAL = ((stat.S_ISUID, 1 << 23), (stat.S_ISGID, 1 << 22), (stat.S_ISVTX, 1 << 20))


@dataclass(frozen=True, slots=True)
class Entry:
    """What is told of one entry: `mode` are permission bits, `size` bytes, `time` nanoseconds
    since 1970, `target` where a link points."""

    path: str
    kind: Kind
    mode: int
    size: int
    time: int
    target: str = ""

    def packet(self) -> bytes:
        """As a STAT packet."""
        bits = _KINDS[self.kind] | self.mode & 0o777
        for ours, go in _SPECIAL:
            bits |= go if self.mode & ours else 0
        message = b"\x0a" + sized(self.path.encode()) + b"\x10" + _varint(bits)
        if self.size:
            message += b"\x28" + _varint(self.size)
        if self.time:
            message += b"\x30" + _varint(self.time & 0xFFFF_FFFF_FFFF_FFFF)
        if self.target:
            message += b"\x3a" + sized(self.target.encode())
        return b"\x12" + sized(message)


def data(number: int, block: bytes = b"") -> bytes:
    """A DATA packet of the entry `number`; an empty one ends its content."""
    packet = b"\x08\x02" + (b"\x18" + _varint(number) if number else b"")
    return packet + b"\x22" + sized(block) if block else packet


def read(packet: bytes) -> tuple[int, int, bytes]:
    """A packet's type, its entry's number, its data.

    Raises ValueError for what is no packet.
    """
    message = Message(packet)
    return message.number(1), message.number(3), message.data(4)


def sized(value: bytes) -> bytes:
    """Bytes with their length before them, as protobuf has texts and messages inside others."""
    return _varint(len(value)) + value


def _varint(value: int) -> bytes:
    if value < 0x80:
        return bytes((value,))
    found = bytearray()
    while value > 0x7F:
        found.append(value & 0x7F | 0x80)
        value >>= 7
    found.append(value)
    return bytes(found)
