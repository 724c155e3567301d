"""Make the virtual environment: the package in editable form, with what its tests need."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
import time
from pathlib import Path

from tools.debian import install, is_debian
from tools.places import ROOT, alone, fail, say


def make(folder: Path) -> None:
    """Create or update *folder* from this interpreter."""
    started = time.monotonic()
    python = folder / "bin" / "python"
    if not _works(python):
        _create(folder)
    # uv resolves and installs in a quarter of pip's time, but reads none of pip's settings:
    # where it cannot reach an index, pip is asked.
    pip = [str(python), "-m", "pip", "--disable-pip-version-check", "install", "-q"]
    uv = [str(python), "-m", "uv", "pip", "install", "-q", "--python", str(python)]
    wanted = ["-e", f"{ROOT}[dev,browser]"]
    if _run([*pip, "uv>=0.9"]) != 0 or _run([*uv, *wanted]) != 0:
        say("uv could not install the packages; asking pip instead.")
        if _run([*pip, *wanted]) != 0:
            raise fail("the packages could not be installed; pip's own words are above.")
    say(f"{folder}/ is ready ({time.monotonic() - started:.0f} s).")


def _create(folder: Path) -> None:
    if importlib.util.find_spec("ensurepip") is None:
        # Debian keeps the part of venv that brings pip in a package of its own.
        package = f"python{sys.version_info.major}.{sys.version_info.minor}-venv"
        if not (is_debian() and os.geteuid() == 0):
            raise fail(f"this Python cannot make environments. Run: sudo apt-get install {package}")
        install([package])
    if _run([sys.executable, "-m", "venv", "--clear", str(folder)]) != 0:
        raise fail(f"'{sys.executable} -m venv {folder}' failed; its words are above.")


def _works(python: Path) -> bool:
    return python.exists() and _run([str(python), "-m", "pip", "--version"], quiet=True) == 0


def _run(command: list[str], *, quiet: bool = False) -> int:
    out = subprocess.DEVNULL if quiet else sys.stderr
    return subprocess.run(command, cwd=ROOT, stdout=out, stderr=out, check=False).returncode


if __name__ == "__main__":
    with alone("venv"):
        make(Path(sys.argv[1]))
