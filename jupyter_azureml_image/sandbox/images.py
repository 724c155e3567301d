"""Getting the image of an environment into the engine: pulled, or built where it is a context."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from .arm import Document
from .builder import Build, BuildBroke, push
from .engine import Engine, folder_archive, split_reference
from .failure import SandboxError
from .operations import OperationFailed
from .shelf import Shelf
from .store import Store
from .task_steps import BuildStep

LAST_LINES = 15


@dataclass(frozen=True, slots=True)
class Access:
    """How to reach the sandbox's own registry."""

    login_server: Callable[[], str]
    credentials: Callable[[], tuple[str, str]]


class Images:
    """Fetches images; what it pulled itself it also removes, what was there before stays."""

    def __init__(self, engine: Engine, store: Store, shelf: Shelf, access: Access) -> None:
        self._engine = engine
        self._store = store
        self._shelf = shelf
        self._access = access

    def fetch(self, environment: Document) -> tuple[str, bool]:
        """Return the image's reference, now in the engine, and whether it was not there before.

        Raises `OperationFailed`.
        """
        image = environment["properties"].get("image") or self._built(environment)
        try:
            there = self._engine.has_image(image)
            if image.startswith(f"{self._access.login_server()}/"):
                self._engine.pull(image, self._access.credentials())
            elif not there:
                self._engine.pull(image, ("", ""))
        except SandboxError as broken:
            message = f"Unable to download user container image {image}: {broken}"
            raise OperationFailed("BadArgument", message) from broken
        return image, not there

    def _built(self, environment: Document) -> str:
        """Return the image that Azure ML builds from a context on first use."""
        setting = f"image:{environment['id']}"
        known = self._store.setting(setting, "")
        if not known:
            known = self._build(environment["properties"]["build"])
            self._store.change_setting(setting, known)
        return known

    def _build(self, build: Document) -> str:
        uri = build["contextUri"]
        name = hashlib.sha256(uri.encode()).hexdigest()[:32]
        tag = f"{self._access.login_server()}/azureml/azureml_{name}:latest"
        step = BuildStep(dockerfile=build.get("dockerfilePath") or "Dockerfile", tags=(tag,))
        log: list[str] = []
        with tempfile.TemporaryDirectory() as folder:
            context = Path(folder, "context.tar")
            context.write_bytes(folder_archive("", self._shelf.files(uri)))
            try:
                Build(self._engine, log.append).run(context, step)
                digest = push(self._engine, tag, self._access.credentials(), log.append)
            except (BuildBroke, SandboxError) as broken:
                tail = "\n".join([*log[-LAST_LINES:], str(broken)])
                raise OperationFailed(
                    "ImageBuildFailure", f"The image build failed: {tail}"
                ) from broken
        self._engine.forget_image(tag)
        return f"{split_reference(tag)[0]}@{digest}"
