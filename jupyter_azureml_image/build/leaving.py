"""Containers on their way out: no stage waits for the engine to stop and remove them.

It takes the engine a tenth of a second or two, in which the push can begin. A run that is over has
waited for it. The threads are no daemons, so that an ordinary end of the kernel waits for them;
one that is killed leaves the container to the next one's sweep (`owner.py`).
"""

from __future__ import annotations

import contextlib
import threading
from typing import TYPE_CHECKING

from ..errors import ImageError

if TYPE_CHECKING:
    from .engine import Engine

_under_way: set[threading.Thread] = set()


def leave(engine: Engine, container: str) -> None:
    """Remove a container of this process, running or not, and those of processes that are gone;
    returns at once."""

    def work() -> None:
        from .owner import sweep

        try:
            remove(engine, container)
            with contextlib.suppress(ImageError):
                sweep(engine)
        finally:
            _under_way.discard(thread)

    thread = threading.Thread(target=work, name="azureml-image-leaving", daemon=False)
    _under_way.add(thread)
    try:
        thread.start()
    except RuntimeError:  # no thread can be started any more: the process is ending
        work()


def remove(engine: Engine, container: str) -> None:
    """Remove a container, running or not; one that is gone is no error."""
    with contextlib.suppress(ImageError), engine.asked_to("remove a container"):
        engine.client.remove_container(container, force=True, v=True)


def all_gone() -> None:
    """Wait until every container that was told to leave is removed."""
    for thread in list(_under_way):
        thread.join()
