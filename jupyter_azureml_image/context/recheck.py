"""Whether a folder is still what its manifest says, for builders that read it by themselves.

What the archive holds is compared while it is packed. buildx reads the folder on its own, so
it is looked at once more when that is done: an image must not carry the fingerprint of files
that it was not made of.
"""

from __future__ import annotations

from pathlib import Path

from .manifest import ContextManifest, resolve_context
from .reading import ContextChanged


def recheck(before: ContextManifest, dockerfile: str | Path | None, snapshots: Path | None) -> None:
    """Raises ContextChanged for the first path that is not, or was not all the time, what
    `before` says, ContextError where that cannot be seen. The arguments are those that it was
    resolved with.
    """
    now = resolve_context(
        before.root, dockerfile=dockerfile, reach=before.reach, snapshots=snapshots
    )
    then, here = ({entry.path: entry for entry in it.entries} for it in (before, now))
    for path in sorted(then.keys() | here.keys()):
        if path not in here:
            raise ContextChanged(path, "vanished")
        # A status that moved means that the content may have been another for a moment.
        moved = path in before.stamps and before.stamps[path] != now.stamps.get(path)
        if moved or then.get(path) != here[path]:
            raise ContextChanged(path)
