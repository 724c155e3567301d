"""The most memory that a process took.

Not `ru_maxrss`: Linux hands the parent's down, so that a small process would tell the figure of the
big one that started it.
"""

from __future__ import annotations

import re
from pathlib import Path

_SELF = Path("/proc/self")


def forget() -> None:
    """From here on the peak is what is taken from here on."""
    (_SELF / "clear_refs").write_text("5")


def peak() -> float:
    """Megabytes (10^6 bytes), since the process began or the last `forget`."""
    found = re.search(r"VmHWM:\s+(\d+) kB", (_SELF / "status").read_text())
    if found is None:
        raise RuntimeError("/proc/self/status does not tell the most memory; is this Linux?")
    return int(found[1]) * 1024 / 1e6
