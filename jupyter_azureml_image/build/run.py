"""A build that was started: its work in one thread, its end handed to whoever waits."""

from __future__ import annotations

import threading
from collections.abc import Callable

from .ports import BuiltImage, RunToken

Work = Callable[[threading.Event], BuiltImage]
"""Does the build; raises BuildFailed, or Cancelled once the event is set."""


class BackgroundRun:
    """A `BuildRun`. `stop` makes the work end soon after its event was set."""

    def __init__(self, token: RunToken, work: Work, stop: Callable[[], None]) -> None:
        self._token = token
        self._stop = stop
        self._cancelled = threading.Event()
        self._image: BuiltImage | None = None
        self._error: BaseException | None = None
        self._thread = threading.Thread(
            target=self._run, args=(work,), name="azureml-image-build", daemon=True
        )
        self._thread.start()

    @property
    def token(self) -> RunToken:
        """How to find it again."""
        return self._token

    def wait(self) -> BuiltImage:
        """The image; raises BuildFailed, or Cancelled after `cancel`."""
        self._thread.join()
        if self._error is not None:
            raise self._error
        assert self._image is not None
        return self._image

    def cancel(self) -> None:
        """Stop the build; returns when it is stopped and cleaned up."""
        if self._thread.is_alive():
            self._cancelled.set()
            self._stop()
        self._thread.join()

    def _run(self, work: Work) -> None:
        try:
            self._image = work(self._cancelled)
        except BaseException as error:  # carried to the waiting thread, whatever it is
            self._error = error
