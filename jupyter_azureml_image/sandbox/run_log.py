"""The log of a run: an append blob that grows while the run goes on, and can misbehave as
Azure's does."""

from __future__ import annotations

import datetime
import threading
import time

from .blob_files import BlobFiles
from .faults import Faults

REPLACED_AFTER = 6


class RunLog:
    """Lines go out as they come, ended by CR LF; `complete` in the blob's metadata ends the log."""

    def __init__(self, blobs: BlobFiles, blob: str, faults: Faults) -> None:
        self._blobs = blobs
        self._blob = blob
        self._lock = threading.Lock()
        self._silent = faults.take("run-without-log") is not None
        slow = faults.take("slow-log")
        self._not_before = (
            time.monotonic() + float(slow.settings.get("seconds", 3)) if slow else 0.0
        )
        self._replace = faults.take("log-replaced") is not None
        self._waiting: list[str] = []
        self._lines = 0

    def say(self, text: str) -> None:
        """Write text, line by line."""
        with self._lock:
            self._waiting += text.rstrip("\n").split("\n")
            if time.monotonic() >= self._not_before:
                self._flush()

    def stamp(self, text: str) -> None:
        """Write a line of the agent's own, with its time before it."""
        moment = datetime.datetime.now(datetime.timezone.utc).strftime("%Y/%m/%d %H:%M:%S")
        self.say(f"{moment} {text}")

    def finish(self, status: str) -> None:
        """Mark the log as complete; a slow log is completed later, as the run's end does not
        wait."""
        late = self._not_before - time.monotonic()
        if late > 0:
            timer = threading.Timer(late, self.finish, (status,))
            timer.daemon = True
            timer.start()
            return
        with self._lock:
            self._flush()
            if not self._silent:
                self._blobs.mark(self._blob, Complete=status.lower())

    def _flush(self) -> None:
        lines, self._waiting = self._waiting, []
        if self._silent or not lines:
            return
        self._lines += len(lines)
        if self._replace and self._lines > REPLACED_AFTER:
            self._replace = False
            self._blobs.delete(self._blob)
        self._blobs.append(self._blob, "".join(f"{line.rstrip()}\r\n" for line in lines).encode())
