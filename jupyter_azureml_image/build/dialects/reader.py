"""BuildKit's records as events: steps, their output, bytes on their way, warnings."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from ...events import Emit, LogLine, Note, StepEnded, StepOutcome, StepStarted, Transfer
from ..transfers import Bytes
from .solve import Advice, Output, Solve, Status, Vertex
from .steps import Step, Steps
from .text import Lines

_NUMBERED = re.compile(
    r"\[(?:(?P<stage>[^\]]*?) +)?(?P<number>\d+)/(?P<total>\d+)\] (?P<words>.*)", re.S
)
_PLATFORM = re.compile(r"^[a-z0-9]+/[a-z0-9]+(?:/v\d+)?(?:->[a-z0-9/]+)? *")
_METADATA = re.compile(r"load metadata for (\S+)")
_CONTEXT = "load build context"
_KEPT = 40  # last lines remembered for a failure


@dataclass
class Running:
    """A step on its way, and the end of its output."""

    id: str
    step: Step
    started: float
    completed: float | None = None
    cached: bool = False
    lines: Lines = field(default_factory=Lines)
    last: deque[str] = field(default_factory=lambda: deque(maxlen=_KEPT))
    pulled: bool = False
    used: bool = False
    ended: bool = False

    @property
    def base(self) -> bool:
        """Whether this is a FROM."""
        return self.step.title.startswith("FROM ")


@dataclass(frozen=True, slots=True)
class Failed:
    """What went wrong in the builder's words, in which step, and while doing what."""

    error: str
    step: Step | None = None
    last_lines: tuple[str, ...] = ()
    during: str = ""


class SolveReader:
    """Turns one build's records into events, in order; `failed` holds the first error."""

    def __init__(self, steps: Steps, emit: Emit) -> None:
        self._steps, self._emit = steps, emit
        self._running: dict[str, Running] = {}
        self._names: dict[str, str] = {}
        self._pulled = Bytes("pull", emit)
        self._warned: set[str] = set()
        self._read: dict[str, float] = {}
        self.failed: Failed | None = None
        self.context_read: Callable[[], None] = lambda: None
        """Called each time the builder has read the context."""

    def see(self, solve: Solve) -> None:
        """Take one message."""
        for vertex in solve.vertexes:
            self._begin(vertex)
        for output in solve.outputs:
            self._output(output)
        for status in solve.statuses:
            self._status(status)
        for warning in solve.warnings:
            self._warning(warning)
        for vertex in solve.vertexes:
            self._end(vertex)

    def finish(self, outcome: StepOutcome = "cancelled") -> None:
        """No more comes: what still runs ended with `outcome`."""
        for running in self._running.values():
            if running.completed is not None:
                self._complete(running)
            elif not running.ended:
                self._close(running, outcome, 0.0)

    def _begin(self, vertex: Vertex) -> None:
        self._names[vertex.digest] = vertex.name
        if vertex.digest in self._running or vertex.started is None:
            return
        for digest in vertex.inputs:
            # Only now is a base at an end: before, it may be started once more, to be fetched.
            if used := self._running.get(digest):
                used.used = True
                self._complete(used)
        step = self._step_of(vertex.name)
        if step is not None:
            running = Running(f"step-{len(self._running) + 1}", step, vertex.started)
            self._running[vertex.digest] = running
            self._emit(StepStarted(running.id, step.title, step.line))

    def _step_of(self, name: str) -> Step | None:
        match = _NUMBERED.match(name)
        if match:
            stage = _PLATFORM.sub("", match["stage"] or "")
            number, total = int(match["number"]), int(match["total"])
            return self._steps.buildkit(stage, number, total, match["words"])
        # Writing the image can take as long as building it; the rest of BuildKit's own nodes
        # (definitions, metadata, sign-ins) is over before anyone can read it.
        return Step(name) if name.startswith("exporting to") else None

    def _end(self, vertex: Vertex) -> None:
        if _CONTEXT in vertex.name and vertex.completed is not None:
            self._context_read(vertex.digest, vertex.completed)
        running = self._running.get(vertex.digest)
        if vertex.error and not _stopped(vertex.error) and self.failed is None:
            if running is not None:
                self._flush(running)
            last = tuple(running.last) if running else ()
            step = running.step if running else self._base_of(vertex)
            self.failed = Failed(vertex.error, step, last, vertex.name)
        if running is None or running.ended or (vertex.completed is None and not vertex.error):
            return
        if vertex.error:
            took = (vertex.completed or running.started) - running.started
            outcome: StepOutcome = "cancelled" if _stopped(vertex.error) else "failed"
            self._close(running, outcome, max(0.0, took))
            return
        running.completed, running.cached = vertex.completed, vertex.cached
        if running.used or not running.base:
            self._complete(running)

    def _context_read(self, vertex: str, when: float) -> None:
        """Pass on that the context was read, which BuildKit may tell several times."""
        if self._read.get(vertex) != when:
            self._read[vertex] = when
            self.context_read()

    def _complete(self, running: Running) -> None:
        if running.ended or running.completed is None:
            return
        # BuildKit calls a base cached only when it was used before; here that it was at hand.
        at_hand = running.base and not running.pulled
        outcome: StepOutcome = "cached" if running.cached or at_hand else "done"
        self._close(running, outcome, max(0.0, running.completed - running.started))

    def _base_of(self, vertex: Vertex) -> Step | None:
        """The FROM whose image's metadata could not be had: shown as a failed step."""
        match = _METADATA.search(vertex.name)
        step = self._steps.origin(match[1]) if match else None
        if step is not None:
            running = Running(f"step-{len(self._running) + 1}", step, 0.0, ended=True)
            self._running[vertex.digest] = running
            self._emit(StepStarted(running.id, step.title, step.line))
            self._emit(StepEnded(running.id, "failed", 0.0))
        return step

    def _close(self, running: Running, outcome: StepOutcome, seconds: float) -> None:
        self._flush(running)
        running.ended = True
        self._emit(StepEnded(running.id, outcome, seconds))

    def _flush(self, running: Running) -> None:
        self._say(running, running.lines.end())

    def _output(self, output: Output) -> None:
        running = self._running.get(output.vertex)
        if running is not None:
            self._say(running, running.lines.feed(output.data))

    def _say(self, running: Running, lines: list[str]) -> None:
        for line in lines:
            running.last.append(line)
            self._emit(LogLine(line, running.id))

    def _status(self, status: Status) -> None:
        if _CONTEXT in self._names.get(status.vertex, ""):
            if status.id.startswith("transferring"):
                self._emit(Transfer("context", status.current, status.total or None))
        elif status.total and status.id.startswith("sha256:"):
            self._pulled.layer(status.id, status.current, status.total)
            if status.vertex in self._running:
                self._running[status.vertex].pulled = True

    def _warning(self, warning: Advice) -> None:
        if warning.short in self._warned:
            return
        self._warned.add(warning.short)
        line = warning.line and warning.line + self._steps.above
        told = f" (line {line})" if line and "(line" not in warning.short else ""
        self._emit(Note(f"{warning.short}{told}", "warning"))


def _stopped(error: str) -> bool:
    return "context canceled" in error or error.endswith("Canceled")
