"""One deployment under way: what was asked, and what it has made so far."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..errors import Cancelled
from ..events import Emit, StepEnded, StepStarted
from ..plan.deployment import DeployRequest
from .quiet import follow_silently
from .translate import translated

if TYPE_CHECKING:
    from .connection import Connection


@dataclass(slots=True)
class Rollout:
    """One call of `deploy`. `stopped` says whether the user wants it stopped."""

    connection: Connection
    request: DeployRequest
    emit: Emit
    stopped: Callable[[], bool]
    made_endpoint: bool = False
    made_deployment: bool = False
    tried_deployment: bool = False

    @property
    def client(self) -> Any:
        """azure-ai-ml's client."""
        return self.connection.ml_client

    @property
    def endpoint_path(self) -> str:
        """ARM id of the endpoint."""
        return f"{self.connection.name.path}/onlineEndpoints/{self.request.endpoint}"

    @contextmanager
    def step(self, name: str, title: str) -> Iterator[None]:
        """A step of the deployment; foreign errors inside become sentences."""
        began = time.monotonic()
        self.emit(StepStarted(name, title))
        try:
            with translated(title):
                yield
        except BaseException as error:
            outcome = "cancelled" if isinstance(error, KeyboardInterrupt) else "failed"
            self.emit(StepEnded(name, outcome, time.monotonic() - began))  # type: ignore[arg-type]  # one of two literals
            raise
        self.emit(StepEnded(name, "done", time.monotonic() - began))

    def wait(self, poller: Any) -> Any:
        """The operation's result; raises Cancelled when the user stops waiting."""
        return wait(poller, self.stopped)


def wait(poller: Any, stopped: Callable[[], bool] = lambda: False) -> Any:
    """A long operation's result, without the SDK's dots; raises Cancelled when stopped."""
    follow_silently(poller)
    while not poller.done():
        if stopped():
            raise Cancelled("Stopped while Azure was working.")
        poller.wait(0.2)
    return poller.result()
