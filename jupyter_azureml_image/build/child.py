"""A child process that outlives the kernel: started in a session of its own, found again."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

_GRACE = (("SIGINT", 5.0), ("SIGTERM", 3.0), ("SIGKILL", 5.0))
_GLANCE = 0.02  # seconds between two looks at a process that is not ours to wait for


@dataclass(slots=True)
class Child:
    """A process and its group. `born` tells it from a later one with the same number."""

    pid: int
    born: str
    process: subprocess.Popen[bytes] | None = None

    @classmethod
    def start(
        cls, command: Sequence[str], environment: Mapping[str, str], output: Path, folder: Path
    ) -> Child:
        """Start `command` in `folder`, all it says going to the file `output`."""
        with output.open("wb") as log:
            process = subprocess.Popen(
                list(command),
                env=dict(environment),
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        return cls(process.pid, _born(process.pid), process)

    def running(self) -> bool:
        """Whether it still runs."""
        if self.process is not None:
            return self.process.poll() is None
        return _alive(self.pid) and _born(self.pid) == self.born

    def await_end(self, seconds: float) -> None:
        """Return when it ends, or after so many seconds."""
        # Linux only, and not in every Python for Linux (conda's are made for older systems).
        watch = getattr(os, "pidfd_open", None)
        try:
            watched = watch(self.pid) if watch else None
        except OSError:  # it is gone, or the kernel is older than the call
            watched = None
        if watched is None:
            self._look_after(seconds)
            return
        try:
            waiting = select.poll()
            waiting.register(watched, select.POLLIN)
            waiting.poll(seconds * 1000)
        finally:
            os.close(watched)

    def _look_after(self, seconds: float) -> None:
        if self.process is not None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(seconds)
        elif self.running():
            time.sleep(seconds)

    def stop(self) -> None:
        """End it and everything it started: asked first, then forced."""
        for name, patience in _GRACE:
            if not self.running():
                break
            self._signal(name)
            deadline = time.monotonic() + patience
            while self.running() and time.monotonic() < deadline:
                self.await_end(_GLANCE)
        if self.process is not None:
            self.process.wait()

    def _signal(self, name: str) -> None:
        number = getattr(signal, name, signal.SIGTERM)
        with contextlib.suppress(ProcessLookupError, PermissionError):
            if hasattr(os, "killpg"):
                os.killpg(self.pid, number)
            else:
                os.kill(self.pid, number)


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return not _zombie(pid)


def _stat(pid: int) -> list[str]:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []


def _zombie(pid: int) -> bool:
    return _stat(pid)[:1] == ["Z"]


def _born(pid: int) -> str:
    """When the process was started, in the system's own unit; empty where it is not told."""
    found = _stat(pid)
    return found[19] if len(found) > 19 else ""
