"""The manifest: exactly what a build will be sent, as a value that can be shown and hashed."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Mapping
from dataclasses import field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from ..errors import ContextError
from ..records import dataclass
from .ignore import IgnoreRules, read_ignore_file
from .listed import Listed, Listings
from .reach import expand
from .reading import unreadable
from .stamp import Stamp, mode_in, size_in
from .walk import Walked, walk

if TYPE_CHECKING:
    from .snapshot import Snapshot

Kind = Literal["file", "directory", "link"]
_OF_THIS_MACHINE = {"json": False}
_PERMISSIONS = tuple(range(0o10000))  # each number once, and not once for each file


@dataclass(frozen=True, slots=True)
class ContextEntry:
    """One thing that is sent. `path` is relative, with `/`; `mode` the permission bits;
    `size` in bytes and `digest` (SHA-256 in hexadecimal) are a file's, `target` a link's.
    """

    path: str
    kind: Kind
    mode: int
    size: int = 0
    digest: str = ""
    target: str = ""

    @property
    def identity(self) -> str:
        """Everything but the path that makes the image differ, on one line."""
        return f"{self.kind} {self.mode:o} {self.digest or self.target}"


@dataclass(frozen=True, slots=True)
class Dropped:
    """What is left out, and the ignore rule that said so: its text, its line (from 1).

    A path that ends with `/` stands for the folder and everything below it.
    """

    path: str
    rule: str
    line: int


@dataclass(frozen=True, slots=True)
class ContextManifest:
    """What is sent from the folder `root`.

    `entries` are sorted by path, folders before what they hold. `ignore_file` is the file
    whose rules were applied (relative to `root` where it lies below it), `reach` the sources
    that were asked for (None: everything), `missing` those of them that name nothing,
    `skipped` sockets, pipes and devices.
    `stamps` holds, for files whose status proves that they did not change since they were
    hashed, that status; `moving` the status with which the others of this machine were hashed;
    `listed` the folders that need not be listed again. None of it is part of the manifest's
    meaning, and none goes into JSON.
    """

    root: str
    ignore_file: str | None = None
    entries: tuple[ContextEntry, ...] = ()
    dropped: tuple[Dropped, ...] = ()
    reach: tuple[str, ...] | None = None
    missing: tuple[str, ...] = ()
    skipped: tuple[str, ...] = ()
    stamps: Mapping[str, Stamp] = field(
        default_factory=dict, compare=False, repr=False, metadata=_OF_THIS_MACHINE
    )
    moving: Mapping[str, Stamp] = field(
        default_factory=dict, compare=False, repr=False, metadata=_OF_THIS_MACHINE
    )
    listed: Listed = field(
        default_factory=Listed, compare=False, repr=False, metadata=_OF_THIS_MACHINE
    )

    @property
    def digest(self) -> str:
        """SHA-256 over paths, kinds, modes, contents and link targets; no times, no owners."""
        import hashlib  # brings OpenSSL along, which a check has no use for

        hasher = hashlib.sha256()
        for entry in self.entries:
            # NUL ends a name on every system, so no two lists of entries run together.
            line = f"{entry.path}\0{entry.identity}\0"
            hasher.update(line.encode("utf-8", "surrogateescape"))
        return hasher.hexdigest()

    @property
    def files(self) -> tuple[ContextEntry, ...]:
        """The regular files among the entries."""
        # A list is made in half the time that a generator takes; a check asks for it often.
        return tuple([entry for entry in self.entries if entry.kind == "file"])

    @property
    def size(self) -> int:
        """All files together, in bytes, before any packing."""
        return sum([entry.size for entry in self.entries])


def resolve_context(
    root: Path | str,
    *,
    dockerfile: str | Path | None = None,
    reach: tuple[str, ...] | None = None,
    snapshots: Path | None = None,
) -> ContextManifest:
    """What a build of the folder `root` is sent.

    `dockerfile`, its path, decides which ignore file applies;
    `reach` are the sources that the Dockerfile names in the context, expanded; `snapshots`
    is a folder on local disk where digests are remembered, so that what did not change is
    not read again.
    Raises ContextError where the folder, the ignore file or a file cannot be read, and
    ContextChanged for a file that keeps changing.
    """
    from . import recent
    from .snapshot import Snapshot

    folder = _folder(Path(root))
    before = recent.recall(snapshots, folder)
    look = look_into(folder, dockerfile, reach, before)
    snapshot = Snapshot(folder, snapshots)
    entries = tuple(_entries(folder, look.walked, snapshot, before))
    snapshot.save(whole=reach is None)
    manifest = ContextManifest(
        root=str(folder),
        ignore_file=look.rules.source or None,
        entries=entries,
        dropped=tuple(
            Dropped(path, rule.text, rule.line)
            for path, rule in sorted(look.walked.dropped.items())
        ),
        reach=reach,
        missing=look.missing,
        skipped=tuple(sorted(look.walked.skipped)),
        stamps=snapshot.stamps,
        moving=snapshot.moving,
        listed=look.listed,
    )
    recent.keep(snapshots, folder, manifest)
    return manifest


@dataclass(frozen=True, slots=True)
class Look:
    """What one look at a folder found: the ignore rules that apply, the sources that name
    nothing, what belongs to the context, and the folders that need not be listed again."""

    rules: IgnoreRules
    missing: tuple[str, ...]
    walked: Walked
    listed: Listed


def look_into(
    folder: Path,
    dockerfile: str | Path | None,
    reach: tuple[str, ...] | None,
    before: ContextManifest | None = None,
) -> Look:
    """What belongs to the context; no file is read. `before` is what the folder was found to
    hold; the other arguments and the errors are those of `resolve_context`."""
    rules = read_ignore_file(folder, dockerfile)
    paths: tuple[str, ...] = ("",)
    missing: tuple[str, ...] = ()
    if reach is not None:
        paths, missing = expand(folder, reach, rules)
    listings = Listings(folder, rules, before.listed if before else None)
    return Look(rules, missing, walk(folder, paths, rules, listings), listings.listed)


def _folder(root: Path) -> Path:
    """`root` made absolute; raises ContextError where it is no folder."""
    if os.path.isdir(root):  # noqa: PTH112  # no error for a name that no folder can have
        return root.resolve()
    if os.path.exists(root):  # noqa: PTH110  # as above
        raise ContextError(
            f"The build context {root} is a file, not a folder.",
            hint=f"Name the folder that holds it: --context {root.parent}",
        )
    raise ContextError(
        f"The build context {root} does not exist.",
        hint="Name an existing folder with --context DIR.",
    )


def _entries(
    folder: Path, walked: Walked, snapshot: Snapshot, before: ContextManifest | None
) -> Iterator[ContextEntry]:
    kept = walked.kept
    known = {entry.path: entry for entry in before.entries} if before else {}
    still: dict[str, Stamp] = {}
    if before:
        still.update(snapshot.still(_found_again(before.stamps, kept)))
        still.update(_found_again(before.listed.stamps, kept))
    # The same paths as before are in order already.
    for path in known if known.keys() == kept.keys() else sorted(kept):
        if path in still:
            yield known[path]
            continue
        try:
            yield entry_of(folder, path, kept[path], snapshot)
        except ContextError:
            # What went away since the walk is as if it had gone before it.
            if os.path.lexists(folder / path):
                raise


def _found_again(proven: Mapping[str, Stamp], kept: Mapping[str, Stamp]) -> dict[str, Stamp]:
    return {path: stamp for path, stamp in proven.items() if kept.get(path) == stamp}


def entry_of(folder: Path, path: str, stamp: Stamp, snapshot: Snapshot) -> ContextEntry:
    """The entry of `path`, whose stamp was just read; raises ContextError or ContextChanged where
    its content cannot be had."""
    kind = mode_in(stamp)
    if stat.S_ISREG(kind):
        digest, read = snapshot.digest(path, stamp)
        return ContextEntry(path, "file", _permissions(read), size_in(read), digest)
    if stat.S_ISDIR(kind):
        return ContextEntry(path, "directory", _permissions(stamp))
    try:
        # A link has no permissions of its own; Linux says 777, other systems the umask.
        target = os.readlink(folder / path)  # noqa: PTH115  # a Path would tidy the target
        return ContextEntry(path, "link", 0o777, target=target)
    except OSError as error:
        raise unreadable(path, error) from error


def _permissions(stamp: Stamp) -> int:
    return _PERMISSIONS[stat.S_IMODE(mode_in(stamp))] if os.name == "posix" else 0o755
