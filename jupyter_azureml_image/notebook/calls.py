"""A call that emits events and is no run of the pipeline (a deployment), shown like one."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, cast

from ..cancellation import Cancellation
from ..errors import Cancelled, ImageError
from ..events import Emit, RunEnded, RunStarted
from ..run import LiveRun

Call = Callable[[Emit, Callable[[], bool]], Any]
"""Does something, tells what happens, and asks now and then whether to give up."""


def as_run(title: str, call: Call) -> LiveRun:
    """Do `call` in a thread of its own; its events begin and end as those of a run do."""

    def work(emit: Emit, cancellation: Cancellation) -> Any:
        began = time.monotonic()
        emit(RunStarted("", title))
        try:
            result = call(emit, lambda: cancellation.requested)
        except ImageError as error:
            ended = "cancelled" if isinstance(error, Cancelled) else "failed"
            emit(RunEnded(ended, time.monotonic() - began, error.message, error.hint or ""))  # type: ignore[arg-type]  # one of two literals
            raise
        except BaseException as error:  # a bug of ours: no view may go on saying "running"
            said = f"{type(error).__name__}: {error}"
            emit(RunEnded("failed", time.monotonic() - began, said))
            raise
        emit(RunEnded("done", time.monotonic() - began))
        return result

    return LiveRun("", cast(Any, work)).start()
