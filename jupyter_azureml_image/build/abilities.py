"""Which syntax the engine's own Dockerfile frontend has, by the engine's version.

Tried on 20.10.24 and 28.5.2; in between, by BuildKit's release notes. A `# syntax=` line
brings its own frontend, which only buildx can fetch with the user's credentials.
"""

from __future__ import annotations

from ..dockerfile.facts import NeedKind
from .engine import Engine

_SINCE: tuple[tuple[tuple[int, int], tuple[NeedKind, ...]], ...] = (
    ((18, 9), ("mount", "chmod")),
    ((23, 0), ("heredoc", "link", "network")),
    ((25, 0), ("checksum",)),
    ((28, 5), ("exclude",)),
    ((29, 0), ("parents",)),
)


def frontend_syntax(engine: Engine) -> tuple[NeedKind, ...]:
    """What a Dockerfile without a `# syntax=` line may use."""
    return tuple(kind for since, kinds in _SINCE if engine.release >= since for kind in kinds)
