"""Where the development tools keep what outlives one command, shared by every clone of one user."""

from __future__ import annotations

import fcntl
import hashlib
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

# A Unix socket path ends at 107 bytes, and the engine puts its containerd's below ours.
_LONGEST_RUN_FOLDER = 50


def cache() -> Path:
    """Return the cache folder of the tools: ``$XDG_CACHE_HOME/azureml-image-dev``."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    folder = Path(base) / "azureml-image-dev"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def sockets() -> Path:
    """Return a folder whose path is short enough for sockets, one per cache folder."""
    folder = cache() / "run"
    if len(str(folder)) > _LONGEST_RUN_FOLDER:
        name = hashlib.sha256(str(cache()).encode()).hexdigest()[:8]
        folder = Path(tempfile.gettempdir()) / f"azureml-image-{name}"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


@contextmanager
def alone(name: str) -> Iterator[None]:
    """Let one process at a time do *name*: two ``make`` runs of two clones may meet here."""
    with (cache() / f"{name}.lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def say(text: str) -> None:
    """Write a line for a person; standard output is kept for values that scripts read."""
    print(text, file=sys.stderr, flush=True)


def fail(text: str) -> SystemExit:
    """Return the exit that ends a tool with one sentence."""
    return SystemExit(f"azureml-image: {text}")
