"""Pushing an image through the engine, with the digest that the registry took."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from ..errors import Forbidden, ImageError, RegistryError
from ..events import Emit, Transfer
from .registry import Registry
from .translate import Refusal, one_line, refused, translated

STANDIN = "azureml-image.standin"
_DIGEST = re.compile(r"digest: (sha256:[0-9a-f]{64})")


@dataclass(frozen=True, slots=True)
class Shipment:
    """What is pushed where: the engine's image (NAME:VERSION) and the registry's repository."""

    image: str
    repository: str
    sandbox: bool = False

    @property
    def tag(self) -> str:
        """The tag it gets: the image's version."""
        return self.image.rpartition(":")[2]


def push(engine: Any, registry: Registry, shipment: Shipment, emit: Emit) -> str:
    """Push it and give the manifest's digest, confirmed by the registry.

    Raises RegistryError, Forbidden or SignedOut.
    """
    target = f"{registry.login_server}/{shipment.repository}"
    with translated(f"pushing {shipment.image}"):
        image = engine.images.get(shipment.image)
        if not shipment.sandbox:
            _refuse_standin(image, shipment.image)
        sign_in = registry.sign_in()
        image.tag(target, tag=shipment.tag)
        stream = engine.api.push(
            target, tag=shipment.tag, stream=True, decode=True, auth_config=sign_in or None
        )
        said = _follow(stream, target, emit)
    held = registry.digest(shipment.repository, said or shipment.tag)
    if held is None or (said and held != said):
        raise RegistryError(
            f"{registry.login_server} does not hold {shipment.repository}:{shipment.tag} "
            "after the push.",
            hint="Run this again; nothing was registered.",
        )
    return held


def _refuse_standin(image: Any, name: str) -> None:
    labels = image.labels or {}
    if labels.get(STANDIN) == "true":
        raise RegistryError(
            f"{name} is built on a stand-in of its base image, which is for trying only.",
            hint="Build it where mcr.microsoft.com answers, or use the sandbox.",
            code="standin",
        )


@dataclass(slots=True)
class _Layers:
    """Bytes pushed, layer by layer."""

    done: dict[str, int] = field(default_factory=dict)
    total: dict[str, int] = field(default_factory=dict)

    def take(self, message: dict[str, Any]) -> bool:
        """Note a progress message; whether it changed anything."""
        layer, progress = message.get("id"), message.get("progressDetail") or {}
        if not layer or not progress.get("current"):
            return False
        self.done[layer] = int(progress["current"])
        # The engine counts past the end: the total is of the packed layer.
        self.total[layer] = max(int(progress.get("total") or 0), self.done[layer])
        return True

    def event(self) -> Transfer:
        return Transfer("push", sum(self.done.values()), sum(self.total.values()))


def _follow(stream: Iterable[dict[str, Any]], target: str, emit: Emit) -> str | None:
    layers, digest = _Layers(), None
    for message in stream:
        if "error" in message:
            raise _failure(message, target)
        found = (message.get("aux") or {}).get("Digest")
        told = _DIGEST.search(str(message.get("status") or ""))
        digest = found or (told.group(1) if told else digest)
        if layers.take(message):
            emit(layers.event())
    return digest


def _failure(message: dict[str, Any], target: str) -> ImageError:
    text = one_line(str((message.get("errorDetail") or {}).get("message") or message["error"]))
    low = text.lower()
    if "is not allowed access" in low:
        return refused(Refusal(403, "DENIED", text), f"pushing {target}")
    if any(word in low for word in ("unauthorized", "denied", "authentication required")):
        return Forbidden(
            f"This account may not push to {target}: {text}",
            hint="It needs AcrPush on the registry (Container Registry Repository Writer where "
            "the registry uses repository permissions).",
        )
    if "no space left" in low:
        return RegistryError(
            f"The disk is full, seen while pushing {target}.",
            hint="Free space where the engine keeps its images.",
        )
    return RegistryError(f"Pushing {target} failed: {text}", hint="Run this again.")
