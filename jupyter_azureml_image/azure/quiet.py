"""Keeping azure-ai-ml from printing into whichever cell happens to run.

The SDK prints a dot at every poll, colour codes after an upload, and has loggers of its own that
write to standard error. All are silenced where we call it, and only there: what its loggers say
in our thread is handed on as events, and the user's own calls keep their dots.
"""

from __future__ import annotations

import importlib
import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from ..events import Emit, Note

# The modules of the SDK that call `print` where deployments pass by.
_PRINTING = (
    "azure.ai.ml._utils._azureml_polling",
    "azure.ai.ml._artifacts._blob_storage_helper",
    "azure.ai.ml._artifacts._gen2_storage_helper",
)
_lock = threading.Lock()
_silent = 0


@contextmanager
def quiet(emit: Emit) -> Iterator[None]:
    """Silence the SDK inside the block; its warnings become notes."""
    from azure.ai import ml

    catcher = _Catcher(emit)
    names = [name for name in logging.root.manager.loggerDict if name.startswith(ml.__name__)]
    loggers = [logging.getLogger(name) for name in names]
    for logger in loggers:
        logger.addFilter(catcher)
    _hush(+1)
    try:
        yield
    finally:
        _hush(-1)
        for logger in loggers:
            logger.removeFilter(catcher)


def follow_silently(poller: Any) -> None:
    """Keep a poller's dots away for as long as it polls, also after the block."""
    _hush(+1)
    poller.add_done_callback(lambda _: _hush(-1))


def _hush(change: int) -> None:
    """Count who wants silence; these modules' `print` is shadowed while anyone does."""
    global _silent  # noqa: PLW0603  # the modules are one for the process, and so is the count
    with _lock:
        _silent += change
        for name in _PRINTING:
            module = vars(importlib.import_module(name))
            if _silent:
                module["print"] = _nothing
            else:
                module.pop("print", None)


def _nothing(*_words: object, **_options: object) -> None:
    """In place of `print`."""


class _Catcher(logging.Filter):
    """Takes the records of the thread that made it."""

    def __init__(self, emit: Emit) -> None:
        super().__init__()
        self._emit = emit
        self._thread = threading.get_ident()

    def filter(self, record: logging.LogRecord) -> bool:
        if threading.get_ident() != self._thread:
            return True
        if record.levelno >= logging.WARNING:
            self._emit(Note(record.getMessage().strip(), "warning"))
        return False
