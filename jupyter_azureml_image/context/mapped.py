"""Files that this process has in its memory for writing (`numpy.memmap(..., "r+")`).

A second write to such a page moves no time of the file until the system has written the page
back, so a status proves nothing of them. What other programs map cannot be asked as cheaply:
theirs shows with the next writing back, after half a minute on most systems.
"""

from __future__ import annotations

import re
from pathlib import Path

from ..patterns import pattern

_MAPS = Path("/proc/self/maps")
# address, permissions, offset, device, inode: Documentation/filesystems/proc.rst (Linux)
_SHARED = pattern(r"^\S+ [r-]w[x-]s \S+ \S+ (\d+)", re.MULTILINE, needs=("w-s ", "wxs "))


def mapped() -> frozenset[int]:
    """The inodes' numbers; none where the system does not tell."""
    try:
        text = _MAPS.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return frozenset()
    return frozenset(int(found[1]) for found in _SHARED.finditer(text)) - {0}
