"""What the pipeline asks of a builder. Local and cloud builders look the same from here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from pathlib import Path
from typing import Any, Literal, Protocol

from ..context.manifest import ContextManifest
from ..dockerfile.facts import BaseFacts, Need, NeedKind
from ..events import Emit
from ..plan.dependencies import Dependencies
from ..plan.request import Recipe
from ..records import dataclass

BuilderName = Literal["local", "acr", "azureml"]
Way = Literal["buildx", "engine-api", "classic", "acr-quick", "acr-task", "azureml"]


@dataclass(frozen=True, slots=True)
class Abilities:
    """What one builder can do here and now. `title` is how a sentence names it
    ("Docker Engine 28.5.2 with buildx 0.29.1"); `can` the syntax it carries.
    """

    builder: BuilderName
    way: Way
    title: str
    can: tuple[NeedKind, ...] = ()
    survives_kernel: bool = False

    def missing(self, needs: tuple[Need, ...]) -> tuple[Need, ...]:
        """The needs this builder cannot meet."""
        return tuple(need for need in needs if need.kind not in self.can)


@dataclass(frozen=True, slots=True)
class BuildJob:
    """One build: the recipe, what is sent, and the name the image gets in the engine.

    `folder` is the run's own folder on local disk, for files the build leaves behind;
    `reference` is NAME:VERSION in the form Docker accepts. `dependencies` is the part that a
    builder without a layer cache builds once and builds upon; `bases` what is known of the
    images it starts from, by the reference as FROM names it.
    """

    run_id: str
    folder: Path
    recipe: Recipe
    manifest: ContextManifest
    reference: str
    labels: Mapping[str, str] = field(default_factory=dict)
    dependencies: Dependencies | None = None
    bases: Mapping[str, BaseFacts] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RunToken:
    """What a new kernel needs to find a build that still runs; JSON values only."""

    way: Way
    details: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class BuiltImage:
    """An image that exists. `image_id` is the engine's; `digest` that of a pushed manifest;
    `size` in bytes.
    """

    image_id: str | None
    reference: str
    digest: str | None = None
    size: int | None = None


class BuildRun(Protocol):
    """A build that was started."""

    @property
    def token(self) -> RunToken:
        """How to find it again."""

    def wait(self) -> BuiltImage:
        """The image; raises BuildFailed, or Cancelled after `cancel`."""

    def cancel(self) -> None:
        """Stop it where it runs; returns when it is stopped. May be called from any thread."""


class Builder(Protocol):
    """Something that turns a job into an image."""

    @property
    def abilities(self) -> Abilities:
        """What it can do here and now."""

    def start(self, job: BuildJob, emit: Emit) -> BuildRun:
        """Begin; events go to `emit`. Raises BuilderUnavailable or BuildFailed."""

    def attach(self, token: RunToken, emit: Emit) -> BuildRun:
        """Follow a build that an earlier kernel started, from its first event."""
