"""What was seen of a run, kept in its own folder: a new kernel shows it again and reads on.

JSON lines: the events before Azure had started the run, then its log in the portions in which it
was read. Each portion says when it came and where it stands: in the how-manieth log (Azure may
replace one) and from which byte on. Two kernels may write at once, one that follows the run and
one that stops it: a line is written in one piece, and what is known already is passed over.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .. import events
from ..events import Emit, Event, Queued, Transfer

_PASSING = (Transfer, Queued)  # of the moment only; no view shows them afterwards


@dataclass(frozen=True, slots=True)
class Portion:
    """Bytes of the log: of log number `log` (from 0), from byte `start` on, read at `at`."""

    log: int
    start: int
    at: float
    data: bytes


class Seen:
    """The file, and how far it goes. `path` None keeps nothing."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self.log = 0
        """How often the log began anew."""
        self.position = 0
        """The byte of the log to read on from."""
        self.at = time.time()
        """When the latest portion came: the clock of whoever reads the log, so that a step takes
        as long when it is shown again."""

    def telling(self, emit: Emit) -> Emit:
        """An `emit` that keeps the events too."""

        def both(event: Event) -> None:
            if not isinstance(event, _PASSING):
                self._write(events.to_json(event))
            emit(event)

        return both

    def take(self, log: int, start: int, data: bytes) -> None:
        """A new portion of the log."""
        self.log, self.position, self.at = log, start + len(data), time.time()
        text = data.decode("latin-1")  # any bytes: a portion may end in the middle of a letter
        self._write({"log": log, "start": start, "at": self.at, "data": text})

    def restart(self) -> None:
        """Another run takes this one's place."""
        if self._path is not None:
            self._path.unlink(missing_ok=True)
        self.log = self.position = 0

    def events(self) -> Iterator[Event]:
        """The events before the run, in order."""
        for record in self._records():
            if "event" in record:
                with suppress(KeyError):  # of a type this version lacks
                    yield events.from_json(record)

    def portions(self) -> Iterator[Portion]:
        """The log as far as it was seen, without gap or repetition; `position` follows."""
        self.log = self.position = 0
        for record in self._records():
            if "data" not in record or record["log"] < self.log:
                continue
            if record["log"] > self.log:
                self.log, self.position = record["log"], 0
            known = self.position - record["start"]
            data = record["data"].encode("latin-1")
            if not 0 <= known < len(data):
                continue
            self.position, self.at = record["start"] + len(data), record["at"]
            yield Portion(self.log, record["start"] + known, self.at, data[known:])

    def _records(self) -> Iterator[dict[str, Any]]:
        if self._path is None or not self._path.exists():
            return
        with self._path.open(encoding="utf-8") as lines:
            for line in lines:
                try:
                    yield json.loads(line)
                except ValueError:  # half written when the kernel died
                    continue

    def _write(self, record: dict[str, Any]) -> None:
        if self._path is None:
            return
        line = f"\n{json.dumps(record)}".encode()  # begun anew, whatever stands there half written
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            file = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            try:
                os.write(file, line)
            finally:
                os.close(file)
        except OSError:  # a full disk: the next kernel reads this portion from Azure again
            return
