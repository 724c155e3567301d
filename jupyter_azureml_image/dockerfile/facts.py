"""What a Dockerfile will do, as far as its text and a base image's known facts tell."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Literal

from ..records import dataclass
from .model import Fault, Span


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
    """One COPY or ADD with everything expanded. `instruction` indexes the Dockerfile's (that of
    FROM where the base's ONBUILD copies).

    `origin` is "context", "heredoc", "remote" (ADD of a URL or a git repository), the number of
    a stage as text, or an image reference. `sources` of the context are relative to its root
    ("." is all of it; with `parents` a `/./` in one marks what is kept). `destination` is
    absolute, and ends with `/` where the sources are known to land below it. `parents` says that
    they keep their folders there. `add`: it was ADD, which unpacks archives.
    """

    instruction: int
    sources: tuple[str, ...]
    destination: str
    origin: str = "context"
    chown: str | None = None
    chmod: str | None = None
    parents: bool = False
    add: bool = False


@dataclass(frozen=True, slots=True)
class Source:
    """What one word takes from the context, or ADD from elsewhere (`remote`), in one stage.

    `text` is expanded, not cleaned; `sure` says that no unknown variable stood in it. `span` is
    the place of the word (of a mount: its flag), None for a base image's ONBUILD. That of a
    stage has its place where it is written, once for each stage built on that one.
    """

    span: Span | None
    text: str
    stage: int
    sure: bool = True
    remote: bool = False


NeedKind = Literal[
    "heredoc",
    "mount",
    "secret",
    "ssh",
    "link",
    "chmod",
    "parents",
    "exclude",
    "syntax",
    "device",
    "network",
    "security",
    "checksum",
]


@dataclass(frozen=True, slots=True)
class Need:
    """Syntax only some builders can carry, and the instruction that uses it (-1: a directive).

    "checksum" stands for `ADD --checksum`, `--keep-git-dir` and `--unpack`; "secret" and "ssh"
    come on top of "mount", and only where the stage is really built. "parents" and "security"
    are refused by BuildKit before Dockerfile frontend 1.20, unless `# syntax=` names a newer one
    or the labs channel.
    """

    kind: NeedKind
    instruction: int
    line: int


@dataclass(frozen=True, slots=True)
class StageFacts:
    """One build stage after its last instruction.

    `base` is the expanded FROM reference; `parent` the index of the stage it names instead.
    `env` is that of the image, `variables` what a `$NAME` could see at the end (ARG included).
    `copies` are the stage's own, without those of its parent. `env_known` says that no variable
    can come from a base that nothing is known of.
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
    variables: Mapping[str, str] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)
    env_known: bool = False


@dataclass(frozen=True, slots=True)
class Unresolved:
    """A variable without a value, and the instruction and stage that use it (-1: FROM's own)."""

    name: str
    instruction: int
    stage: int


@dataclass(frozen=True, slots=True)
class Facts:
    """All stages, the one that will be built, and what the build takes from outside.

    `built` are the stages that BuildKit builds for the target, in order; `bases` the external
    images those take (`COPY --from` included, `scratch` left out); `context_sources` the context
    paths and globs they can reach, None where that cannot be decided. `problems` are what
    BuildKit accepts when it parses and refuses when it builds: a word whose quotes do not
    close, a stage that does not exist. `sources` are those of all stages, word by word.
    """

    stages: tuple[StageFacts, ...]
    target: int
    bases: tuple[str, ...]
    context_sources: tuple[str, ...] | None
    needs: tuple[Need, ...]
    built: tuple[int, ...] = ()
    problems: tuple[Fault, ...] = ()
    unresolved: tuple[Unresolved, ...] = ()
    sources: tuple[Source, ...] = ()

    @property
    def final(self) -> StageFacts:
        """The stage whose image results."""
        return self.stages[self.target]
