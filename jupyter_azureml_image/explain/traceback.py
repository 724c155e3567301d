"""The error of the user's own in a container's log, where the server's wrappers stand around it.

Texts are those of azureml-inference-server-http 1.5.1 and Python. The reason stands lines above
the end of the log, and some errors are harmless.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from ..records import dataclass

_TRACEBACK = "Traceback (most recent call last):"
_CHAIN = (
    "The above exception was the direct cause of the following exception:",
    "During handling of the above exception, another exception occurred:",
)
_FRAME = re.compile(r'\s+File "([^"]+)", line (\d+), in ')
_HARMLESS = re.compile(r"Error while fetching model IDs|Found extra keys in the config file")
_INSTALLED = re.compile(r"^<|/lib/python3[^/]*/|/(?:site|dist)-packages/")
_WRAPPER = re.compile(r"^[\w.]*UserScript(Import)?Exception: ")


@dataclass(frozen=True, slots=True)
class Raised:
    """One traceback: the error, the frames it went through (file, line), and the number of the
    log's line where its chain begins."""

    error: str
    frames: tuple[tuple[str, str], ...]
    start: int = 0

    @property
    def where(self) -> str:
        """The last place in code that is not installed: " (score.py, line 3)", or nothing."""
        own = [frame for frame in self.frames if not _INSTALLED.search(frame[0])]
        return f" ({own[-1][0].rpartition('/')[2]}, line {own[-1][1]})" if own else ""

    @property
    def sentence(self) -> str:
        """The error and its place, without the server's module path and without a full stop."""
        error = self.error.rpartition("user_script.")[2] or self.error
        return f"{error.rstrip('.')}{self.where}"


def last_raised(log: Sequence[str]) -> Raised | None:
    """The latest error that is the user's and no harmless one; None where there is none."""
    for chain in reversed(list(_chains(log))):
        own = [raised for raised in chain if raised.error and not _WRAPPER.match(raised.error)]
        if own:
            raised = own[-1] if not _WRAPPER.match(chain[-1].error) else own[0]
            return replace(raised, start=chain[0].start)
    return None


def _chains(log: Sequence[str]) -> Iterator[list[Raised]]:
    """The tracebacks of the log, those that were raised from each other together."""
    chain: list[Raised] = []
    at = 0
    while at < len(log):
        if _TRACEBACK not in log[at]:
            if log[at].strip() and log[at].strip() not in _CHAIN and chain:
                yield chain
                chain = []
            at += 1
            continue
        harmless = _HARMLESS.search(" ".join(log[max(0, at - 1) : at + 1])) is not None
        raised, at = _read(log, at + 1)
        if not harmless:
            chain.append(raised)
    if chain:
        yield chain


def _read(log: Sequence[str], at: int) -> tuple[Raised, int]:
    frames: list[tuple[str, str]] = []
    start = at - 1
    while at < len(log) and (log[at].startswith(" ") or not log[at].strip()):
        if match := _FRAME.match(log[at]):
            frames.append((match[1], match[2]))
        at += 1
    error = log[at].strip() if at < len(log) else ""
    return Raised(error, tuple(frames), start), at + 1
