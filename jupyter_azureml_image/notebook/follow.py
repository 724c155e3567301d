"""Following a run from a cell: paced, and interruptible at once.

The run works in its own thread; another collects its events; the cell's thread wakes four
times a second, shows what came, and looks whether it was interrupted.
"""

from __future__ import annotations

import signal
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from ..errors import Cancelled
from ..events import Event, Note
from .screen import Screen

if TYPE_CHECKING:
    from ..result import ImageBuild
    from ..run import LiveRun

PACE = 0.25
"""Seconds between two updates."""

STOPPING = "Stopping the run where it runs; interrupt once more to leave it."


def follow(live: LiveRun, screen: Screen) -> ImageBuild:
    """Show a run to its end and give its result; raises the ImageError that ended it.

    The first interrupt stops the run where it runs and goes on watching; the second returns
    at once, raising Cancelled with the line that shows the run again.
    """
    feed = Feed(live)
    with _interrupts() as count:
        seen = 0
        while not feed.over.wait(PACE):
            screen.show(feed.take())
            if count() > seen:
                seen = count()
                if seen > 1:
                    raise _left(live)
                screen.show([Note(STOPPING, "warning")])
                # Stopping a build may take a while, and the second interrupt must be felt.
                threading.Thread(target=live.cancel, daemon=True).start()
        screen.show(feed.take())
    feed.check()
    return live.result()


def _left(live: LiveRun) -> Cancelled:
    if not live.run_id:  # a deployment, which no journal keeps
        return Cancelled(
            "It was left while it is being stopped.",
            hint="%azureml_image resources shows what is there.",
        )
    return Cancelled(
        f"Run {live.run_id} was left while it is being stopped.",
        hint=f"%azureml_image attach {live.run_id} shows how it ended.",
    )


class Feed:
    """A run's events, collected by a thread of its own, which does nothing else; `over` is set
    when there will be no more."""

    def __init__(self, live: LiveRun) -> None:
        self.over = threading.Event()
        self._events: deque[Event] = deque()
        self._error: BaseException | None = None
        threading.Thread(target=self._collect, args=(live,), daemon=True).start()

    def take(self) -> list[Event]:
        """What came since the last call."""
        return [self._events.popleft() for _ in range(len(self._events))]

    def check(self) -> None:
        """Raise what ended the collecting, if that was no end of the run."""
        if self._error is not None:
            raise self._error

    def _collect(self, live: LiveRun) -> None:
        try:
            self._events.extend(live.events())
        except BaseException as error:  # raised again in the cell's thread
            self._error = error
        finally:
            self.over.set()


class _Count:
    def __init__(self) -> None:
        self.value = 0

    def __call__(self) -> int:
        return self.value


@contextmanager
def _interrupts() -> Iterator[_Count]:
    """How often the user interrupted, counted instead of raised: an update of the display or
    a step of the loop is never cut in two. Outside the main thread there are no signals."""
    count = _Count()

    def more(number: int, frame: Any) -> None:
        count.value += 1

    if threading.current_thread() is not threading.main_thread():
        yield count
        return
    before = signal.signal(signal.SIGINT, more)
    try:
        yield count
    finally:
        signal.signal(signal.SIGINT, before)
