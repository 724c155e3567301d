"""What a file system says of a file: its size, times, inode and device, kind and permissions.

A context has one for each of its files, and nearly all are only compared. So they are plain
bytes: a third of a record's memory, and the garbage collector never has to look at them.
"""

from __future__ import annotations

import os
import struct

Stamp = bytes
"""Equal where nothing that it tells of has changed: size, when the content (mtime) and when the
status (ctime) changed in nanoseconds, inode, device, and the mode with the kind."""

_PACKED = struct.Struct("<QqqQQI")
_WORD = 2**64 - 1  # of Windows' inodes, which may be larger, the lower half
_SIZE = struct.Struct("<Q")
_TIMES = struct.Struct("<8xqq")
_MODE = struct.Struct("<40xI")
_DEVICE = slice(32, 40)
_INODE = slice(24, 32)
_FILE = slice(24, 40)

LENGTH = _PACKED.size
"""Of every stamp, in bytes."""

REST = 2_000_000_000
"""For so long, in nanoseconds, a status must not have moved to prove anything later: the coarsest
file times in use (FAT) count in two seconds."""


def stamp_of(status: os.stat_result) -> Stamp:
    """The stamp in a stat result."""
    return _PACKED.pack(
        status.st_size,
        status.st_mtime_ns,
        status.st_ctime_ns,
        status.st_ino & _WORD,
        status.st_dev & _WORD,
        status.st_mode,
    )


def same_file(one: Stamp, other: Stamp) -> bool:
    """Whether both are of one inode, whatever changed in it."""
    return one[_FILE] == other[_FILE]


def inode_in(stamp: Stamp) -> int:
    """Its inode's number."""
    return int.from_bytes(stamp[_INODE], "little")


def device_in(stamp: Stamp) -> bytes:
    """Its device, as a key."""
    return stamp[_DEVICE]


def device_number(stamp: Stamp) -> int:
    """Its device, as the system counts it."""
    return int.from_bytes(device_in(stamp), "little")


def written_at(stamp: Stamp) -> int:
    """When the content changed last, in nanoseconds."""
    when: int = _TIMES.unpack_from(stamp)[0]
    return when


def moved_at(stamp: Stamp) -> int:
    """When content or status changed last, in nanoseconds."""
    when: int = max(_TIMES.unpack_from(stamp))
    return when


def size_in(stamp: Stamp) -> int:
    """Its size."""
    size: int = _SIZE.unpack_from(stamp)[0]
    return size


def mode_in(stamp: Stamp) -> int:
    """Its kind and permissions."""
    mode: int = _MODE.unpack(stamp)[0]
    return mode
