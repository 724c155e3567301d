"""The state of a run as every view shows it, folded from the event stream.

`fold` is pure: the same events give the same state, live or replayed from the journal.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any, Literal

from ..events import (
    Connected,
    Event,
    Findings,
    LayerSize,
    LinesSkipped,
    Listing,
    LogLine,
    Note,
    Outcome,
    Queued,
    RunEnded,
    RunStarted,
    StageEnded,
    StageStarted,
    StepEnded,
    StepOutcome,
    StepStarted,
    Transfer,
)
from ..lint.diagnostic import Diagnostic
from ..records import dataclass
from ..stages import Stage

KEPT_LINES = 200
"""How many log lines a view keeps; the file beside the journal has them all."""


@dataclass(frozen=True, slots=True)
class StageState:
    """One stage that began; `listing` are the preformatted lines that belong to it, `seconds` None
    where nobody told its end."""

    stage: Stage
    state: Literal["running", "unfinished"] | Outcome = "running"
    seconds: float | None = None
    sentence: str = ""
    listing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class StepState:
    """One build instruction (or other step) that began, in `stage` where a stage was running;
    `size` are the bytes it added to the image, as far as that is known."""

    step: str
    title: str
    line: int | None = None
    state: Literal["running", "unfinished"] | StepOutcome = "running"
    seconds: float = 0.0
    stage: Stage | None = None
    size: int = 0


@dataclass(frozen=True, slots=True)
class State:
    """All that a view shows. `above` lines stand over `text` where it is read; `log` is the end
    of the log, `log_lines` how many lines there were; `ended` None while it runs; `queued` the
    seconds a cloud build has waited so far.
    """

    run_id: str = ""
    name: str = ""
    until: Stage = "register"
    sandbox: bool = False
    stages: tuple[StageState, ...] = ()
    steps: tuple[StepState, ...] = ()
    notes: tuple[Note, ...] = ()
    findings: tuple[Diagnostic, ...] = ()
    text: str = ""
    above: int = 0
    log: tuple[LogLine, ...] = ()
    log_lines: int = 0
    transfers: tuple[Transfer, ...] = ()
    queued: float | None = None
    ended: RunEnded | None = None

    @property
    def skipped(self) -> int:
        """How many log lines are only in the file."""
        return self.log_lines - len(self.log)

    @property
    def failed_step(self) -> StepState | None:
        """The step that failed, if one did."""
        return next((step for step in self.steps if step.state == "failed"), None)

    def steps_of(self, stage: Stage) -> tuple[StepState, ...]:
        """The steps that began in that stage."""
        return tuple(step for step in self.steps if step.stage == stage)

    def step(self, name: str) -> StepState | None:
        """The step of that name."""
        return next((step for step in self.steps if step.step == name), None)


def fold(state: State, event: Event) -> State:
    """The state after one more event."""
    return _FOLDS[type(event)](state, event)


def fold_all(state: State, events: Iterable[Event]) -> State:
    """The state after all of `events`; long runs of log lines cost little."""
    lines: list[LogLine] = []
    for event in events:
        if isinstance(event, LogLine):
            lines.append(event)
            continue
        state = fold(_logged(state, lines), event)
        lines = []
    return _logged(state, lines)


def _logged(state: State, lines: list[LogLine]) -> State:
    if not lines:
        return state
    log = (*state.log, *lines[-KEPT_LINES:])[-KEPT_LINES:]
    return replace(state, log=log, log_lines=state.log_lines + len(lines))


def _line(state: State, event: LogLine) -> State:
    return _logged(state, [event])


def _skipped(state: State, event: LinesSkipped) -> State:
    return replace(state, log_lines=state.log_lines + event.count)


def _started(state: State, event: RunStarted) -> State:
    return State(event.run_id, event.name, event.until)


def _stage_started(state: State, event: StageStarted) -> State:
    # A run that is followed in a new kernel comes to the same stage a second time.
    earlier = tuple(stage for stage in state.stages if stage.stage != event.stage)
    return replace(state, stages=(*earlier, StageState(event.stage)), ended=None)


def _stage_ended(state: State, event: StageEnded) -> State:
    known = _stage(state, event.stage)
    ended = replace(known, state=event.outcome, seconds=event.seconds, sentence=event.sentence)
    return _with_stage(state, ended)


def _listing(state: State, event: Listing) -> State:
    return _with_stage(state, replace(_stage(state, event.stage), listing=event.lines))


def _stage(state: State, stage: Stage) -> StageState:
    return next((s for s in state.stages if s.stage == stage), StageState(stage))


def _with_stage(state: State, changed: StageState) -> State:
    if all(s.stage != changed.stage for s in state.stages):
        return replace(state, stages=(*state.stages, changed))
    stages = tuple(changed if s.stage == changed.stage else s for s in state.stages)
    return replace(state, stages=stages)


def _step_started(state: State, event: StepStarted) -> State:
    running = next((s.stage for s in reversed(state.stages) if s.state == "running"), None)
    step = StepState(event.step, event.title, event.line, stage=running)
    earlier = tuple(s for s in state.steps if s.step != event.step)
    return replace(state, steps=(*earlier, step), queued=None)


def _step_ended(state: State, event: StepEnded) -> State:
    steps = tuple(
        replace(s, state=event.outcome, seconds=event.seconds) if s.step == event.step else s
        for s in state.steps
    )
    return replace(state, steps=steps)


def _sized(state: State, event: LayerSize) -> State:
    steps = tuple(replace(s, size=event.size) if s.line == event.line else s for s in state.steps)
    return replace(state, steps=steps)


def _note(state: State, event: Note) -> State:
    return state if event in state.notes else replace(state, notes=(*state.notes, event))


def _connected(state: State, event: Connected) -> State:
    return _note(replace(state, sandbox=event.sandbox), Note(event.text))


def _findings(state: State, event: Findings) -> State:
    return replace(state, findings=event.diagnostics, text=event.text, above=event.above)


def _transfer(state: State, event: Transfer) -> State:
    others = tuple(t for t in state.transfers if t.what != event.what)
    return replace(state, transfers=(*others, event))


def _queued(state: State, event: Queued) -> State:
    return replace(state, queued=event.seconds)


def _ended(state: State, event: RunEnded) -> State:
    # The kernel died, the run is followed no more, or a bug of ours: what became of these is not
    # known here.
    stages = tuple(
        replace(s, state="unfinished") if s.state == "running" else s for s in state.stages
    )
    steps = tuple(
        replace(s, state="unfinished") if s.state == "running" else s for s in state.steps
    )
    return replace(state, stages=stages, steps=steps, ended=event, queued=None)


_FOLDS: dict[type[Any], Callable[[State, Any], State]] = {
    RunStarted: _started,
    StageStarted: _stage_started,
    StageEnded: _stage_ended,
    Connected: _connected,
    Note: _note,
    Findings: _findings,
    Listing: _listing,
    StepStarted: _step_started,
    StepEnded: _step_ended,
    LayerSize: _sized,
    LogLine: _line,
    LinesSkipped: _skipped,
    Transfer: _transfer,
    Queued: _queued,
    RunEnded: _ended,
}
