"""A run under way: one worker thread, its events for whoever watches, its result at the end."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator

from .cancellation import Cancellation
from .events import Emit, Event, LinesSkipped, LogLine
from .result import ImageBuild

Work = Callable[[Emit, Cancellation], ImageBuild]

_KEPT_LINES = 2000  # log lines a late watcher still gets; the file has them all


class LiveRun:
    """A run in this process. Any thread may watch, cancel, or wait for it."""

    def __init__(self, run_id: str, work: Work) -> None:
        self.run_id = run_id
        self._work = work
        self._cancellation = Cancellation()
        self._changed = threading.Condition()
        self._history: list[Event] = []
        self._lines: deque[Event] = deque(maxlen=_KEPT_LINES)
        self._line_count = 0
        self._watchers: list[deque[Event]] = []
        self._result: ImageBuild | None = None
        self._error: BaseException | None = None
        self._over = False
        # A daemon, so that a kernel can end: what outlives it is the build itself.
        self._thread = threading.Thread(target=self._main, name=f"run {run_id}", daemon=True)

    def start(self) -> LiveRun:
        """Begin the work; returns at once."""
        self._thread.start()
        return self

    @property
    def over(self) -> bool:
        """Whether it ended."""
        return self._over

    def events(self) -> Iterator[Event]:
        """Every event from the first (of the log lines before now: the last ones), then those
        to come; ends with the run. Blocks in short slices, so that an interrupt is felt."""
        mine = self._watch()
        try:
            while True:
                with self._changed:
                    while not mine and not self._over:
                        self._changed.wait(0.2)
                    batch = list(mine)
                    mine.clear()
                    last = self._over
                yield from batch
                if last and not batch:
                    return
        finally:
            with self._changed:
                self._watchers.remove(mine)

    def cancel(self) -> None:
        """Ask it to stop where it runs; returns once that was asked."""
        self._cancellation.request()

    def result(self, timeout: float | None = None) -> ImageBuild:
        """What came of it; raises the ImageError that ended it, or TimeoutError."""
        self._thread.join(timeout)
        if self._error is not None:
            raise self._error
        if self._result is None:
            raise TimeoutError(f"Run {self.run_id} is still under way.")
        return self._result

    def emit(self, event: Event) -> None:
        """Hand an event to everyone who watches."""
        with self._changed:
            if isinstance(event, LogLine):
                self._lines.append(event)
                self._line_count += 1
            else:
                self._history.append(event)
            for watcher in self._watchers:
                watcher.append(event)
            self._changed.notify_all()

    def _watch(self) -> deque[Event]:
        with self._changed:
            gone = self._line_count - len(self._lines)
            skipped = [LinesSkipped(gone)] if gone else []
            mine: deque[Event] = deque([*self._history, *skipped, *self._lines])
            self._watchers.append(mine)
        return mine

    def _main(self) -> None:
        try:
            self._result = self._work(self.emit, self._cancellation)
        except BaseException as error:  # handed to whoever asks for the result
            self._error = error
        finally:
            with self._changed:
                self._over = True
                self._changed.notify_all()
