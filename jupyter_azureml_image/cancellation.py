"""Stopping a run: asked for from one thread, carried out where the work is."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from .errors import Cancelled


class Cancellation:
    """Whether the user asked to stop, and what has to be called to stop it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._stops: list[Callable[[], None]] = []
        self._asked = threading.Event()

    @property
    def requested(self) -> bool:
        """Whether a stop was asked for."""
        return self._asked.is_set()

    def request(self) -> None:
        """Ask to stop: work under way is stopped where it runs; later work does not begin."""
        with self._lock:
            self._asked.set()
            stops = list(self._stops)
        for stop in stops:
            stop()

    def check(self) -> None:
        """Raise Cancelled if a stop was asked for."""
        if self.requested:
            raise Cancelled("The run was stopped.")

    @contextmanager
    def stopping(self, stop: Callable[[], None]) -> Iterator[None]:
        """While inside, `request` calls `stop` (at once, if it was asked for just before)."""
        with self._lock:
            self._stops.append(stop)
            late = self.requested
        try:
            if late:
                stop()
            yield
        finally:
            with self._lock:
                self._stops.remove(stop)
