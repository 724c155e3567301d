"""Waiting for a server by asking it, and knowing early that it will not come."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from ..errors import BuilderUnavailable, Cancelled
from ..explain.container import Reason
from ..plan.request import Routes
from . import diagnosis, probe
from .container import Container, State

_PAUSE = 0.02  # seconds until a port that nobody listens at is tried again
_LATER = 0.1  # seconds until a server that is not ready is asked again: it may log each probe
_LOOK = 0.2  # seconds between two looks whether its container still runs
_READ_LOG = 1.0  # seconds between two looks into its log


@dataclass(frozen=True, slots=True)
class Patience:
    """What is waited for, how long (seconds), and who may call it off."""

    routes: Routes
    seconds: float
    cancelled: Callable[[], bool] = lambda: False

    def check(self) -> None:
        """Raise Cancelled if it was called off."""
        if self.cancelled():
            raise Cancelled("The start of the server was stopped; its container is removed.")


@dataclass(frozen=True, slots=True)
class Unready:
    """Why the server will not answer, and the log that told."""

    what: str
    cause: Reason
    log: tuple[str, ...]

    @property
    def sentence(self) -> str:
        """Both as one sentence."""
        return f"{self.what}: {self.cause.text}."


def await_ready(
    container: Container, command: tuple[str, ...], patience: Patience
) -> Unready | None:
    """Until liveness and readiness answer (None), or it is known that they will not.

    `command` is the image's, for the sentence about one that ends at once. Raises Cancelled.
    """
    routes = patience.routes
    wanted = list(dict.fromkeys((routes.liveness, routes.readiness)))
    began = read = time.monotonic()
    looked = began - _LOOK
    while True:
        patience.check()
        # Also after the last answer: another server may have taken the port of one that ended.
        if not wanted or time.monotonic() - looked >= _LOOK:
            looked, state = time.monotonic(), container.state()
            if not state.running:
                return _died(container, state, command)
            if not wanted:
                return None
        while wanted and probe.good(answer := _asked(container, wanted[0])):
            wanted.pop(0)
        if not wanted:
            continue
        now = time.monotonic()
        if now - read > _READ_LOG:
            read = now
            log = container.log()
            if hopeless := diagnosis.locked_out(log):
                return Unready("The server cannot start", hopeless, log)
        if now - began > patience.seconds:
            return _unfit(container, wanted[0], patience, answer)
        time.sleep(_PAUSE if answer is None else _LATER)


def _asked(container: Container, route: str) -> probe.Answer | None:
    """The answer to one probe, None where there is none (yet)."""
    try:
        return probe.get(container.address(), route)
    except BuilderUnavailable:
        if container.state().running:
            raise
        return None  # it ended before its port could be told


def _died(container: Container, state: State, command: tuple[str, ...]) -> Unready:
    log = container.log()
    cause = diagnosis.cause(log, state) or diagnosis.of_exit(state, command)
    return Unready("The server did not start", cause, log)


def _unfit(
    container: Container, route: str, patience: Patience, answer: probe.Answer | None
) -> Unready:
    log = container.log()
    asked = (route, patience.routes.port, patience.seconds)
    cause = diagnosis.cause(log)
    if cause is None and answer is not None:
        cause = diagnosis.of_refusal(*asked, answer.status)
    return Unready("The server did not become ready", cause or diagnosis.of_silence(*asked), log)
