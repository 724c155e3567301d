"""What folders held, so that one that did not change is not listed again.

A folder's own status moves with every name that comes, goes or is replaced in it. Where that
had been at rest, under the rules of `snapshot.py`, the same names are there and the ignore
rules say the same of them; only the files themselves are asked again. That is two thirds of
the time of a walk.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import field
from pathlib import Path

from ..records import dataclass
from .ignore import IgnoreRules
from .stamp import REST, Stamp, moved_at

_REST = REST


@dataclass(frozen=True, slots=True)
class Folder:
    """What one held when its status was `stamp`: paths of files and links, and of folders. None
    of it is left out."""

    stamp: Stamp
    files: tuple[str, ...]
    folders: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Listed:
    """Folders by their paths, listed under ignore rules of these texts."""

    rules: tuple[str, ...] = ()
    folders: Mapping[str, Folder] = field(default_factory=dict)

    @property
    def stamps(self) -> dict[str, Stamp]:
        """The folders' stamps by path."""
        return {path: folder.stamp for path, folder in self.folders.items()}


class Listings:
    """What an earlier walk of `root` under the same rules left, and what this one leaves."""

    def __init__(self, root: Path, rules: IgnoreRules, before: Listed | None) -> None:
        from .mounts import Devices

        texts = tuple(rule.text for rule in rules.rules)
        self._before = before.folders if before and before.rules == texts else {}
        self._devices = Devices(root)
        self._began = time.time_ns()
        self._folders: dict[str, Folder] = {}
        self.listed = Listed(texts, self._folders)

    def still(self, path: str, stamp: Stamp | None) -> Folder | None:
        """What the folder holds, where its status, just read, proves it."""
        known = self._before.get(path)
        if known is None or known.stamp != stamp:
            return None
        self._folders[path] = known
        return known

    def keep(
        self, path: str, stamp: Stamp, files: tuple[str, ...], folders: tuple[str, ...]
    ) -> None:
        """Remember what a folder held, if a later status can prove it; its stamp was read
        before it was listed."""
        rested = moved_at(stamp) < self._began - _REST
        if rested and self._devices.own(path, stamp):
            self._folders[path] = Folder(stamp, files, folders)
