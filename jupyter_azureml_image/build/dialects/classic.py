"""The classic builder's prose as events: `Step 2/5 : RUN ...`, ` ---> Using cache`, output.

Also the dialect of ACR Tasks' quick builds, whose log has the same lines.
"""

from __future__ import annotations

import re
import time
from collections import deque
from collections.abc import Callable

from ...events import Emit, LogLine, Note, StepEnded, StepOutcome, StepStarted
from .reader import Failed
from .steps import Step, Steps
from .text import Lines

_STEP = re.compile(r"Step (\d+)/(\d+) ?: (.*)")
_RUNNING = re.compile(r" ---> Running in ([0-9a-f]{8,64})")
_IMAGE = re.compile(r" ---> ([0-9a-f]{8,64})$")
_REMOVED = re.compile(
    r"(?: ---> )?Removed intermediate container ([0-9a-f]{8,64})|Removing intermediate"
)
_BUILT = re.compile(r"Successfully built ([0-9a-f]{8,64})")
_TAGGED = "Successfully tagged "
_CACHED = " ---> Using cache"
_WARNING = re.compile(r"\[Warning\] (.*)")
_OWN = ("Step ", " ---> ", "Remov", "Successfully ", "[Warning] ")  # how its own lines begin
_KEPT = 40


class ClassicReader:
    """Turns one build's output into events; `containers` and `images` are what it made."""

    def __init__(
        self, steps: Steps, emit: Emit, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._steps, self._emit, self._clock = steps, emit, clock
        self._lines = Lines()
        self._count = 0
        self._open: tuple[str, Step, float] | None = None
        self._outcome: StepOutcome = "done"
        self._last: deque[str] = deque(maxlen=_KEPT)
        self._quiet = True
        self._from = False
        self.containers: list[str] = []
        self.images: list[str] = []

    def feed_text(self, text: str) -> None:
        """Take a portion of the output; it may end in the middle of a line."""
        for line in self._lines.feed_text(text):
            self.line(line)

    def pulling(self) -> None:
        """The builder is pulling the base: the step is not a cached one."""
        if self._from:
            self._outcome = "done"

    def line(self, line: str) -> None:
        """Take one clean line."""
        if not line.startswith(_OWN):
            self._say(line)
        elif match := _STEP.match(line):
            self._close()
            self._begin(int(match[1]), match[3])
        elif line.startswith(_CACHED):
            self._outcome = "cached"
        elif match := _RUNNING.match(line):
            self.containers.append(match[1])
            self._quiet = False
        elif match := _IMAGE.match(line):
            if self._outcome != "cached":
                self.images.append(match[1])
        elif match := _WARNING.match(line):
            self._emit(Note(match[1], "warning"))
        elif not (_REMOVED.match(line) or _BUILT.match(line) or line.startswith(_TAGGED)):
            self._say(line)

    def finish(self, outcome: StepOutcome) -> None:
        """No more comes; the open step ended with `outcome`."""
        for line in self._lines.end():
            self.line(line)
        if outcome != "done":
            self._outcome = outcome
        self._close()

    def fail(self, error: str) -> Failed:
        """The builder gave up with `error`: closes the open step."""
        for line in self._lines.end():
            self.line(line)
        step = self._open[1] if self._open else None
        failed = Failed(error, step, tuple(self._last))
        self.finish("failed")
        return failed

    def _begin(self, number: int, words: str) -> None:
        self._last.clear()
        self._outcome, self._quiet = "done", True
        self._from = words.upper().startswith("FROM ")
        step = self._steps.classic(number, words)
        if step is None:
            return
        if self._from:
            self._outcome = "cached"
        self._count += 1
        self._open = (f"step-{self._count}", step, self._clock())
        self._emit(StepStarted(self._open[0], step.title, step.line))

    def _say(self, line: str) -> None:
        if self._open is None or (self._quiet and not line):
            return
        self._last.append(line)
        self._emit(LogLine(line, self._open[0]))

    def _close(self) -> None:
        if self._open is None:
            return
        identity, _, started = self._open
        self._open = None
        seconds = 0.0 if self._outcome == "cached" else self._clock() - started
        self._emit(StepEnded(identity, self._outcome, seconds))
