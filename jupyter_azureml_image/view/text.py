"""Plain text: the whole state, and the lines that one more event adds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from ..events import (
    Connected,
    Event,
    Findings,
    LayerSize,
    LinesSkipped,
    Listing,
    LogLine,
    Note,
    Queued,
    RunEnded,
    RunStarted,
    StageEnded,
    StepEnded,
    StepStarted,
    Transfer,
)
from ..lint.diagnostic import Diagnostic
from ..lint.render import render_one
from ..result import ImageBuild
from . import words
from .card import rows, text_of
from .fold import State

LAST_LINES = 40
"""How many log lines a failure shows."""


def lines(state: State) -> Iterator[str]:
    """Everything the state holds, as it reads when the run is over or saved."""
    yield words.headline(state)
    for stage in state.stages:
        yield words.stage(stage)
        yield from (f"    {words.clean(line)}" for line in stage.listing)
        if stage.stage == "check":
            yield from findings(state.findings, state.text, state.above)
        yield from (f"  {words.step(step)}" for step in state.steps_of(stage.stage))
    if not state.stages:  # a deployment has steps and no stages
        yield from (f"  {words.step(step)}" for step in state.steps)
    yield from (words.note(note) for note in state.notes)
    if state.queued is not None:
        yield words.queued(state.queued)
    if state.ended is None:
        yield from (words.transfer(transfer) for transfer in state.transfers)
    if state.ended is not None and state.ended.outcome == "failed":
        yield from (f"    {line}" for line in last_lines(state))
    if state.ended is not None:
        yield words.ending(state.ended, state)
        yield from (f"  {words.clean(line)}" for line in state.ended.hint.splitlines())


def findings(found: tuple[Diagnostic, ...], text: str, above: int = 0) -> Iterator[str]:
    """Each finding: sentence, the line with a mark under it, why, what to do, code."""
    for diagnostic in found:
        yield from (f"  {words.clean(line)}" for line in render_one(text, diagnostic, above))


def last_lines(state: State) -> list[str]:
    """The end of the log of what failed."""
    failed = state.failed_step
    of_step = [line for line in state.log if failed and line.step == failed.step]
    return [words.log_line(line.text) for line in (of_step or state.log)[-LAST_LINES:]]


def added(event: Event, state: State) -> Iterator[str]:
    """The lines that plain progress prints for `event`; `state` is the one after it."""
    show = _ADDED.get(type(event))
    if show is not None:
        yield from show(event, state)


def result_lines(build: ImageBuild) -> list[str]:
    """An ImageBuild as text."""
    return text_of(rows(build))


def _started(event: RunStarted, state: State) -> Iterator[str]:
    yield words.headline(state)


def _stage_ended(event: StageEnded, state: State) -> Iterator[str]:
    yield from (words.stage(stage) for stage in state.stages if stage.stage == event.stage)


def _findings(event: Findings, state: State) -> Iterator[str]:
    return findings(event.diagnostics, event.text, event.above)


def _listing(event: Listing, state: State) -> Iterator[str]:
    yield from (f"    {words.clean(line)}" for line in event.lines)


def _step(event: StepStarted | StepEnded, state: State) -> Iterator[str]:
    step = state.step(event.step)
    if step is not None and step.state != "cancelled":
        yield f"  {words.step(step)}"


def _sized(event: LayerSize, state: State) -> Iterator[str]:
    for step in state.steps:
        if step.line == event.line and event.size:
            yield f"  layer of {words.size(event.size)}: {words.clean(step.title)}"


def _connected(event: Connected, state: State) -> Iterator[str]:
    return _note(Note(event.text), state)


def _note(event: Note, state: State) -> Iterator[str]:
    yield words.note(event)


def _skipped(event: LinesSkipped, state: State) -> Iterator[str]:
    yield f"… {event.count:,} earlier lines are in the log file"


def _log(event: LogLine, state: State) -> Iterator[str]:
    yield f"    {words.log_line(event.text)}"


def _queued(event: Queued, state: State) -> Iterator[str]:
    yield words.queued(event.seconds)


def _transfer(event: Transfer, state: State) -> Iterator[str]:
    yield f"  {words.transfer(event)}"


def _ended(event: RunEnded, state: State) -> Iterator[str]:
    if event.outcome == "failed":
        yield from (f"    {line}" for line in last_lines(state))
    yield words.ending(event, state)
    yield from (f"  {words.clean(line)}" for line in event.hint.splitlines())


_ADDED: dict[type[Any], Callable[[Any, State], Iterator[str]]] = {
    RunStarted: _started,
    StageEnded: _stage_ended,
    Findings: _findings,
    Listing: _listing,
    StepStarted: _step,
    StepEnded: _step,
    LayerSize: _sized,
    Connected: _connected,
    Note: _note,
    LinesSkipped: _skipped,
    LogLine: _log,
    Queued: _queued,
    Transfer: _transfer,
    RunEnded: _ended,
}
