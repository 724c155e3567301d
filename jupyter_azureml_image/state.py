"""Where runs are kept: a folder on this machine's own disk.

Notebook folders are network mounts on a compute instance, where SQLite's locks and file
times cannot be believed; so the journal never lies beside the notebook.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

VARIABLE = "AZUREML_IMAGE_STATE"


def folder() -> Path:
    """The state folder (made where missing): `AZUREML_IMAGE_STATE`, else the user's data folder."""
    named = os.environ.get(VARIABLE)
    place = Path(named).expanduser() if named else _user_data() / "jupyter-azureml-image"
    place.mkdir(parents=True, exist_ok=True, mode=0o700)
    return place


def _user_data() -> Path:
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support"
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share")
