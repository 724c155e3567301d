"""Where runs are kept: a folder on this machine's own disk.

Notebook folders are network mounts on a compute instance, where SQLite's locks and file
times cannot be believed; so the journal never lies beside the notebook.
"""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from pathlib import Path

from .errors import BadSettings

VARIABLE = "AZUREML_IMAGE_STATE"


def folder() -> Path:
    """The state folder (made where missing): `AZUREML_IMAGE_STATE`, else the user's data folder.

    Raises BadSettings where there can be none; whether it may be written shows when it is.
    """
    named = os.environ.get(VARIABLE)
    try:
        place = Path(named).expanduser() if named else _user_data() / "jupyter-azureml-image"
    except RuntimeError as error:  # a home that nobody has
        raise unusable(named or "the user's data folder", error) from error
    try:
        place.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise unusable(place, error) from error
    return place


def try_write(place: Path) -> None:
    """Write a file into the folder that is gone at once; raises BadSettings."""
    import tempfile

    try:
        with tempfile.TemporaryFile(dir=place) as file:
            file.write(b"one block, so that a full disk shows".ljust(4096))
    except OSError as error:
        raise unusable(place, error) from error


def unusable(place: str | os.PathLike[str], error: Exception) -> BadSettings:
    """The sentence for a state folder, or a file in it, that refused so."""
    named = f"{VARIABLE}: " if os.environ.get(VARIABLE) else "The state folder "
    why = getattr(error, "strerror", None) or str(error).rstrip(".")
    if "is locked" in why:
        hint = "Another process holds it: run this again when that is done."
    else:
        hint = (
            f"Set {VARIABLE} to a folder on this machine's own disk that may be written and has "
            "room."
        )
    return BadSettings(f"{named}{place} cannot be used to keep runs: {why}.", hint=hint)


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
