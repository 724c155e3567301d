"""The ports of the pipeline: all it asks of the world outside, in one place.

`pipeline` sees this protocol only; `wiring` answers it with the real adapters, and tests
with their own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Protocol

from .build.ports import Builder
from .cancellation import Cancellation
from .dockerfile.facts import BaseFacts
from .events import Emit
from .lint.diagnostic import Diagnostic
from .plan.registration import Workspace
from .plan.request import BuildRequest, Recipe
from .records import dataclass
from .rehearse.verdict import Verdict


@dataclass(frozen=True, slots=True)
class Base:
    """A base image: the digest it resolves to now, and what is known of it.

    `digest` None: it could not be asked, and `trouble` says why.
    """

    reference: str
    digest: str | None
    facts: BaseFacts
    trouble: str | None = None


@dataclass(frozen=True, slots=True)
class LocalImage:
    """An image in the local engine; `size` in bytes."""

    image_id: str
    size: int | None
    labels: Mapping[str, str] = field(default_factory=dict)


class Outside(Protocol):
    """Local engine, cloud builder, registry and workspace, as the pipeline sees them."""

    def local_builders(self) -> tuple[Builder, ...]:
        """Builders of the local engine, best first; raises BuilderUnavailable."""

    def cloud_builders(self, request: BuildRequest) -> tuple[Builder, ...]:
        """ACR builders, best first; raises BuilderUnavailable where there are none."""

    def workspace(self, *, connect: bool) -> Workspace | None:
        """The connected workspace. Where there is none and `connect` is true, the one that
        `config.json` or the environment names is connected, or NotConnected raised."""

    def base(self, reference: str, recipe: Recipe) -> Base:
        """What a FROM reference resolves to; never raises for one that cannot be asked."""

    def image(self, reference: str) -> LocalImage | None:
        """The local engine's image of that name, None where it (or the engine) is missing."""

    def lint_text(self, text: str) -> tuple[Diagnostic, ...]:
        """Generic Dockerfile findings of an outside linter, none where there is no such."""

    def lint_advice(self) -> str | None:
        """A sentence on an outside linter that is missing; said once a process."""

    def rehearse(
        self, image: str, request: BuildRequest, emit: Emit, cancellation: Cancellation
    ) -> Verdict:
        """Start the image as Azure ML would and judge it; nothing of it stays behind."""

    def fetch(self, reference: str, emit: Emit) -> LocalImage:
        """Bring a pushed image into the local engine; raises RegistryError."""
