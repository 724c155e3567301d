"""Whether a folder is still what its manifest says, for builders that read it by themselves.

What the archive holds is compared while it is packed. buildx reads the folder on its own, so
it is looked at once more when that is done: an image must not carry the fingerprint of files
that it was not made of.

This runs beside the build, so it does no more than it must: a second walk, and for files whose
status proves nothing their content.
"""

from __future__ import annotations

from pathlib import Path

from .manifest import ContextManifest, entry_of, look_into
from .reading import ContextChanged
from .snapshot import Snapshot


def recheck(before: ContextManifest, dockerfile: str | Path | None) -> None:
    """Raises ContextChanged for the first path that is not, or was not all the time, what
    `before` says, ContextError where that cannot be seen. `dockerfile` is the one that it was
    resolved with.
    """
    root = Path(before.root)
    here = look_into(root, dockerfile, before.reach, before).walked.kept
    then = {entry.path: entry for entry in before.entries}
    proven = {**before.listed.stamps, **before.stamps}
    open_ones = [
        path
        for path in then.keys() | here.keys()
        if path not in here or here[path] != proven.get(path)
    ]
    unproven = Snapshot(root, None)
    for path in sorted(open_ones):
        if path not in here:
            raise ContextChanged(path, "vanished")
        # A status that moved means that the content may have been another for a moment.
        known = before.stamps.get(path) or before.moving.get(path, here[path])
        if known != here[path] or then.get(path) != entry_of(root, path, here[path], unproven):
            raise ContextChanged(path)
