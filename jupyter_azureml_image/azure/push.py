"""Pushing an image through the engine, as the signed-in caller."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from ..errors import BuilderUnavailable, RegistryError
from ..events import Emit
from .refusals import Refusal, refused
from .registry import Registry

STANDIN = "azureml-image.standin"


class ImageEngine(Protocol):
    """What a push asks of the engine that holds the image."""

    def inspect(self, reference: str) -> dict[str, Any] | None:
        """What the engine knows of an image, None where it does not hold it."""

    def tag(self, image: str, reference: str) -> None:
        """Give the image a further name."""

    def push(self, reference: str, emit: Emit, auth: Mapping[str, str] | None = None) -> str:
        """Push it; the digest of the manifest as the registry confirms it."""


@dataclass(frozen=True, slots=True)
class Shipment:
    """What is pushed where: the engine's image (NAME:VERSION) and the registry's repository.

    `standins`: whether images on a stand-in base may go there (the sandbox only).
    """

    image: str
    repository: str
    standins: bool = False

    @property
    def tag(self) -> str:
        """The tag it gets: the image's version."""
        return self.image.rpartition(":")[2]


def push(engine: ImageEngine, registry: Registry, shipment: Shipment, emit: Emit) -> str:
    """Push it and give the manifest's digest. Raises RegistryError, Forbidden or SignedOut."""
    held = engine.inspect(shipment.image)
    if held is None:
        raise BuilderUnavailable(
            f"The engine does not hold {shipment.image} any more, so it cannot be pushed.",
            hint="Run the cell again: it will be built again.",
        )
    if not shipment.standins:
        _refuse_standin(held, shipment.image)
    target = f"{registry.login_server}/{shipment.repository}:{shipment.tag}"
    sign_in = registry.sign_in()
    engine.tag(shipment.image, target)
    try:
        return engine.push(target, emit, sign_in)
    except RegistryError as error:
        if "is not allowed access" in error.message:
            raise refused(Refusal(403, "DENIED", error.message), f"pushing {target}") from error
        raise


def _refuse_standin(held: Mapping[str, Any], name: str) -> None:
    labels = (held.get("Config") or {}).get("Labels") or {}
    if labels.get(STANDIN) == "true":
        raise RegistryError(
            f"{name} is built on a stand-in of its base image, which is for trying only.",
            hint="Build it where mcr.microsoft.com answers, or use the sandbox.",
            code="standin",
        )
