"""The world outside, as it is here: the ports answered by the real adapters.

An adapter is loaded when there is something for it to do: a check on a machine without an engine
and without a workspace loads neither builders nor Azure.
"""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from .build.ports import Builder
from .cancellation import Cancellation
from .catalog import base_facts
from .dockerfile.facts import BaseFacts
from .errors import BuilderUnavailable, ImageError, NotConnected
from .events import Emit
from .lint.diagnostic import Diagnostic
from .outside import Base, LocalImage
from .plan.request import BuildRequest, Recipe
from .rehearse.verdict import Verdict

if TYPE_CHECKING:
    from .azure.connection import Connection, ConnectOptions
    from .build.engine import Engine


class Here:
    """The engine the docker CLI would use, the connected workspace and its registry.

    One of these serves one run: what was found, or found missing, stays so for that run.
    `folder` is where a `config.json` is looked for when no workspace is connected.
    """

    def __init__(self, folder: str | None = None) -> None:
        self._folder = folder
        self._engine: Engine | BuilderUnavailable | None = None
        self._workspace: Connection | None = None

    def engine(self) -> Engine:
        """The local engine; raises BuilderUnavailable."""
        from .build.engine import Engine

        if self._engine is None:
            try:
                self._engine = Engine.connect()
            except BuilderUnavailable as error:
                self._engine = error
            else:
                self._engine.sign_in = self._sign_in
        if isinstance(self._engine, BuilderUnavailable):
            raise self._engine
        return self._engine

    def _sign_in(self, registry: str) -> dict[str, str]:
        """For images in the connected workspace's own registry, so that no docker login is
        needed; nothing for every other registry."""
        current = _connected()
        if current is None or current.facts.login_server != registry:
            return {}
        return current.registry(registry).sign_in()

    def local_builders(self) -> tuple[Builder, ...]:
        """Builders of the local engine, best first; raises BuilderUnavailable."""
        engine = self.engine()
        from .build.local import local_builders

        return tuple(local_builders(engine))

    def cloud_builders(self, request: BuildRequest) -> tuple[Builder, ...]:
        """ACR builders, best first; raises BuilderUnavailable where there are none."""
        workspace = self.workspace(connect=request.build in ("acr", "azureml"))
        if workspace is None:
            raise BuilderUnavailable("No workspace is connected whose registry could build it.")
        if request.build == "azureml":
            from .azure.azureml_builder import AzureMlBuilder

            return (AzureMlBuilder(workspace),)
        from .azure.acr import acr_builders

        return acr_builders(workspace, request)

    def workspace(self, *, connect: bool) -> Connection | None:
        """The connected workspace; with `connect`, the one the surroundings name."""
        if self._workspace is None:
            self._workspace = _connected()
        if self._workspace is None and connect:
            from .azure import connection

            self._workspace = connection.connect(self._named())
        if self._workspace is not None:
            self._workspace.engine = self.engine
        return self._workspace

    def base(self, reference: str, recipe: Recipe) -> Base:
        """What a FROM reference resolves to; never raises for one that cannot be asked."""
        known = base_facts(reference) or BaseFacts()
        if reference == "scratch":
            return Base(reference, "scratch", known)
        try:
            engine = self.engine()
            digest = engine.base_digest(reference, pull=recipe.pull)
            return Base(reference, digest, engine.image_facts(reference) or known)
        except ImageError as error:
            return Base(reference, None, known, trouble=error.message)

    def image(self, reference: str) -> LocalImage | None:
        """The local engine's image of that name, None where it (or the engine) is missing."""
        with contextlib.suppress(BuilderUnavailable):
            found = self.engine().inspect(reference)
            if found is not None:
                labels = (found.get("Config") or {}).get("Labels") or {}
                return LocalImage(str(found["Id"]), found.get("Size"), labels)
        return None

    def lint_text(self, text: str) -> tuple[Diagnostic, ...]:
        """hadolint's findings; none where it is not installed."""
        from .lint.hadolint import findings

        return findings(text)

    def lint_advice(self) -> str | None:
        """That hadolint is missing; said once a process, and no error."""
        from .lint.hadolint import missing_once

        return missing_once()

    def rehearse(
        self, image: str, request: BuildRequest, emit: Emit, cancellation: Cancellation
    ) -> Verdict:
        """Start the image as Azure ML would and judge it; nothing of it stays behind."""
        from .rehearse import rehearse

        return rehearse(
            self.engine(), image, request.rehearsal, emit, lambda: cancellation.requested
        )

    def fetch(self, reference: str, emit: Emit) -> LocalImage:
        """Bring a pushed image into the local engine; raises RegistryError."""
        engine = self.engine()
        workspace = self.workspace(connect=True)
        server = reference.partition("/")[0]
        auth = workspace.registry(server).sign_in() if workspace else None
        engine.pull(reference, emit, auth=auth)
        found = self.image(reference)
        if found is None:
            raise BuilderUnavailable(f"{reference} was pulled, and the engine does not have it.")
        return found

    def _named(self) -> ConnectOptions:
        """What the environment variable or the one `config.json` says; raises NotConnected."""
        from .azure import connection

        if os.environ.get("AZUREML_IMAGE_WORKSPACE") == "sandbox":
            return connection.ConnectOptions(sandbox=True)
        folder = self._folder or str(Path.cwd())
        if connection.named_by_config(folder) is None:
            raise NotConnected(
                "No Azure ML workspace is connected, and no config.json names one.",
                hint=connection.NO_WORKSPACE,
            )
        return connection.ConnectOptions(folder=folder)


def _connected() -> Connection | None:
    """The connected workspace; who never loaded the adapter has connected none."""
    connection = sys.modules.get(f"{__package__}.azure.connection")
    return connection.current() if connection is not None else None
