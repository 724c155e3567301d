"""BuildKit's directive for its own checks: `# check=skip=A,B;error=true;experimental=C`."""

from __future__ import annotations

from ..dockerfile.model import Dockerfile
from ..records import dataclass


@dataclass(frozen=True, slots=True)
class Checks:
    """What the directive says; `all` in a set stands for every check."""

    skip: frozenset[str] = frozenset()
    experimental: frozenset[str] = frozenset()
    error: bool = False

    @classmethod
    def of(cls, dockerfile: Dockerfile) -> Checks:
        """The directive of a file; the defaults where it has none."""
        given = dict(
            part.strip().partition("=")[::2]
            for part in (dockerfile.directive("check") or "").split(";")
            if "=" in part
        )
        names = {key: _names(given.get(key, "")) for key in ("skip", "experimental")}
        error = given.get("error", "").strip().lower() in ("true", "1", "t")
        return cls(names["skip"], names["experimental"], error)


def _names(text: str) -> frozenset[str]:
    return frozenset(name.strip().lower() for name in text.split(",") if name.strip())
