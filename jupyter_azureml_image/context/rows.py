"""The file of a snapshot: a row for each path, in the order of the paths.

Written and read in one pass beside the walk's own sorted paths. As JSON, and as a mapping in
memory, it took longer than the walk itself and most of the memory of a large context.
"""

from __future__ import annotations

import heapq
import os
import zlib
from collections.abc import Generator, Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from struct import Struct

from .stamp import LENGTH, Stamp

_MARK = b"azureml-image snapshot 3\0"
_COUNT = Struct("<Q")
_LENGTH = Struct("<I")
_BEFORE = Struct("<II")  # of a row: the path's length in bytes, and the CRC-32 of row and path
_ROW = LENGTH + 32  # bytes: the stamp, and the SHA-256 of the content


def row(stamp: Stamp, digest: str) -> bytes:
    """The row of a file with this stamp and this digest (hexadecimal)."""
    return stamp + bytes.fromhex(digest)


def read(file: Path | None, root: Path) -> Generator[tuple[str, bytes]]:
    """The paths and rows that `file` holds for `root`; none where it is missing or for another
    folder, and none after a place where it is damaged."""
    with suppress(OSError, UnicodeDecodeError):
        if file is None:
            return
        with file.open("rb") as stream:
            take = stream.read
            if _counted(take(_head_size(root)), root) is None:
                return
            while len(start := take(_BEFORE.size + _ROW)) == _BEFORE.size + _ROW:
                length, check = _BEFORE.unpack_from(start)
                found, path = start[_BEFORE.size :], take(length)
                if len(path) != length or zlib.crc32(path, zlib.crc32(found)) != check:
                    return
                yield path.decode("utf-8", "surrogateescape"), found


def count(file: Path, root: Path) -> int:
    """How many rows `file` says that it holds for `root`."""
    with suppress(OSError), file.open("rb") as stream:
        return _counted(stream.read(_head_size(root)), root) or 0
    return 0


def write(file: Path, root: Path, known: Iterable[tuple[str, bytes]]) -> None:
    """Write what `read` reads; raises OSError."""
    with file.open("wb") as stream:
        stream.write(_head(root, 0))
        written = 0
        for path, found in known:
            name = path.encode("utf-8", "surrogateescape")
            check = zlib.crc32(name, zlib.crc32(found))
            stream.write(_BEFORE.pack(len(name), check) + found + name)
            written += 1
        stream.seek(0)
        stream.write(_head(root, written))


def merged(*known: Iterable[tuple[str, bytes]]) -> Iterator[tuple[str, bytes]]:
    """Several of them, each in order, as one."""
    return heapq.merge(*known)


class Earlier:
    """What an earlier run left, asked path by path in order."""

    def __init__(self, file: Path | None, root: Path) -> None:
        self._rows = read(file, root)
        self._path: str | None = ""
        self._row = b""

    def digest(self, path: str, stamp: Stamp) -> str | None:
        """The digest (hexadecimal) of `path`, None where it had another stamp or none."""
        while self._path is not None and self._path < path:
            self._path, self._row = next(self._rows, (None, b""))
        if self._path != path or not self._row.startswith(stamp):
            return None
        return self._row[LENGTH:].hex()

    def close(self) -> None:
        """No more is asked."""
        self._rows.close()


def _head(root: Path, rows: int) -> bytes:
    name = os.fsencode(root)
    return _MARK + _COUNT.pack(rows) + _LENGTH.pack(len(name)) + name


def _head_size(root: Path) -> int:
    return len(_head(root, 0))


def _counted(head: bytes, root: Path) -> int | None:
    """The number in a head of `root`'s rows, None where it is none."""
    if len(head) != _head_size(root):
        return None
    rows: int = _COUNT.unpack_from(head, len(_MARK))[0]
    return rows if head == _head(root, rows) else None
