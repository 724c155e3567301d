"""Where runs are kept: a folder on this machine's own disk.

Notebook folders are network mounts on a compute instance, where SQLite's locks and file
times cannot be believed; so the journal never lies beside the notebook.
"""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from pathlib import Path

VARIABLE = "AZUREML_IMAGE_STATE"


def folder() -> Path:
    """The state folder (made where missing): `AZUREML_IMAGE_STATE`, else the user's data folder."""
    named = os.environ.get(VARIABLE)
    place = Path(named).expanduser() if named else _user_data() / "jupyter-azureml-image"
    place.mkdir(parents=True, exist_ok=True, mode=0o700)
    return place


def keep_latest(place: Path, count: int) -> None:
    """Drop all but the `count` files of a folder that were written or touched last."""
    with suppress(OSError):  # another kernel tidies up as well; nothing depends on it
        files = sorted(place.iterdir(), key=lambda file: file.stat().st_mtime, reverse=True)
        for old in files[count:]:
            old.unlink(missing_ok=True)


def _user_data() -> Path:
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support"
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share")
