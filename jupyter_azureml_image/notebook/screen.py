"""Where a run is shown: one display slot that is replaced, or printed lines."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any, Protocol

from ..events import Event, LogLine, Transfer
from ..view.fold import State, fold, fold_all
from ..view.text import added, lines

BY_INTERRUPT = (
    "To stop it: the stop button (■) of the notebook, which interrupts the kernel. "
    "A second press leaves it at once."
)
BY_CANCEL = "To stop it: Cancel."
SLOWEST = 1.0
"""Seconds between two printed log lines."""


class Screen(Protocol):
    """Something that shows a run; called from the thread of the cell only."""

    def show(self, events: Sequence[Event]) -> None:
        """Show what these events add."""


class Slot:
    """One display slot, updated with the whole state: at any moment it holds all there is to
    see, and what it holds last is what the saved notebook keeps."""

    def __init__(self, log_file: str = "", *, handle: Any = None) -> None:
        self._log_file = log_file
        # A click is not answered while a cell runs; work of a panel has its button.
        self._stop = BY_CANCEL if handle is not None else BY_INTERRUPT
        self._state = State()
        self._shown = False
        self._handle = handle

    def show(self, events: Sequence[Event]) -> None:
        """Fold the events in, and update the slot where that changed anything: an update takes the
        reader's place in the log, the selection and the opened parts away."""
        state = fold_all(self._state, events)
        if state is self._state and self._shown:
            return
        self._state = state
        self._put(self._bundle())

    def close(self, result: Any) -> None:
        """Put the result's card below the run: the static end of work that has no cell."""
        bundle = self._bundle()
        if hasattr(result, "_repr_html_"):
            bundle["text/html"] += result._repr_html_()
        bundle["text/plain"] += "\n\n" + pretty(result)
        self._put(bundle)

    def _put(self, bundle: dict[str, str]) -> None:
        from IPython.display import display

        self._shown = True
        if self._handle is None:
            self._handle = display(bundle, raw=True, display_id=True)  # type: ignore[no-untyped-call]  # IPython's
        else:
            self._handle.update(bundle, raw=True)

    def _bundle(self) -> dict[str, str]:
        from ..view.html import page

        told = [] if self._state.ended is not None else [self._stop]
        return {
            "text/plain": "\n".join([*lines(self._state), *told]),
            "text/html": page(self._state, log_file=self._log_file, stop=self._stop),
        }


def pretty(value: Any) -> str:
    """A value as IPython shows it in text."""
    from IPython.lib import pretty as printer

    return str(printer.pretty(value))  # type: ignore[no-untyped-call]  # IPython's


class Milestones:
    """Which of the many reports of a transfer are printed: the first, every quarter and the
    last; while nobody knows how much there is, each that has doubled."""

    def __init__(self) -> None:
        self._last: dict[str, tuple[Transfer, Transfer]] = {}  # by kind: printed, and seen

    def passes(self, report: Transfer) -> bool:
        """Whether this one is printed."""
        printed, seen = self._last.get(report.what, (None, None))
        if printed is None or seen is None or report.done < seen.done:  # the first, or another one
            due = True
        elif report == seen:
            due = False
        else:
            due = _further(report, printed)
        kept = report if due or printed is None else printed
        self._last[report.what] = (kept, report)
        return due


def _further(report: Transfer, printed: Transfer) -> bool:
    """Whether it has come so far since the one that was printed that it is worth a line."""
    if not report.total:
        return report.done >= 2 * printed.done
    if not printed.total:
        return True
    if report.total >= 2 * printed.total:  # layers show up one after another
        return report.done == report.total
    return 4 * report.done // report.total > 4 * printed.done // printed.total


class Printer:
    """Printed lines: every step and sentence, of the log at most a line a second, of transfers
    the milestones."""

    def __init__(self, write: Callable[[str], Any] = print) -> None:
        self._write = write
        self._state = State()
        self._quiet_until = 0.0
        self._milestones = Milestones()

    def show(self, events: Sequence[Event]) -> None:
        """Print what these events add."""
        for event in events:
            self._state = fold(self._state, event)
            if isinstance(event, LogLine) and not self._due():
                continue
            if isinstance(event, Transfer) and not self._milestones.passes(event):
                continue
            for line in added(event, self._state):
                self._write(line)

    def _due(self) -> bool:
        now = time.monotonic()
        if now < self._quiet_until:
            return False
        self._quiet_until = now + SLOWEST
        return True


class Keeper:
    """Shows nothing, and keeps the events of one type: for output that a program reads."""

    def __init__(self, kind: type[Any]) -> None:
        self._kind = kind
        self.events: list[Any] = []

    def show(self, events: Sequence[Event]) -> None:
        """Keep those that matter."""
        self.events += [event for event in events if isinstance(event, self._kind)]
