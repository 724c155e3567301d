"""Containers that must not outlive the process that made them.

A kernel that is killed cannot clean up after itself, so such a container says whose it is,
and the next one on this machine removes those whose owner is gone.
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from ..errors import ImageError
from .engine import Engine

OWNER_LABEL = "azureml-image.owner"
"""Host, process number and the process's time of birth, with slashes between."""


def owner() -> str:
    """This process, in a form that a later one with the same number does not share."""
    return f"{os.uname().nodename}/{os.getpid()}/{_born(os.getpid())}" if _unix() else ""


def sweep(engine: Engine) -> None:
    """Remove the containers whose owner, a process of this machine, is gone: a kernel that is
    killed cannot clean up after itself."""
    if not _unix():
        return
    with engine.asked_to("list containers"):
        found = engine.client.containers(all=True, filters={"label": OWNER_LABEL})
    for each in found:
        host, _, rest = str((each.get("Labels") or {}).get(OWNER_LABEL, "")).partition("/")
        number, _, born = rest.partition("/")
        if host == os.uname().nodename and number.isdigit() and _gone(int(number), born):
            with contextlib.suppress(ImageError), engine.asked_to("remove a container"):
                engine.client.remove_container(each["Id"], force=True, v=True)


def _unix() -> bool:
    return Path("/proc/self/stat").exists()


def _gone(pid: int, born: str) -> bool:
    if found := _born(pid):
        return found != born
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        pass  # another user's, which /proc may hide (hidepid)
    return False


def _born(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
    except (OSError, IndexError):
        return ""
