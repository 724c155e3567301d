"""One build request to the engine's own API: the upload, its answer, and its end."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import threading
from collections.abc import Iterator, Mapping
from typing import Any

from ..errors import Cancelled
from ..events import Emit, Transfer
from ..plan.request import Recipe
from .engine import RUN_LABEL, Engine
from .locate import proxy_arguments, read_config
from .messages import decoded, refusal
from .ports import BuildJob
from .shipment import Shipment

_REPORT = 1 << 20  # bytes between two reports of the upload


class Request:
    """POST /build, read message by message; `cancel` from any thread.

    Made by hand because docker-py's `build()` knows no `version` parameter, hides the
    response that a cancellation needs, and asks every credential helper there is.
    """

    def __init__(self, engine: Engine, cancelled: threading.Event) -> None:
        self._engine, self._cancelled = engine, cancelled
        self._response: Any = None

    def called_off(self) -> bool:
        """Whether the build was cancelled."""
        return self._cancelled.is_set()

    def messages(
        self,
        parameters: Mapping[str, str],
        headers: Mapping[str, str],
        body: Iterator[bytes] | bytes,
    ) -> Iterator[dict[str, Any]]:
        """The engine's messages; a refusal before the first is given as an `error` message.

        Raises Cancelled once the build was cancelled, BuilderUnavailable for a lost engine.
        """
        import docker.errors
        import requests.exceptions

        client = self._engine.client
        self._check()
        try:
            with self._engine.asked_to("build"):
                self._response = client.post(
                    f"{client.base_url}/v{client.api_version}/build",
                    params=dict(parameters),
                    headers={"Content-Type": "application/x-tar", **headers},
                    data=body,
                    stream=True,
                    timeout=None,  # a RUN may be silent for hours
                )
            # Until here there was no answer that `sever` could break off.
            self._check()
            if self._response.status_code != 200:
                yield {"error": refusal(self._response)}
                return
            yield from decoded(self._response)
        except (requests.exceptions.RequestException, docker.errors.DockerException) as error:
            if not self.called_off():
                yield {"error": f"connection lost: {error} (connection broken)"}
        finally:
            if self._response is not None:
                self._response.close()
        self._check()

    def _check(self) -> None:
        if self.called_off():
            raise Cancelled("The build was stopped.")

    def upload(self, shipment: Shipment, emit: Emit) -> Iterator[bytes]:
        """The archive as a request's body; its progress goes to `emit`."""
        sent = reported = 0
        for piece in shipment.pieces():
            self._check()
            yield piece
            sent += len(piece)
            if sent - reported >= _REPORT:
                reported = sent
                emit(Transfer("context", sent, max(sent, shipment.size)))
        emit(Transfer("context", sent, sent))

    def sever(self) -> None:
        """Break the connection under the reader: the engine stops the build.

        Closing the response from another thread waits for the reader; the socket does not.
        """
        raw = getattr(self._response, "raw", None)
        inner = getattr(getattr(getattr(raw, "_fp", None), "fp", None), "raw", None)
        stream = getattr(inner, "_sock", None)
        if stream is not None:
            with contextlib.suppress(OSError):
                stream.shutdown(socket.SHUT_RDWR)


def parameters(engine: Engine, job: BuildJob, dockerfile: str) -> dict[str, str]:
    """What both versions of the builder are asked; `dockerfile` is its name where they look."""
    recipe = job.recipe
    arguments = {
        **proxy_arguments(read_config(os.environ), engine.place.host),
        **dict(recipe.build_args),
    }
    found = {
        "dockerfile": dockerfile,
        "t": job.reference,
        "platform": recipe.platform,
        "buildargs": json.dumps(arguments),
        "labels": json.dumps({RUN_LABEL: job.run_id, **job.labels}),
        "rm": "1",
        "forcerm": "1",
    }
    return {**found, **_choices(recipe)}


def _choices(recipe: Recipe) -> dict[str, str]:
    found = {"target": recipe.target or "", "networkmode": recipe.network or ""}
    found["nocache"] = "1" if recipe.no_cache else ""
    found["pull"] = "1" if recipe.pull else ""
    return {name: value for name, value in found.items() if value}
