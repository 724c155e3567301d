"""The log of an ACR run: a blob that grows, read from where we stopped.

azure-cli's algorithm with its known faults mended: a log that was replaced is read from its new
beginning (azure-dev#9956), a link that expired (after about 75 minutes) is asked for again, and
nothing that goes wrong here decides about the run.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from ..errors import ImageError

_PORTION = 1 << 20
_SECONDS = 30
_LINK_AGAIN = 3.0


class RunLog:
    """One run's log. `link` asks the service for a fresh signed address (empty: not yet); the log
    is read from `position` on, `replaced` being how often it had begun anew by then."""

    def __init__(self, link: Callable[[], str], position: int = 0, replaced: int = 0) -> None:
        self._link = link
        self._url: str | None = None
        self._asked = float("-inf")
        self.position = position
        """The byte to read next."""
        self.complete = False
        """Whether the service marked the log as finished and all of it was read."""
        self.replaced = replaced
        """How often the log began anew."""

    @property
    def begun(self) -> bool:
        """Whether anything of it was ever read."""
        return self.position > 0 or self.replaced > 0

    def read(self) -> bytes:
        """What is new, at most a portion; empty where nothing is, or it cannot be had now."""
        url = self._address()
        if url is None:
            return b""
        import requests

        span = f"bytes={self.position}-{self.position + _PORTION - 1}"
        try:
            answer = requests.get(url, headers={"x-ms-range": span}, timeout=_SECONDS)
        except requests.RequestException:
            return b""
        return self._take(answer)

    def _take(self, answer: Any) -> bytes:
        if answer.status_code in (200, 206):
            data = bytes(answer.content)
            if answer.status_code == 200 and self.position:
                data = data[self.position :]  # a store that does not know ranges
            self.position += len(data)
            marked = "x-ms-meta-complete" in answer.headers
            self.complete = marked and len(data) < _PORTION
            return data
        if answer.status_code == 416:
            self._at_the_end()
        elif answer.status_code == 404 and self.position:
            self._begin_again()
        elif answer.status_code in (401, 403):
            self._url = None
        return b""

    def _at_the_end(self) -> None:
        """Nothing beyond our position: all read, or the log is shorter than it was."""
        import requests

        try:
            answer = requests.head(str(self._url), timeout=_SECONDS)
        except requests.RequestException:
            return
        if answer.status_code != 200:
            return
        size = int(answer.headers.get("Content-Length") or 0)
        if size < self.position:
            self._begin_again()
        else:
            self.complete = "x-ms-meta-complete" in answer.headers and size == self.position

    def _begin_again(self) -> None:
        self.position = 0
        self.replaced += 1

    def _address(self) -> str | None:
        now = time.monotonic()
        if self._url is None and now - self._asked >= _LINK_AGAIN:
            self._asked = now
            try:
                self._url = self._link() or None
            except ImageError:  # the run goes on without its log; its verdict is asked elsewhere
                self._url = None
        return self._url
