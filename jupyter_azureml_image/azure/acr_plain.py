"""BuildKit's plain progress (`#4 [2/3] RUN make`) as events, through the common reader."""

from __future__ import annotations

import re
import time
from collections.abc import Callable

from ..build.dialects.reader import Failed, SolveReader
from ..build.dialects.solve import Output, Solve, Vertex
from ..build.dialects.steps import Steps
from ..events import Emit, StepOutcome

_LINE = re.compile(r"#(\d+) (.*)")
_DONE = re.compile(r"DONE(?: ([\d.]+)s)?$")
_ERROR = re.compile(r"ERROR:? (.*)")
_TIME = re.compile(r"\d+\.\d+ ")
_PROGRESS = re.compile(r"\.\.\.$|sha256:[0-9a-f]{64} [\d.]+")


class PlainReader:
    """Reads the lines of one build; takes the place of the classic builder's reader."""

    def __init__(
        self, steps: Steps, emit: Emit, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._reader = SolveReader(steps, emit)
        self._clock = clock
        self._open: dict[str, Vertex] = {}
        self._tail: list[str] = []

    def line(self, line: str) -> None:
        """Take one clean line."""
        match = _LINE.match(line)
        if match is None:
            self._tail = [*self._tail, line][-40:]
            return
        number, words = match.groups()
        vertex = self._open.get(number)
        if vertex is None:
            self._begin(number, words)
        elif words == "CACHED":
            self._end(vertex, 0.0, cached=True)
        elif done := _DONE.match(words):
            spent = done.group(1)
            self._end(vertex, float(spent) if spent else self._clock() - (vertex.started or 0.0))
        elif error := _ERROR.match(words):
            self._end(vertex, 0.0, error=error.group(1))
        elif words != vertex.name and not _PROGRESS.match(words):
            data = f"{_TIME.sub('', words, count=1)}\n".encode()
            self._reader.see(Solve(outputs=(Output(vertex.digest, data),)))

    def finish(self, outcome: StepOutcome) -> None:
        """No more comes; what is open ended so."""
        self._reader.finish(outcome)

    def fail(self, error: str) -> Failed:
        """The builder gave up: what it said of the step that failed, else its last words."""
        self._reader.finish("failed")
        return self._reader.failed or Failed(error, None, tuple(self._tail))

    def _begin(self, number: str, name: str) -> None:
        vertex = Vertex(digest=number, name=name, started=self._clock())
        self._open[number] = vertex
        self._reader.see(Solve(vertexes=(vertex,)))

    def _end(
        self, vertex: Vertex, seconds: float, *, cached: bool = False, error: str = ""
    ) -> None:
        started = vertex.started or 0.0
        ended = Vertex(vertex.digest, vertex.name, cached, started, started + seconds, error)
        self._reader.see(Solve(vertexes=(ended,)))
