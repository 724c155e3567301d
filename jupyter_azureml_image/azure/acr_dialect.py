"""An ACR run's log as events: the agent's lines, the builder's steps, the push.

The agent stamps its own lines with date and time; between "Launching container with name: build"
and its end the lines are the builder's: the classic builder's in a quick build, BuildKit's plain
progress in a task file.
"""

from __future__ import annotations

import re
import time
from collections import deque
from collections.abc import Callable
from typing import Protocol

from ..build.dialects.classic import ClassicReader
from ..build.dialects.reader import Failed
from ..build.dialects.steps import Steps
from ..build.dialects.text import Lines
from ..events import Emit, LogLine, StepEnded, StepOutcome, StepStarted
from .acr_plain import PlainReader

_STAMP = re.compile(r"\d{4}/\d\d/\d\d \d\d:\d\d:\d\d (.*)")
_BUILD = "Launching container with name: build"
_BUILT = re.compile(r"Successfully executed container: build|Container failed during run: build")
_SOURCE = re.compile(r"(Downloading|Finished downloading) source code")
_PUSH = re.compile(r"Pushing image: (\S+), attempt (\d+)")
_PUSHED = re.compile(r"Successfully pushed image")
_KEPT = 20
_LAYER = re.compile(r"[0-9a-f]{12}: (Preparing|Waiting|Pushing|Pushed|Mounted|Layer)")


class _Builder(Protocol):
    """A reader of the builder's own lines."""

    def line(self, line: str) -> None:
        """Take one clean line."""

    def finish(self, outcome: StepOutcome) -> None:
        """No more comes."""

    def fail(self, error: str) -> Failed:
        """The builder gave up."""


class AcrReader:
    """Turns a run's log, in whatever portions it comes, into events."""

    def __init__(
        self,
        steps: Steps,
        emit: Emit,
        *,
        buildkit: bool,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._emit, self._clock = emit, clock
        self._lines = Lines()
        self._builder: _Builder = (
            PlainReader(steps, emit, clock) if buildkit else ClassicReader(steps, emit, clock)
        )
        self._building = False
        self._pushing: float | None = None
        self._last = ""
        self._agent = ""
        self._downloading = False
        self._outside: deque[str] = deque(maxlen=_KEPT)

    def feed(self, data: bytes) -> None:
        """Take a portion; it may end in the middle of a line, or of a letter."""
        for line in self._lines.feed(data):
            self._line(line)

    def finish(self, outcome: StepOutcome) -> Failed | None:
        """The run ended; of a failed build, what the builder said."""
        for line in self._lines.end():
            self._line(line)
        self._end_push("failed" if outcome == "failed" else outcome)
        if outcome == "failed" and self._last:
            return self._builder.fail(self._last)
        self._builder.finish(outcome)
        return None

    @property
    def last_agent_line(self) -> str:
        """What the agent said last; the cause of a run that failed outside the build."""
        return self._agent

    @property
    def last_lines(self) -> tuple[str, ...]:
        """The last lines that are not the builder's: what a pull, a sign-in or a push said."""
        return tuple(self._outside)

    @property
    def source_missing(self) -> bool:
        """Whether the agent began to download the context and said nothing of having it."""
        return self._downloading

    def _line(self, line: str) -> None:
        stamped = _STAMP.fullmatch(line)
        if stamped:
            self._agent_line(stamped.group(1), line)
        elif self._building:
            self._last = line if line.strip() else self._last
            self._builder.line(line)
        elif not _LAYER.match(line) and line.strip():
            self._outside.append(line)
            self._emit(LogLine(line, "push" if self._pushing is not None else None))

    def _agent_line(self, words: str, line: str) -> None:
        self._agent = words
        self._outside.append(words)
        push = _PUSH.search(words)
        if source := _SOURCE.match(words):
            self._downloading = source.group(1) == "Downloading"
        elif words.startswith(_BUILD):
            self._building = True
        elif _BUILT.search(words):
            self._building = False
            if words.startswith("Successfully"):
                self._builder.finish("done")
                self._last = ""
        elif push:
            self._begin_push(push.group(1))
        elif _PUSHED.search(words):
            self._end_push("done")
        self._emit(LogLine(line))

    def _begin_push(self, image: str) -> None:
        if self._pushing is None:
            self._pushing = self._clock()
            self._emit(StepStarted("push", f"push {image}"))

    def _end_push(self, outcome: StepOutcome) -> None:
        if self._pushing is not None:
            self._emit(StepEnded("push", outcome, self._clock() - self._pushing))
            self._pushing = None
