"""The words that every view shows: said once here, so that text and HTML cannot differ."""

from __future__ import annotations

import re

from ..events import Note, RunEnded, Transfer
from .fold import StageState, State, StepState

SIGNS = {
    "running": "…",
    "unfinished": "–",
    "done": "✓",
    "cached": "✓",
    "reused": "↺",
    "skipped": "–",
    "failed": "✗",
    "cancelled": "■",
}
"""A sign for every state; it always stands beside the word."""

LONGEST = 2_000
"""How many characters of a log line are shown."""

# Escape sequences of terminals (CSI, OSC and two-character ones), then other control characters.
_ESCAPES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\-_])")
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def clean(text: str) -> str:
    """`text` without escape sequences, control characters and marks that reorder or hide it."""
    return _CONTROLS.sub("", _ESCAPES.sub("", text))


def log_line(text: str) -> str:
    """A line of the log; of a very long one, which no page could hold 200 of, the beginning."""
    more = len(text) - LONGEST
    if more <= 0:
        return clean(text)
    return f"{clean(text[:LONGEST])}… ({more:,} more characters are in the log file)"


def size(count: int) -> str:
    """A number of bytes for people: decimal units, as Docker prints them."""
    value = float(count)
    for unit in ("B", "kB", "MB", "GB"):
        if value < 1000:
            return f"{value:.0f} {unit}" if unit == "B" else f"{value:.3g} {unit}"
        value /= 1000
    return f"{value:.3g} TB"


def seconds(value: float) -> str:
    """A duration for people."""
    if value < 60:
        return f"{value:.1f} s"
    return f"{int(value // 60)} min {int(value % 60):02} s"


def lines(count: int) -> str:
    """A number of lines."""
    return f"{count:,} line{'s' if count != 1 else ''}"


def headline(state: State) -> str:
    """The first line: what runs, and how to find it again."""
    parts = [state.name or "run", f"run {state.run_id}"] if state.run_id else [state.name or "run"]
    return " · ".join([*parts, *(["SANDBOX"] if state.sandbox else [])])


def stage(view: StageState) -> str:
    """One stage in one line."""
    head = f"{SIGNS[view.state]} {view.stage} {view.state}"
    took = "" if view.seconds is None else f" ({seconds(view.seconds)})"
    return f"{head}{took}{': ' if view.sentence else ''}{clean(view.sentence)}"


def step(view: StepState) -> str:
    """One build instruction in one line."""
    told = [seconds(view.seconds)] if view.state in ("done", "failed") else []
    told += [size(view.size)] if view.size else []
    about = f" ({', '.join(told)})" if told else ""
    return f"{SIGNS[view.state]} {view.state}{about}: {clean(view.title)}"


def note(view: Note) -> str:
    """One sentence; a warning says that it is one."""
    return f"Warning: {clean(view.text)}" if view.level == "warning" else clean(view.text)


def transfer(view: Transfer) -> str:
    """How far bytes have moved."""
    of = f" of {size(view.total)}" if view.total is not None else ""
    return f"{view.what}: {size(view.done)}{of}"


def queued(value: float) -> str:
    """How long a cloud build has waited."""
    return f"Waiting for a machine for {seconds(value)}."


def skipped(count: int) -> str:
    """The mark in place of log lines that are only in the file."""
    return f"… {count:,} earlier lines are in the log file"


def ending(view: RunEnded, state: State) -> str:
    """The last line of a run; what a stage said already is not said again."""
    said = any(stage.sentence == view.sentence for stage in state.stages)
    sentence = f": {clean(view.sentence)}" if view.sentence and not said else ""
    return f"{SIGNS[view.outcome]} {view.outcome} after {seconds(view.seconds)}{sentence}"
