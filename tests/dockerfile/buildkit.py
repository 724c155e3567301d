"""What the real BuildKit says of a Dockerfile, asked of an engine."""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import docker

NO_SUCH_TARGET = "zz-no-such-stage"
AFTER_PARSING = (
    f'target stage "{NO_SUCH_TARGET}" could not be found',
    "should not be blank",
    "failed to process",
    "failed to parse platform",
    "empty platform value",
)
WHILE_PARSING = (
    "dockerfile parse error",
    "unterminated heredoc",
    "file with no instructions",
    "the Dockerfile cannot be empty",
    "no build stage in current context",
    "dockerfile contains no stages to build",
    "when using JSON array syntax",
    "must have two arguments",
    "Syntax error - can't find =",
    "dockerfile line greater than",
    "parser directive can be used",
    "invalid escape token",
    "failed to parse check options",
)


@dataclass(frozen=True)
class Answer:
    """The end of a build: an error, or an image's configuration."""

    error: str | None
    config: Mapping[str, Any]


class BuildKit:
    """Sends Dockerfiles to an engine's BuildKit; nothing is pulled and nothing is left behind."""

    def __init__(self, host: str) -> None:
        self.client = docker.APIClient(base_url=host, timeout=120)

    def refuses(self, text: str) -> str | None:
        """Why BuildKit's parser refuses the text, or None.

        The target does not exist: BuildKit says so right after it has parsed the file.
        """
        error = self._build(text, {"target": NO_SUCH_TARGET})[0]
        assert error is not None
        if any(sign in error for sign in WHILE_PARSING):
            return error
        assert any(sign in error for sign in AFTER_PARSING), error
        return None

    def build(self, text: str, **build_args: str) -> Answer:
        """Build it for real, without a network, and look at what came out."""
        error, image = self._build(text, {"buildargs": json.dumps(build_args)})
        if image is None:
            return Answer(error, {})
        try:
            return Answer(None, self.client.inspect_image(image)["Config"])
        finally:
            self.client.remove_image(image, force=True)

    def files(self, text: str, context: Mapping[str, str]) -> dict[str, str]:
        """The files of the built image, by their absolute paths."""
        error, image = self._build(text, {}, context)
        assert error is None, error
        assert image is not None
        container = self.client.create_container(image, command=["none"])["Id"]
        try:
            data = b"".join(self.client.export(container))
            with tarfile.open(fileobj=io.BytesIO(data)) as archive:
                return {
                    "/" + entry.name: content.read().decode()
                    for entry in archive
                    if entry.isreg() and (content := archive.extractfile(entry)) is not None
                }
        finally:
            self.client.remove_container(container, force=True)
            self.client.remove_image(image, force=True)

    def _build(
        self, text: str, query: Mapping[str, str], context: Mapping[str, str] = {}
    ) -> tuple[str | None, str | None]:
        response = self.client._post(
            self.client._url("/build"),
            params={"version": "2", "networkmode": "none", **query},
            data=_archive({"Dockerfile": text, **context}),
            headers={"Content-Type": "application/x-tar"},
            stream=True,
            timeout=None,
        )
        error, image = None, None
        for message in self.client._stream_helper(response, decode=True):
            error = message.get("error", error)
            if message.get("id") == "moby.image.id":
                image = message["aux"]["ID"]
        return error, image


def _archive(files: Mapping[str, str]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.GNU_FORMAT) as archive:
        for name, text in files.items():
            data = text.encode()
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
    return out.getvalue()
