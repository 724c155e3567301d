"""What was hashed before need not be hashed again, where the file's status proves it.

The proof is size, times, inode and device, all unchanged, under the rules that keep Git's
index honest: a status counts only if it had been at rest for two seconds when the content
was hashed (a later write could otherwise leave the same time), only on file systems that are
this machine's own, and not for a file that this process has mapped for writing. A clock set
back, a copied tree or a copied snapshot file all show as a different status, and the file is
hashed again.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path

from .. import state
from . import rows
from .mapped import mapped
from .mounts import Devices, Mounts
from .reading import digest_file
from .stamp import REST, Stamp, device_in, inode_in, moved_at

_CONTEXTS = 50  # of so many folders the files are remembered: those used last
_REST = REST


class Snapshot:
    """Digests of the files below `root`, remembered in `folder` (None: only for this run).

    Paths are asked for in their order, so that what an earlier run left is read beside them and
    never held.
    """

    def __init__(
        self,
        root: Path,
        folder: Path | None,
        mounts: Mounts | None = None,
        now: Callable[[], int] = time.time_ns,
    ) -> None:
        self._root = root
        self._devices = Devices(root, mounts)
        self._now = now
        self._file = folder / f"{_name(root)}.rows" if folder else None
        self._earlier = rows.Earlier(self._file, root)
        self._believed = 0
        self._fresh: dict[str, str] = {}
        self._mapped: frozenset[int] | None = None
        self.stamps: dict[str, Stamp] = {}
        """The status of each asked file whose status can be believed."""
        self.moving: dict[str, Stamp] = {}
        """That of the others on this machine's own file systems, when they were hashed."""

    def digest(self, path: str, stamp: Stamp) -> tuple[str, Stamp]:
        """The SHA-256 (hexadecimal) of `path`, whose stamp was just read, and the stamp of what
        was hashed.

        Raises ContextError or ContextChanged as `digest_file` does.
        """
        known = self._earlier.digest(path, stamp)
        if known and self._devices.own(path, stamp):
            self.stamps[path] = stamp
            self._believed += 1
            return known, stamp
        before = self._now()
        digest, stamp = digest_file(self._root, path)
        if self._devices.own(path, stamp):
            if moved_at(stamp) < before - _REST and not self._is_mapped(stamp):
                self.stamps[path] = stamp
                self._fresh[path] = digest
            else:
                self.moving[path] = stamp
        return digest, stamp

    def _is_mapped(self, stamp: Stamp) -> bool:
        if self._mapped is None:
            self._mapped = mapped()
        return inode_in(stamp) in self._mapped

    def still(self, proven: Mapping[str, Stamp]) -> Mapping[str, Stamp]:
        """Of files with their proven stamps, which were just found again, those that are taken
        as proven."""
        places = {device_in(stamp): path for path, stamp in proven.items()}
        if not all(self._devices.own(path, proven[path]) for path in places.values()):
            proven = {p: stamp for p, stamp in proven.items() if self._devices.own(p, stamp)}
        self.stamps.update(proven)
        self._believed += len(proven)
        return proven

    def save(self, *, whole: bool) -> None:
        """Remember what was hashed; `whole` forgets the files that were not asked for."""
        self._earlier.close()
        if self._file is None:
            return
        gone = whole and rows.count(self._file, self._root) > self._believed
        if not (self._fresh or gone):
            with suppress(OSError):
                os.utime(self._file)  # it is in use
            return
        part = self._file.with_suffix(f".{os.getpid()}-{threading.get_ident()}.part")
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            rows.write(part, self._root, self._now_known(whole))
            part.replace(self._file)
            state.keep_latest(self._file.parent, _CONTEXTS)
        except OSError:
            # Nothing is lost but time: a full or read-only disk must not stop a build.
            with suppress(OSError):
                part.unlink()

    def _now_known(self, whole: bool) -> Iterator[tuple[str, bytes]]:
        """What to remember, in order: an earlier row stays unless its file was hashed again."""
        fresh = ((path, rows.row(self.stamps[path], self._fresh[path])) for path in self._fresh)
        earlier = (
            (path, row)
            for path, row in rows.read(self._file, self._root)
            if path not in self._fresh and (not whole or path in self.stamps)
        )
        return rows.merged(fresh, earlier)


def _name(root: Path) -> str:
    import hashlib

    return hashlib.sha256(os.fsencode(root)).hexdigest()[:24]
