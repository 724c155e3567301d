"""The second way: the engine's BuildKit over its own API, needing neither docker nor buildx.

`POST /build?version=2`, with a session by which the engine asks for the files it lacks; where
it refuses one, with the whole context as an archive. Either way no secrets, no ssh, and private
bases only when the engine holds them already, so those are pulled first.
"""

from __future__ import annotations

import contextlib
import threading
import uuid
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from ..dockerfile.parse import parse
from ..errors import BuilderUnavailable, Cancelled
from ..events import Emit
from . import failing, layers, request, shipment
from .abilities import frontend_syntax
from .bases import fetch_private
from .dialects import trace
from .dialects.reader import Failed, SolveReader
from .dialects.steps import Steps
from .engine import Engine
from .ports import Abilities, BuildJob, BuiltImage, RunToken
from .run import BackgroundRun

_TRACE = "moby.buildkit.trace"
_IMAGE = "moby.image.id"


class EngineApiBuilder:
    """Builds through the engine's API; the build ends with this process."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @property
    def abilities(self) -> Abilities:
        """What the engine's own BuildKit carries without a client session."""
        return Abilities(
            builder="local",
            way="engine-api",
            title=f"{self._engine.title} (its own BuildKit)",
            # Sources may lie a folder deeper than written, and --parents would show it.
            can=tuple(kind for kind in frontend_syntax(self._engine) if kind != "parents"),
        )

    def start(self, job: BuildJob, emit: Emit) -> BackgroundRun:
        """Begin the build in a thread of its own."""
        build_id = uuid.uuid4().hex
        live: list[request.Request] = []

        def work(cancelled: threading.Event) -> BuiltImage:
            live.append(request.Request(self._engine, cancelled))
            return _build(self._engine, live[0], job, emit, build_id)

        def stop() -> None:
            _cancel(self._engine, build_id)
            for one in live:
                one.sever()

        return BackgroundRun(RunToken("engine-api"), work, stop)

    def attach(self, token: RunToken, emit: Emit) -> BackgroundRun:
        """Never possible: raises BuilderUnavailable."""
        raise ended_with_its_kernel()


def ended_with_its_kernel() -> BuilderUnavailable:
    """Why a build over the engine's API cannot be attached to."""
    return BuilderUnavailable(
        "This build went over the engine's own API and ended with the kernel that started it.",
        hint="Run the cell again; with buildx installed, a build outlives its kernel.",
        code="not-attachable",
    )


def _build(
    engine: Engine, live: request.Request, job: BuildJob, emit: Emit, build_id: str
) -> BuiltImage:
    from .session.begin import DOCKERFILE, begin

    dockerfile = parse(job.recipe.text)
    fetch_private(engine, job.recipe, dockerfile, emit, live.called_off)
    steps = Steps(dockerfile, job.recipe.above)
    reader = SolveReader(steps, emit)
    asked = {"version": "2", "buildid": build_id}
    as_written: Callable[[str], str] = str
    try:
        if begun := begin(engine, job):
            with contextlib.closing(begun) as session:
                asked |= request.parameters(engine, job, DOCKERFILE)
                asked |= {"remote": "client-session", "session": session.identity}
                image, error = _follow(live.messages(asked, {}, b""), reader)
            if image is None and session.fault:
                reader.finish("failed")
                raise session.fault
        else:
            sent = shipment.of(job, job.recipe.path)
            as_written = sent.as_written
            asked |= request.parameters(engine, job, sent.dockerfile)
            image, error = _follow(live.messages(asked, {}, live.upload(sent, emit)), reader)
    except Cancelled:
        reader.finish("cancelled")
        raise
    if error is not None or image is None:
        reader.finish("cancelled" if reader.failed else "failed")
        words = error or "the engine ended its answer without an image (connection broken)"
        failed = reader.failed or Failed(words)
        failed = replace(failed, error=as_written(failed.error))
        raise failing.build_failed(failing.logged(failed, emit), steps)
    reader.finish("done")
    for size in layers.told(engine, image, steps, job.recipe.target):
        emit(size)
    held = engine.inspect(image) or {}
    return BuiltImage(str(held.get("Id", image)), job.reference, size=held.get("Size"))


def _follow(
    messages: Iterator[dict[str, Any]], reader: SolveReader
) -> tuple[str | None, str | None]:
    """The engine's answer to its end: the image's id, and its error."""
    image: str | None = None
    error: str | None = None
    for message in messages:
        if message.get("id") == _TRACE:
            reader.see(trace.read(str(message.get("aux", ""))))
        elif message.get("id") == _IMAGE:
            image = str(message["aux"]["ID"])
        elif "error" in message:
            error = _error(message)
    return image, error


def _error(message: dict[str, Any]) -> str:
    detail = message.get("errorDetail") or {}
    return str(detail.get("message") or message["error"])


def _cancel(engine: Engine, build_id: str) -> None:
    import docker.errors
    import requests.exceptions

    client = engine.client
    try:
        client.post(
            f"{client.base_url}/v{client.api_version}/build/cancel",
            params={"id": build_id},
            timeout=client.timeout,
        )
    except (requests.exceptions.RequestException, docker.errors.DockerException):
        return  # the connection is severed next, which ends the build as well
