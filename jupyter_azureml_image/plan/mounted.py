"""What a deployment would mount, as one digest: a verdict is true for these very files.

Ignore files are those of a build and say nothing here; a link is mounted as what it leads to.
"""

from __future__ import annotations

import hashlib
import stat
from pathlib import Path

from ..context.reading import digest_file
from ..context.snapshot import Snapshot
from ..context.stamp import stamp_of
from ..errors import BadUsage, ContextError
from .mounts import files_below


def digest_of(source: Path, snapshots: Path) -> str:
    """SHA-256 over the paths, modes and contents of a file or folder. `snapshots` is where
    digests of files are remembered. Raises BadUsage for what cannot be read."""
    root = source if source.is_dir() else source.parent
    inside = {path.relative_to(root).as_posix(): path for path, _ in files_below(source, "")}
    snapshot = Snapshot(root, snapshots)
    hasher = hashlib.sha256()
    for name in sorted(inside):
        line = f"{name}\0{_identity(inside[name], name, snapshot)}\0"
        hasher.update(line.encode("utf-8", "surrogateescape"))
    snapshot.save(whole=False)
    return hasher.hexdigest()


def _identity(path: Path, name: str, snapshot: Snapshot) -> str:
    try:
        status = path.stat()
        mode = f"{stat.S_IMODE(status.st_mode):o}"
        if stat.S_ISDIR(status.st_mode):
            return f"d{mode}"
        if path.is_symlink():
            whole = path.resolve()
            return f"f{mode} {digest_file(whole.parent, whole.name)[0]}"
        return f"f{mode} {snapshot.digest(name, stamp_of(status))[0]}"
    except (OSError, ContextError) as error:
        raise BadUsage(
            f"{path} cannot be read for the rehearsal.",
            hint="Make it a readable file, or take it out of what --code or --model names.",
        ) from error
