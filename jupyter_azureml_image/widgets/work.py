"""Work started by a button: in the background, the kernel free, shown in a slot of its own.

A thread here never prints: it updates the slot's display, which is what the saved notebook
keeps, and tells the panel when the work is over.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from ..errors import ImageError
from ..notebook.follow import PACE, Feed
from ..notebook.screen import Slot
from ..run import LiveRun


class Work:
    """One run at a time. `told` is called with a sentence, `ended` with the result or None."""

    def __init__(self, told: Callable[[str], None], ended: Callable[[Any], None]) -> None:
        self._told = told
        self._ended = ended
        self._live: LiveRun | None = None
        self._watch: threading.Thread | None = None

    @property
    def busy(self) -> bool:
        """Whether something runs."""
        return self._live is not None

    def run(self, live: LiveRun, slot: Slot) -> None:
        """Follow a run to its end, in the background."""
        self._live = live
        self._watch = threading.Thread(target=self._follow, args=(live, slot), daemon=True)
        self._watch.start()

    def wait(self, timeout: float | None = None) -> bool:
        """Wait for what runs; whether it ended in time."""
        if self._watch is not None:
            self._watch.join(timeout)
        return not self.busy

    def cancel(self) -> None:
        """Stop what runs, where it runs; returns at once."""
        if self._live is not None:
            self._told("Stopping the run where it runs.")
            threading.Thread(target=self._live.cancel, daemon=True).start()

    def _follow(self, live: LiveRun, slot: Slot) -> None:
        feed = Feed(live)
        while not feed.over.wait(PACE):
            slot.show(feed.take())
        slot.show(feed.take())
        result = None
        try:
            result = live.result()
            self._told("Done.")
            slot.close(result)
        except ImageError as error:
            self._told(f"{type(error).__name__}: {error.message} {error.hint or ''}")
        except Exception as error:  # a bug of ours: no cell is there to show it
            self._told(f"A fault in this package: {type(error).__name__}: {error}")
        finally:
            self._live = None
            self._ended(result)
