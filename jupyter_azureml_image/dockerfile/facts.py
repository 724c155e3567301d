"""What a Dockerfile will do, as far as its text and a base image's known facts tell."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True, slots=True)
class BaseFacts:
    """What is known of a base image: from the image itself, else from the catalog.

    `known_from` is "image", "catalog" or "" (nothing is known; other fields are defaults).
    """

    user: str = ""
    workdir: str = "/"
    env: Mapping[str, str] = field(default_factory=dict)
    entrypoint: tuple[str, ...] = ()
    cmd: tuple[str, ...] = ()
    exposed: tuple[str, ...] = ()
    onbuild: tuple[str, ...] = ()
    python: str | None = None
    server: bool | None = None
    known_from: Literal["image", "catalog", ""] = ""


@dataclass(frozen=True, slots=True)
class Copy:
    """One COPY or ADD with everything expanded. `instruction` indexes the Dockerfile's.

    `origin` is "context", a stage name or number, or an image reference; `destination` is
    absolute, and ends with `/` where the sources land below it.
    """

    instruction: int
    sources: tuple[str, ...]
    destination: str
    origin: str = "context"
    chown: str | None = None
    chmod: str | None = None


NeedKind = Literal[
    "heredoc", "mount", "secret", "ssh", "link", "chmod", "parents", "exclude", "syntax", "device"
]


@dataclass(frozen=True, slots=True)
class Need:
    """Syntax only some builders can carry, and the instruction that uses it."""

    kind: NeedKind
    instruction: int
    line: int


@dataclass(frozen=True, slots=True)
class StageFacts:
    """One build stage after its last instruction.

    `base` is the expanded FROM reference; `parent` the index of the stage it names instead.
    """

    index: int
    name: str | None
    base: str
    parent: int | None
    platform: str | None
    user: str
    workdir: str
    env: Mapping[str, str]
    entrypoint: tuple[str, ...] | None
    cmd: tuple[str, ...] | None
    exposed: tuple[str, ...]
    copies: tuple[Copy, ...]
    instructions: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Facts:
    """All stages, the one that will be built, and what the build takes from outside.

    `bases` are the external images of the stages that will be built; `context_sources` the
    context paths and globs they can reach, None where that cannot be decided.
    """

    stages: tuple[StageFacts, ...]
    target: int
    bases: tuple[str, ...]
    context_sources: tuple[str, ...] | None
    needs: tuple[Need, ...]

    @property
    def final(self) -> StageFacts:
        """The stage whose image results."""
        return self.stages[self.target]
