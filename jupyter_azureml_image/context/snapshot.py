"""What was hashed before need not be hashed again, where the file's status proves it.

The proof is size, times, inode and device, all unchanged, under the rules that keep Git's
index honest: a status counts only if it had been at rest for two seconds when the content
was hashed (a later write could otherwise leave the same time), and only on file systems
that are this machine's own. A clock set back, a copied tree or a copied snapshot file all
show as a different status, and the file is hashed again.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from .. import state
from .mounts import Mounts
from .reading import Stamp, digest_file

_FORMAT = 1
_CONTEXTS = 50  # of so many folders the files are remembered: those used last
_REST = 2_000_000_000  # nanoseconds; the coarsest file times in use (FAT) count in two seconds


class Snapshot:
    """Digests of the files below `root`, remembered in `folder` (None: only for this run)."""

    def __init__(
        self,
        root: Path,
        folder: Path | None,
        mounts: Mounts | None = None,
        now: Callable[[], int] = time.time_ns,
    ) -> None:
        self._root = root
        self._mounts = mounts or Mounts.here()
        self._own: dict[int, bool] = {}
        self._now = now
        self._file = folder / f"{_name(root)}.json" if folder else None
        self._known = _load(self._file, root) if self._file else {}
        self._fresh: dict[str, list[Any]] = {}
        self.stamps: dict[str, Stamp] = {}
        """The status of each asked file whose status can be believed."""

    def digest(self, path: str, stamp: Stamp) -> tuple[str, int]:
        """The SHA-256 (hexadecimal) and size of `path`, whose stamp was just read.

        Raises ContextError or ContextChanged as `digest_file` does.
        """
        believed = self._own.get(stamp.device)
        if believed is None:
            believed = self._mounts.own(self._root / path, stamp.device)
            self._own[stamp.device] = believed
        known = self._known.get(path)
        if known and believed and tuple(known[1:]) == stamp.values:
            self.stamps[path] = stamp
            return str(known[0]), stamp.size
        before = self._now()
        digest, stamp = digest_file(self._root, path)
        if believed and max(stamp.mtime, stamp.ctime) < before - _REST:
            self.stamps[path] = stamp
            self._fresh[path] = [digest, *stamp.values]
        return digest, stamp.size

    def save(self, *, whole: bool) -> None:
        """Remember what was hashed; `whole` forgets the files that were not asked for."""
        known = {path: row for path, row in self._known.items() if not whole or path in self.stamps}
        if self._file is None:
            return
        if not self._fresh and len(known) == len(self._known):
            with suppress(OSError):
                os.utime(self._file)  # it is in use
            return
        content = {"format": _FORMAT, "root": str(self._root), "files": known | self._fresh}
        part = self._file.with_suffix(f".{os.getpid()}.part")
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            part.write_text(json.dumps(content, separators=(",", ":")), encoding="ascii")
            part.replace(self._file)
            state.keep_latest(self._file.parent, _CONTEXTS)
        except OSError:
            # Nothing is lost but time: a full or read-only disk must not stop a build.
            with suppress(OSError):
                part.unlink()


def _name(root: Path) -> str:
    import hashlib

    return hashlib.sha256(os.fsencode(root)).hexdigest()[:24]


def _load(file: Path, root: Path) -> Mapping[str, list[Any]]:
    try:
        content = json.loads(file.read_bytes())
        fits = content["format"] == _FORMAT and content["root"] == str(root)
        files: dict[str, list[Any]] = dict(content["files"]) if fits else {}
    except (OSError, ValueError, KeyError, TypeError):
        return {}  # none yet, or cut short: everything is hashed again
    return files
