"""BuildKit's progress messages as records; both its dialects are read into these."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Vertex:
    """One node of the build graph, as it stands. Times are Unix seconds, `inputs` digests.

    A node may be started again after it was completed: a base is resolved, then fetched.
    """

    digest: str
    name: str
    cached: bool = False
    started: float | None = None
    completed: float | None = None
    error: str = ""
    inputs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Status:
    """Progress inside a vertex: bytes for transfers, else 0."""

    vertex: str
    id: str
    current: int = 0
    total: int = 0
    completed: bool = False


@dataclass(frozen=True, slots=True)
class Output:
    """A portion of a command's output; it may end in the middle of a line."""

    vertex: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Advice:
    """A finding of BuildKit's own checks. `line` counts from 1, 0 where it has none."""

    short: str
    line: int = 0


@dataclass(frozen=True, slots=True)
class Solve:
    """One message: what is new."""

    vertexes: tuple[Vertex, ...] = field(default=())
    statuses: tuple[Status, ...] = field(default=())
    outputs: tuple[Output, ...] = field(default=())
    warnings: tuple[Advice, ...] = field(default=())
