"""The third way: the classic builder, for engines without BuildKit.

It would drop or misread newer syntax silently (engine 28 runs a RUN heredoc as nothing), so
its abilities hold none of it and a Dockerfile that needs it is refused before the build.
"""

from __future__ import annotations

import base64
import contextlib
import json
import threading
from typing import Any

from ..dockerfile.model import Dockerfile
from ..dockerfile.parse import parse
from ..errors import Cancelled, ImageError
from ..events import Emit
from . import failing, layers, request, shipment
from .bases import external_bases
from .dialects.classic import ClassicReader
from .dialects.steps import Steps
from .engine import Engine
from .engine_api import ended_with_its_kernel
from .ports import Abilities, BuildJob, BuiltImage, RunToken
from .reference import Reference
from .run import BackgroundRun
from .transfers import Bytes

_GONE = 10  # seconds for a container to be gone


class ClassicBuilder:
    """Builds with the engine's first builder; the build ends with this process."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @property
    def abilities(self) -> Abilities:
        """No syntax beyond the first Dockerfile's."""
        return Abilities(
            builder="local", way="classic", title=f"{self._engine.title} (classic builder)"
        )

    def start(self, job: BuildJob, emit: Emit) -> BackgroundRun:
        """Begin the build in a thread of its own."""
        live: list[request.Request] = []

        def work(cancelled: threading.Event) -> BuiltImage:
            live.append(request.Request(self._engine, cancelled))
            return _build(self._engine, live[0], job, emit)

        def stop() -> None:
            for one in live:
                one.sever()

        return BackgroundRun(RunToken("classic"), work, stop)

    def attach(self, token: RunToken, emit: Emit) -> BackgroundRun:
        """Never possible: raises BuilderUnavailable."""
        raise ended_with_its_kernel()


def _build(engine: Engine, live: request.Request, job: BuildJob, emit: Emit) -> BuiltImage:
    dockerfile = parse(job.recipe.text)
    sent = shipment.of(job, job.recipe.path, heeds_ignore=True)
    steps = Steps(dockerfile, job.recipe.above)
    reader, pulled = ClassicReader(steps, emit), Bytes("pull", emit)
    image: str | None = None
    failed = None
    headers = _credentials(engine, job, dockerfile)
    asked = request.parameters(engine, job, sent.dockerfile)
    try:
        for message in live.messages(asked, headers, live.upload(sent, emit)):
            if "stream" in message:
                reader.feed_text(str(message["stream"]))
            elif "error" in message:
                failed = reader.fail(sent.as_written(_error(message)))
            elif "aux" in message and "ID" in (message["aux"] or {}):
                image = str(message["aux"]["ID"])
            elif "status" in message:
                reader.pulling()
                pulled.see(message)
    except Cancelled:
        reader.finish("cancelled")
        _sweep(engine, reader)
        raise
    if failed is None and image is None:
        failed = reader.fail("the engine ended its answer without an image (connection broken)")
    if failed is not None or image is None:
        _sweep(engine, reader)
        assert failed is not None
        raise failing.build_failed(failing.logged(failed, emit), steps)
    reader.finish("done")
    for size in layers.told(engine, image, steps, job.recipe.target):
        emit(size)
    held = engine.inspect(image) or {}
    return BuiltImage(str(held.get("Id", image)), job.reference, size=held.get("Size"))


def _credentials(engine: Engine, job: BuildJob, dockerfile: Dockerfile) -> dict[str, str]:
    """Sign-ins for the bases' registries only, in the form this builder takes."""
    found = {}
    for reference in external_bases(job.recipe, dockerfile):
        if auth := engine.auth(reference):
            registry = Reference.read(reference).registry
            name = "https://index.docker.io/v1/" if registry == "docker.io" else registry
            found[name] = auth
    if not found:
        return {}
    return {"X-Registry-Config": base64.urlsafe_b64encode(json.dumps(found).encode()).decode()}


def _error(message: dict[str, Any]) -> str:
    detail = message.get("errorDetail") or {}
    return str(detail.get("message") or message["error"])


def _sweep(engine: Engine, reader: ClassicReader) -> None:
    """Remove what a stopped build leaves: its containers (a severed one may stay in spite of
    `forcerm`), and the images of its finished steps, newest first."""
    for container in reader.containers:
        with contextlib.suppress(ImageError), engine.asked_to("remove a container"):
            engine.client.remove_container(container, force=True, v=True)
        # The engine may be removing it itself; until it is gone, its image is in use.
        with contextlib.suppress(ImageError), engine.asked_to("wait for a container"):
            engine.client.wait(container, timeout=_GONE, condition="removed")
    for image in reversed(reader.images):
        with contextlib.suppress(ImageError), engine.asked_to("remove an image"):
            engine.client.remove_image(image, noprune=True)
