"""Reading a context file so that a change under our hands is noticed.

Every open refuses links, and never waits on a pipe that has taken a file's place.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import ContextError
from .stamp import Stamp, size_in, stamp_of

if TYPE_CHECKING:
    from .manifest import ContextEntry, ContextManifest

BLOCK = 1024 * 1024
_TRIES = 3
_FLAGS = (
    os.O_RDONLY
    | getattr(os, "O_NOFOLLOW", 0)
    | getattr(os, "O_NONBLOCK", 0)
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_BINARY", 0)
)


class ContextChanged(ContextError):
    """A file changed, or went, between being listed and being sent."""

    code = "context-changed"

    def __init__(self, path: str, how: str = "changed while it was read") -> None:
        super().__init__(
            f"The context file {path} {how}; nothing half-read was used.",
            hint="Stop what writes it, or leave it out with a line in .dockerignore; run again.",
        )
        self.path = path


class opened:  # noqa: N801 - read as a verb: with opened(root, path) as descriptor
    """A descriptor of the regular file `path` below `root`, closed at the end.

    Raises ContextChanged where it is gone or no file any more, ContextError where it cannot
    be read. A class, for it is entered for every file, and a generator takes twice the time.
    """

    __slots__ = ("_descriptor", "_path", "_root")

    def __init__(self, root: Path | str, path: str) -> None:
        self._root, self._path = root, path

    def __enter__(self) -> int:
        try:
            self._descriptor = os.open(f"{self._root}/{self._path}", _FLAGS)
        except FileNotFoundError as error:
            raise ContextChanged(self._path, "vanished") from error
        except OSError as error:
            raise unreadable(self._path, error) from error
        if not stat.S_ISREG(os.fstat(self._descriptor).st_mode):
            os.close(self._descriptor)
            raise ContextChanged(self._path, "is no regular file any more")
        return self._descriptor

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        os.close(self._descriptor)
        if isinstance(error, OSError):
            raise unreadable(self._path, error) from error


def unreadable(path: str, error: OSError) -> ContextError:
    """The sentence for a file or folder of the context that cannot be read."""
    return ContextError(
        f"{path} in the build context cannot be read: {error.strerror or error}.",
        hint=f"Make it readable, or leave it out: add the line {path} to .dockerignore.",
    )


def digest_file(root: Path | str, path: str) -> tuple[str, Stamp]:
    """The SHA-256 of a file's content (hexadecimal), and the stamp it belongs to.

    A file that changes is read again; one that keeps changing raises ContextChanged.
    """
    import hashlib  # brings OpenSSL along, which a check has no use for

    with opened(root, path) as descriptor:
        for _ in range(_TRIES):
            os.lseek(descriptor, 0, os.SEEK_SET)
            before = os.fstat(descriptor)
            hasher, length = hashlib.sha256(), 0
            while block := os.read(descriptor, BLOCK):
                hasher.update(block)
                length += len(block)
            stamp = stamp_of(os.fstat(descriptor))
            if stamp == stamp_of(before) and length == size_in(stamp):
                return hasher.hexdigest(), stamp
    raise ContextChanged(path)


def blocks_of(manifest: ContextManifest, entry: ContextEntry) -> Iterator[bytes]:
    """A file's bytes, exactly those that the manifest's digest names; none for what is no file.

    Where the file's status proves that it is the file that was hashed, its status is
    compared again after the last byte; otherwise the bytes are hashed again. Raises
    ContextChanged.
    """
    if entry.kind != "file":
        return
    import hashlib

    stamp = manifest.stamps.get(entry.path)
    hasher = None if stamp else hashlib.sha256()
    with opened(manifest.root, entry.path) as descriptor:
        left = entry.size
        while left:
            block = _read(descriptor, min(BLOCK, left))
            left -= len(block)
            if not block:
                raise ContextChanged(entry.path, "became shorter")
            if hasher:
                hasher.update(block)
            yield block
        now = stamp_of(os.fstat(descriptor))
    if size_in(now) != entry.size or (stamp and now != stamp):
        raise ContextChanged(entry.path)
    if hasher and hasher.hexdigest() != entry.digest:
        raise ContextChanged(entry.path)


def whole(manifest: ContextManifest, entry: ContextEntry) -> bytes:
    """All blocks of a small file at once, with the same promise.

    Contexts are mostly small files: for one whose status can prove it this takes half as long.
    """
    stamp = manifest.stamps.get(entry.path)
    if stamp:
        try:
            descriptor = os.open(f"{manifest.root}/{entry.path}", _FLAGS)
            try:
                content = os.read(descriptor, entry.size)
                now = stamp_of(os.fstat(descriptor))
            finally:
                os.close(descriptor)
        except OSError:
            pass  # the plain way below says it in words
        else:
            if now == stamp and len(content) == entry.size:
                return content
    return b"".join(blocks_of(manifest, entry))  # which says what is wrong, if anything is


def _read(descriptor: int, size: int) -> bytes:
    """Up to `size` bytes, fewer only at the end: where blocks begin decides the packed bytes."""
    block = os.read(descriptor, size)
    while len(block) < size and (more := os.read(descriptor, size - len(block))):
        block += more
    return block
