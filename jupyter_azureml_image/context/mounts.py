"""Which folders lie on a disk of this machine, so that file times there can be believed.

A server may give out cached or rounded times, and a notebook folder on a compute instance
is such a mount. What is not known to be local is not believed: that only costs time.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

from ..records import dataclass
from .stamp import Stamp, device_in, device_number

_TABLE = Path("/proc/self/mountinfo")
# Not those of Windows (exfat, ntfs, vfat): their change time can be set back by programs.
_OWN = frozenset(
    {"bcachefs", "btrfs", "ext2", "ext3", "ext4", "f2fs", "jfs", "overlay", "ramfs"}
    | {"reiserfs", "tmpfs", "xfs", "zfs"}
)


@dataclass(frozen=True, slots=True)
class Mounts:
    """The mount table: each mount point with its device and kind of file system."""

    rows: tuple[tuple[str, str, str], ...] = ()

    @classmethod
    def here(cls) -> Mounts:
        """The table of this process; empty where the system has none to read."""
        try:
            return cls.read(_TABLE.read_text(encoding="utf-8", errors="surrogateescape"))
        except OSError:
            return cls()

    @classmethod
    def read(cls, text: str) -> Mounts:
        """The table in the text of Linux's `mountinfo`."""
        rows = []
        for line in text.split("\n"):
            mount, _, source = line.partition(" - ")
            fields, kind = mount.split(" "), source.split(" ", 1)[0]
            if len(fields) >= 5 and kind:
                rows.append((_unescape(fields[4]), fields[2], kind))
        return cls(tuple(rows))

    def own(self, path: Path, device: int) -> bool:
        """Whether `path`, which is on `device`, lies on a file system of this machine."""
        return self._kind(path, device) in _OWN

    def _kind(self, path: Path, device: int) -> str:
        number = f"{os.major(device)}:{os.minor(device)}"
        kinds = [kind for _, found, kind in self.rows if found == number]
        if kinds:
            return kinds[-1]
        # Btrfs subvolumes have device numbers of their own: go by the innermost mount point.
        above = [row for row in self.rows if path.is_relative_to(row[0])]
        kind = max(above, key=lambda row: len(row[0]))[2] if above else ""
        return kind if kind == "btrfs" else ""


class Devices:
    """Whether times on the devices below `root` are this machine's own; each is asked for once."""

    def __init__(self, root: Path, mounts: Mounts | None = None) -> None:
        self._root = root
        self._mounts = mounts
        self._own: dict[bytes, bool] = {}

    def own(self, path: str, stamp: Stamp) -> bool:
        """Whether they are on the device of `path`, which has this stamp."""
        key = device_in(stamp)
        own = self._own.get(key)
        if own is None:
            if self._mounts is None:
                self._mounts = Mounts.here()
            own = self._own[key] = self._mounts.own(self._root / path, device_number(stamp))
        return own


def _unescape(text: str) -> str:
    """Spaces and such in a mount point are written as three octal digits."""
    return re.sub(r"\\([0-7]{3})", lambda found: chr(int(found[1], 8)), text)
