"""What this process resolved last, so that the next look at a folder makes only what is new.

A kernel resolves the same folder with every cell. A file whose status proves that it is the one
that was hashed has the same entry again: it is taken over, and neither a row of the snapshot is
read nor a record made for it. Large contexts are not kept: their memory would stay taken.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .manifest import ContextManifest

_MOST = 20_000  # entries, about 10 MB
_KEPT = 4  # folders

_last: dict[tuple[Path, Path], ContextManifest] = {}


def recall(snapshots: Path | None, folder: Path) -> ContextManifest | None:
    """The manifest kept of `folder`; none where digests are not to be remembered."""
    return _last.get((snapshots, folder)) if snapshots else None


def keep(snapshots: Path | None, folder: Path, manifest: ContextManifest) -> None:
    """Remember `manifest` as that of `folder`, and forget the folder resolved longest ago."""
    if snapshots is None:
        return
    _last.pop((snapshots, folder), None)
    if len(manifest.entries) <= _MOST:
        _last[snapshots, folder] = manifest
        for oldest in list(_last)[:-_KEPT]:
            _last.pop(oldest, None)
