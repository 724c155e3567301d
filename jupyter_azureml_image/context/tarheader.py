"""GNU tar headers, written by hand.

The standard library's TarInfo takes a tenth of a millisecond for each, which is most of
the time that a context of many small files costs, and its bytes differ between Python
versions. Its reader is what the tests hold these headers to.
"""

from __future__ import annotations

import zlib

from .manifest import ContextEntry, Kind

BLOCK = 512
RECORD = 20 * BLOCK
_NAME = 100  # bytes that the name and the link target have in a header
_OCTAL_LIMIT = 8**11  # sizes from here on are written in base 256
_TYPES: dict[Kind, bytes] = {"file": b"0", "directory": b"5", "link": b"2"}
# 2000-01-01: zip files, which wheels are, cannot hold the year 1970.
TIME = 946_684_800
"""The one time of every entry, in seconds since 1970."""
_CHECK = 148  # where the checksum stands: eight bytes, blanks while it is being made
_FORM = b"".join(
    (
        b"%b%07o\0",  # name, mode
        b"0000000\0" * 2,  # owner and group
        b"%b",  # size
        b"%011o\0" % TIME,
        b" " * 8,
        b"%b%b",  # type, link target
        b"ustar  \0".ljust(BLOCK - 257, b"\0"),
    )
)


def header(entry: ContextEntry, path: str) -> bytes:
    """All header blocks of `entry`, which lies at `path` in the archive: one, and two or more
    before it for each long name."""
    name = path.encode("utf-8", "surrogateescape")
    if entry.kind == "directory":
        name += b"/"
    target = entry.target.encode("utf-8", "surrogateescape")
    before = b""
    if len(target) > _NAME:
        before += _long(b"K", target)
    if len(name) > _NAME:
        before += _long(b"L", name)
    return before + _block(name[:_NAME], entry.mode, entry.size, _TYPES[entry.kind], target[:_NAME])


def padding(size: int) -> bytes:
    """What fills content of `size` bytes up to the next block."""
    return b"\0" * (-size % BLOCK)


def trailer(written: int) -> bytes:
    """What ends an archive of `written` bytes: two empty blocks, and up to a whole record."""
    return b"\0" * (2 * BLOCK + -(written + 2 * BLOCK) % RECORD)


def _long(kind: bytes, name: bytes) -> bytes:
    content = name + b"\0"
    return _block(b"././@LongLink", 0o644, len(content), kind) + content + padding(len(content))


def _block(name: bytes, mode: int, size: int, kind: bytes, target: bytes = b"") -> bytes:
    sizes = b"%011o\0" % size if size < _OCTAL_LIMIT else b"\x80" + size.to_bytes(11, "big")
    block = _FORM % (name.ljust(_NAME, b"\0"), mode, sizes, kind, target.ljust(_NAME, b"\0"))
    # The checksum is the sum of all bytes. Adler's lower half is that and one, below 65521, which
    # no header reaches; adding them up here takes ten times as long.
    check = (zlib.adler32(block) & 0xFFFF) - 1
    return b"%b%06o\0 %b" % (block[:_CHECK], check, block[_CHECK + 8 :])
