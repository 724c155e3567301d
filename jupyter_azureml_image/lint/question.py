"""What a check is asked: the text, and every fact that was gathered for it beforehand."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import field
from typing import TYPE_CHECKING

from ..context.manifest import ContextManifest
from ..dockerfile.facts import BaseFacts, Facts
from ..dockerfile.model import Dockerfile
from ..plan.request import BuildRequest
from ..records import dataclass
from .diagnostic import Diagnostic

if TYPE_CHECKING:
    from ..build.ports import Abilities

Reader = Callable[[str], "bytes | None"]
"""Gives the bytes of a file of the context by its path there; None where it has no such file."""


@dataclass(frozen=True, slots=True)
class Definition:
    """An environment as it would be registered, where the caller has one.

    `inference_config` is its routes as given, by name (`scoring_route` ...), each a mapping
    with `path` and `port`. `taken` says that the version holds other content already.
    """

    image: str | None = None
    build_path: str | None = None
    dockerfile_path: str | None = None
    inference_config: Mapping[str, Mapping[str, object]] | None = None
    credentials: bool = False
    taken: bool = False


@dataclass(frozen=True, slots=True)
class DeploymentWish:
    """An online deployment that is planned. `probe_seconds` None means the default probes;
    `egress` false means that instances reach no public network."""

    endpoint: str | None = None
    deployment: str | None = None
    variables: Mapping[str, str] = field(default_factory=dict)
    max_concurrent_requests: int | None = None
    probe_seconds: float | None = None
    egress: bool = True
    local: bool = False
    managed: bool = True


@dataclass(frozen=True, slots=True)
class LastBuild:
    """What the last build of the same name took: seconds, and bytes of image and layers."""

    seconds: float | None = None
    image_bytes: int | None = None
    layer_bytes: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Plans:
    """What is known beyond the file and the run: where the caller has it, else None."""

    definition: Definition | None = None
    deployment: DeploymentWish | None = None
    last_build: LastBuild | None = None


@dataclass(frozen=True, slots=True)
class CheckInput:
    """One question to the check. Everything but `dockerfile` may be missing: a rule that
    needs what is not known stays quiet.

    `facts` are made from the text where they are missing. `bases` are facts of base images by
    their reference (from the image itself where it is at hand); for the others the catalog is
    asked. `read` gives a file of the context. `request` brings name, version, routes, mounts
    and what to leave out. `locally` is the builder of this machine that could build it too,
    where there is one. `generic` are findings of an outside linter, merged without doubles.
    """

    dockerfile: Dockerfile
    facts: Facts | None = None
    bases: Mapping[str, BaseFacts] = field(default_factory=dict)
    manifest: ContextManifest | None = None
    read: Reader | None = None
    abilities: Abilities | None = None
    request: BuildRequest | None = None
    generic: tuple[Diagnostic, ...] = ()
    locally: Abilities | None = None
    plans: Plans = Plans()
