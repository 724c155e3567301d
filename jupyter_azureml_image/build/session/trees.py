"""What a session offers: the context as the manifest says, and texts kept in memory.

The engine compares status, not content: size, mode, link target and time. So that a file whose
content changed without its size and second still arrives, the nanoseconds of the time that is
told are taken from the content's hash; the seconds are the file's own, and layers keep only
those. Folders and links carry the archive's one time: of them it decides nothing.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Protocol

from ...context.manifest import ContextEntry, ContextManifest
from ...context.reading import ContextChanged, blocks_of, unreadable
from ...context.stamp import written_at
from ...context.tarheader import TIME
from .packets import Entry

_SECOND = 1_000_000_000  # in nanoseconds
_FIXED = TIME * _SECOND


class Tree(Protocol):
    """Entries in the engine's order, numbered from 0."""

    def stats(self) -> Iterator[bytes]:
        """A STAT packet for each entry."""

    def content(self, number: int) -> Iterator[bytes]:
        """The blocks of a file; raises ContextChanged, and LookupError for no entry."""


class ContextTree:
    """The entries of a manifest, and the folders above them."""

    def __init__(self, manifest: ContextManifest) -> None:
        self._manifest = manifest
        entries = {entry.path: entry for entry in manifest.entries}
        for entry in manifest.entries:
            above = entry.path.rpartition("/")[0]
            while above and above not in entries:
                entries[above] = ContextEntry(above, "directory", 0o755)
                above = above.rpartition("/")[0]
        # The engine's order: the part before a `/` sorts before every longer name.
        self._entries = sorted(entries.values(), key=lambda entry: entry.path.replace("/", "\0"))

    def stats(self) -> Iterator[bytes]:
        """A STAT packet for each entry; raises ContextChanged where a file is gone, ContextError
        where it cannot be looked at."""
        for entry in self._entries:
            if entry.kind == "file":
                size, moment = entry.size, self._time(entry)
            else:
                size, moment = len(entry.target.encode()), _FIXED
            said = Entry(entry.path, entry.kind, entry.mode, size, moment, entry.target)
            yield said.packet()

    def content(self, number: int) -> Iterator[bytes]:
        """A file's blocks, exactly those that the manifest's digest names."""
        yield from blocks_of(self._manifest, self._entries[number])

    def _time(self, entry: ContextEntry) -> int:
        stamp = self._manifest.stamps.get(entry.path)
        if stamp is not None:
            moment = written_at(stamp)
        else:
            try:
                moment = os.lstat(Path(self._manifest.root, entry.path)).st_mtime_ns
            except FileNotFoundError as error:
                raise ContextChanged(entry.path, "vanished") from error
            except OSError as error:
                raise unreadable(entry.path, error) from error
        return moment // _SECOND * _SECOND + int(entry.digest[:16], 16) % _SECOND


class Texts:
    """Files that lie nowhere; nobody sees their time, so all of it is taken from the content."""

    def __init__(self, texts: Mapping[str, bytes]) -> None:
        self._texts = sorted(texts.items())

    def stats(self) -> Iterator[bytes]:
        """A STAT packet for each text."""
        for name, text in self._texts:
            moment = int.from_bytes(hashlib.sha256(text).digest()[:8], "big") % _FIXED
            yield Entry(name, "file", 0o644, len(text), moment).packet()

    def content(self, number: int) -> Iterator[bytes]:
        """A text in one block."""
        yield self._texts[number][1]


def carries(manifest: ContextManifest) -> bool:
    """Whether every name in it is one that protobuf can hold (UTF-8)."""
    try:
        for entry in manifest.entries:
            f"{entry.path}{entry.target}".encode()
    except UnicodeEncodeError:
        return False
    return True
