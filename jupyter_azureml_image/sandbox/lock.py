"""One sandbox per state folder: a lock that the operating system takes back when its holder
dies."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import BinaryIO


class StateLock:
    """A lock on a state folder; the file in it tells who holds it."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "lock"
        self._file: BinaryIO | None = None

    def take(self) -> bool:
        """Take the lock and write our process id; False where another process holds it."""
        file = self._path.open("a+b")
        try:
            _lock(file)
        except OSError:
            file.close()
            return False
        file.seek(0)
        file.truncate()
        file.write(str(os.getpid()).encode())
        file.flush()
        self._file = file
        return True

    def holder(self) -> int:
        """Return the process id that was last written, 0 where there is none."""
        try:
            text = self._path.read_bytes().strip()
        except FileNotFoundError:
            return 0
        return int(text) if text.isdigit() else 0

    def release(self) -> None:
        """Give the lock back."""
        if self._file is not None:
            self._file.close()
            self._file = None


if sys.platform == "win32":
    import msvcrt

    # beyond what is written, so that the process id stays readable for others
    FAR = 1 << 20

    def _lock(file: BinaryIO) -> None:
        file.seek(FAR)
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)

else:
    import fcntl

    def _lock(file: BinaryIO) -> None:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
