"""Put the labextension where a Jupyter server finds it, whatever Python that server has."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

from ..errors import BadUsage

NAME = "jupyter-azureml-image"
FILES = Path(__file__).parent / "files"
ACTIONS = ("install", "uninstall", "path")


def do(action: str, *, sys_prefix: bool = False, to: str | None = None) -> str:
    """Install, uninstall, or tell the path; the sentence that says what was done.

    `to` is a folder of labextensions; else that of the user, or (`sys_prefix`) of this Python
    environment. Raises BadUsage.
    """
    if action not in ACTIONS:
        raise BadUsage(f"'{action}' is not one of {', '.join(ACTIONS)}.")
    place = folder(sys_prefix=sys_prefix, to=to)
    if action == "path":
        return str(place)
    try:
        if place.exists():
            shutil.rmtree(place)
        elif action == "uninstall":
            return f"There is nothing at {place}."
        if action == "uninstall":
            return f"Removed {place}."
        shutil.copytree(FILES, place)
    except OSError as error:
        raise BadUsage(
            f"{place} cannot be written: {error.strerror}.",
            hint="Choose another folder with --to DIR; 'jupyter labextension list' names those "
            "that the server looks into.",
        ) from error
    return f"Installed to {place}; reload the page of JupyterLab."


def folder(*, sys_prefix: bool = False, to: str | None = None) -> Path:
    """Where the files go."""
    if to is not None:
        return Path(to) / NAME
    data = Path(sys.prefix, "share", "jupyter") if sys_prefix else _user_data()
    return data / "labextensions" / NAME


def _user_data() -> Path:
    """Jupyter's data folder of this user, by its own rules."""
    try:
        from jupyter_core.paths import jupyter_data_dir

        return Path(jupyter_data_dir())
    except ModuleNotFoundError:
        pass
    if named := os.environ.get("JUPYTER_DATA_DIR"):
        return Path(named)
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Jupyter"
    if sys.platform == "win32":
        return Path(os.environ.get("APPDATA", Path.home())) / "jupyter"
    return Path(os.environ.get("XDG_DATA_HOME", Path.home() / ".local" / "share")) / "jupyter"
