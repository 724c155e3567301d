"""A run's events and its log as files, appended to while it goes on."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from json.encoder import encode_basestring_ascii
from pathlib import Path
from typing import IO, Any

from . import events
from .events import Event, LogLine, Note

_FLUSH_SECONDS = 0.2


def line_of(event: Event) -> str:
    """An event as it is written; a log line, of which there may be 100,000, by the short way."""
    at = round(time.time(), 3)
    if not isinstance(event, LogLine):
        return json.dumps({"at": at, **events.to_json(event)})
    step = "null" if event.step is None else encode_basestring_ascii(event.step)
    text = encode_basestring_ascii(event.text)
    return f'{{"at": {at}, "event": "LogLine", "text": {text}, "step": {step}}}'


class Recorder:
    """Appends events to a run's files, where other kernels read them while they come."""

    def __init__(self, folder: Path) -> None:
        self._lock = threading.Lock()
        self._events = _append(folder / "events.jsonl")
        self._log = _append(folder / "build.log")
        self._due: threading.Timer | None = None
        self._fault: Note | None = None  # not yet told

    def write(self, event: Event) -> Note | None:
        """Write one event down; it can be read by others within a fifth of a second. A warning,
        once, where that cannot be done any more: a full disk is no end of the run."""
        line = line_of(event)
        with self._lock:
            if not self._events.closed:
                self._try(self._put, line, event)
            told, self._fault = self._fault, None
        return told

    def close(self) -> None:
        """Everything is on disk; later events are dropped."""
        with self._lock:
            if self._due is not None:
                self._due.cancel()
            self._give_up()

    def _put(self, line: str, event: Event) -> None:
        self._events.write(line + "\n")
        if isinstance(event, LogLine):
            self._log.write(event.text + "\n")
            self._flush_soon()
        else:
            self._flush()

    def _try(self, write: Callable[..., None], *what: Any) -> None:
        try:
            write(*what)
        except OSError as error:
            # No more of it, or a line that was half written would stand in the middle.
            self._give_up()
            self._fault = Note(f"The record of this run ends here: {error.strerror}.", "warning")

    def _give_up(self) -> None:
        for file in (self._events, self._log):
            with suppress(OSError):  # what is still to be written is tried once more
                file.close()

    def _flush_soon(self) -> None:
        # By the clock and not by the line: the last line before a long silence must show.
        if self._due is None:
            self._due = threading.Timer(_FLUSH_SECONDS, self._flush_due)
            self._due.daemon = True
            self._due.start()

    def _flush_due(self) -> None:
        with self._lock:
            self._due = None
            if not self._events.closed:
                self._try(self._flush)

    def _flush(self) -> None:
        self._events.flush()
        self._log.flush()


def _append(path: Path) -> IO[str]:
    return path.open("a", encoding="utf-8", errors="backslashreplace")
