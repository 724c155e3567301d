"""A real build on the local engine, as ACR's agent does it: the classic builder, no cache."""

from __future__ import annotations

import contextlib
import json
import re
import socket
import tarfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from .buildkit_trace import Trace
from .engine import Engine, split_reference
from .failure import SandboxError
from .task_steps import BuildStep

HEREDOC = re.compile(rb"^\s*(?:RUN|COPY|ADD)\b.*<<-?\s*([\"']?)[A-Za-z_]\w*\1", re.IGNORECASE)
FROM = re.compile(
    r"^\s*FROM\s+(?:--\S+\s+)*(?P<image>\S+)(?:\s+AS\s+(?P<stage>\S+))?", re.IGNORECASE
)
LAYER = re.compile(r" ---> (?P<image>[0-9a-f]{12})")
LARGEST_DOCKERFILE = 1 << 20


class BuildBroke(Exception):
    """The build failed; the text is the builder's own."""


class Build:
    """One build and the way to stop it from another thread."""

    def __init__(self, engine: Engine, say: Callable[[str], None]) -> None:
        self._engine = engine
        self._say = say
        self._lock = threading.Lock()
        self._response: Any = None
        self.stopped = False
        self._started = ""
        self._layer = ""

    def run(self, source: Path, step: BuildStep) -> None:
        """Build the context in `source`. Raises `BuildBroke`, `SandboxError`."""
        if not step.buildkit:
            _refuse_heredocs(source, step)
        response = self._post(source, step)
        trace = Trace()
        try:
            for event in self._events(response):
                self._show(event, trace)
            if self.stopped:
                raise BuildBroke("canceled")
        except (BuildBroke, SandboxError):
            # an agent's disk is thrown away; ours must not fill up with the layers of failed builds
            self._engine.forget_unnamed(self._layer)
            raise
        finally:
            response.close()
            if self._started:
                self._write("\n")

    def stop(self) -> None:
        """End the build: the engine gives up when its client goes away."""
        with self._lock:
            self.stopped = True
            response = self._response
        if response is not None:
            with contextlib.suppress(OSError, AttributeError):  # it ended by itself meanwhile
                response.raw.connection.sock.shutdown(socket.SHUT_RDWR)

    def _post(self, source: Path, step: BuildStep) -> Any:
        api = self._engine.api
        query = {
            "dockerfile": step.dockerfile,
            "t": list(step.tags),
            "nocache": True,
            "rm": True,
            "forcerm": True,
            "buildargs": json.dumps(dict(step.arguments)),
            "target": step.target,
            "platform": step.platform,
            "version": "2" if step.buildkit else "1",
        }
        url = f"{api.base_url}/v{api.api_version}/build"
        with source.open("rb") as context:
            response = api.post(
                url,
                data=context,
                params={name: value for name, value in query.items() if value},
                headers={"Content-Type": "application/x-tar"},
                stream=True,
                timeout=None,
            )
        with self._lock:
            self._response = response
        if response.status_code >= 400:
            raise BuildBroke(
                response.json().get("message", f"the engine answered {response.status_code}")
            )
        return response

    def _events(self, response: Any) -> Iterator[dict[str, Any]]:
        import requests

        decoder, text = json.JSONDecoder(), ""
        try:
            for piece in response.iter_content(chunk_size=None):
                text = (text + piece.decode("utf-8", "replace")).lstrip()
                while text:
                    try:
                        event, end = decoder.raw_decode(text)
                    except ValueError:
                        break  # the rest of this event is still to come
                    text = text[end:].lstrip()
                    yield event
        except (requests.RequestException, OSError) as broken:
            if not self.stopped:
                raise SandboxError(f"The engine broke off the build: {broken}") from broken

    def _show(self, event: dict[str, Any], trace: Trace) -> None:
        if "error" in event:
            raise BuildBroke(str(event["error"]))
        if event.get("id") == "moby.buildkit.trace":
            for line in trace.lines(event["aux"]):
                self._say(line)
        elif "stream" in event:
            self._write(str(event["stream"]))
        elif "status" in event and "progressDetail" not in event:
            self._say(str(event["status"]))

    def _write(self, text: str) -> None:
        """Write text that comes in pieces of lines."""
        *lines, self._started = (self._started + text).split("\n")
        for line in lines:
            match = LAYER.fullmatch(line)
            self._layer = match["image"] if match else self._layer
            self._say(line)


def push(
    engine: Engine, reference: str, credentials: tuple[str, str], say: Callable[[str], None]
) -> str:
    """Push an image; return its digest. Raises `SandboxError`."""
    repository, tag = split_reference(reference)
    auth = {"username": credentials[0], "password": credentials[1]}
    digest = ""
    for event in engine.api.push(repository, tag=tag, auth_config=auth, stream=True, decode=True):
        if "error" in event:
            raise SandboxError(str(event["error"]))
        if "aux" in event:
            digest = event["aux"].get("Digest", digest)
        elif "status" in event and not event.get("progressDetail"):
            head = f"{event['id']}: " if event.get("id") else ""
            say(head + str(event["status"]))
    return digest


def base_images(source: Path, dockerfile: str) -> list[str]:
    """Return the image names after FROM, without stages of the file itself. Raises `BuildBroke`."""
    found: list[str] = []
    stages: set[str] = set()
    for line in _dockerfile(source, dockerfile).decode("utf-8", "replace").splitlines():
        match = FROM.match(line)
        if match:
            if match["image"].lower() not in stages:
                found.append(match["image"])
            stages.add((match["stage"] or "").lower())
    return found


def _refuse_heredocs(source: Path, step: BuildStep) -> None:
    """Refuse what ACR's older builder cannot parse; a newer engine would drop it without a word."""
    lines = _dockerfile(source, step.dockerfile).split(b"\n")
    for number, line in enumerate(lines, start=1):
        if HEREDOC.match(line):
            following = lines[number].split() if number < len(lines) else []
            word = following[0].decode("utf-8", "replace").upper() if following else "EOF"
            raise BuildBroke(
                f"dockerfile parse error line {number + 1}: unknown instruction: {word}"
            )


def _dockerfile(source: Path, name: str) -> bytes:
    wanted = name.removeprefix("./")
    try:
        with tarfile.open(source) as archive:
            for entry in archive:
                if entry.name.removeprefix("./") == wanted:
                    content = archive.extractfile(entry)
                    return content.read(LARGEST_DOCKERFILE) if content else b""
    except tarfile.TarError as broken:
        raise BuildBroke(f"failed to read the source: {broken}") from broken
    raise BuildBroke(
        f"unable to prepare context: unable to evaluate symlinks in Dockerfile path: "
        f"lstat /workspace/{wanted}: no such file or directory"
    )
