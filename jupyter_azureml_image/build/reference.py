"""An image reference, taken apart as Docker takes it apart."""

from __future__ import annotations

from dataclasses import dataclass

_HUB = "docker.io"


@dataclass(frozen=True, slots=True)
class Reference:
    """`registry/repository:tag@digest`; Docker Hub's short names are written out."""

    registry: str
    repository: str
    tag: str | None = None
    digest: str | None = None

    @classmethod
    def read(cls, text: str) -> Reference:
        """`text` as Docker reads it; nothing is refused here."""
        name, _, digest = text.partition("@")
        tag: str | None = None
        if ":" in name.rpartition("/")[2]:
            name, _, tag = name.rpartition(":")
        first, slash, rest = name.partition("/")
        if slash and ("." in first or ":" in first or first == "localhost"):
            registry, repository = first, rest
        else:
            registry, repository = _HUB, name
        if registry in (_HUB, f"index.{_HUB}"):
            registry = _HUB
            repository = repository if "/" in repository else f"library/{repository}"
        return cls(registry, repository, tag, digest or None)

    @property
    def name(self) -> str:
        """Registry and repository."""
        return f"{self.registry}/{self.repository}"

    @property
    def version(self) -> str:
        """What is pulled: the digest, else the tag, else `latest`."""
        return self.digest or self.tag or "latest"

    def without_tag(self, text: str) -> str:
        """`text`, which this was read from, without tag and digest."""
        name = text.partition("@")[0]
        return name.removesuffix(f":{self.tag}") if self.tag else name
