"""Which builder, and why: abilities here and now against what this Dockerfile needs."""

from __future__ import annotations

from ..build.ports import Abilities
from ..dockerfile.facts import Need, NeedKind
from ..errors import BuilderUnavailable, ImageError
from ..records import dataclass
from .request import BuilderChoice

_WORDS: dict[NeedKind, str] = {
    "heredoc": "a here-document",
    "mount": "RUN --mount",
    "secret": "a build secret",
    "ssh": "an SSH mount",
    "link": "COPY --link",
    "chmod": "COPY --chmod",
    "parents": "COPY --parents",
    "exclude": "COPY --exclude",
    "syntax": "a '# syntax=' frontend",
    "device": "RUN --device",
    "network": "RUN --network",
    "security": "RUN --security",
    "checksum": "ADD --checksum",
}


@dataclass(frozen=True, slots=True)
class Offer:
    """What one kind of builder offers: its ways, best first, or why there is none."""

    ways: tuple[Abilities, ...] = ()
    refusal: ImageError | None = None

    @property
    def absent(self) -> bool:
        """Whether there simply is no such builder here (not: one that refuses)."""
        return not self.ways and (self.refusal is None or self.refusal.code == "engine-missing")

    def fitting(self, needs: tuple[Need, ...]) -> Abilities | None:
        """The best way that meets all `needs`."""
        return next((way for way in self.ways if not way.missing(needs)), None)


_LOCALLY_FIRST = (
    "The engine on this machine could build it too; Microsoft advises to try locally first."
)


def choose(
    choice: BuilderChoice, needs: tuple[Need, ...], local: Offer, acr: Offer
) -> tuple[Abilities, str]:
    """The builder and the sentence that says why; raises BuilderUnavailable saying what was
    tried and what would work. A local engine that is there but refuses is an error, never a
    silent move to the cloud."""
    if choice == "local":
        return _only(local, needs, "you asked for --build local")
    if choice in ("acr", "azureml"):
        chosen, why = _only(acr, needs, f"you asked for --build {choice}")
        here_too = choice == "acr" and local.fitting(needs) is not None
        return chosen, f"{why} {_LOCALLY_FIRST}" if here_too else why
    if (way := local.fitting(needs)) is not None:
        return way, f"Building on this machine with {way.title}: try locally first."
    if not local.absent and local.refusal is not None:
        raise local.refusal
    if (way := acr.fitting(needs)) is not None:
        lacking = "there is no Docker engine here" if local.absent else _lack(local, needs)
        return way, f"Building in the cloud with {way.title}, because {lacking}."
    raise _nothing_fits(needs, local, acr)


def _only(offer: Offer, needs: tuple[Need, ...], why: str) -> tuple[Abilities, str]:
    if (way := offer.fitting(needs)) is not None:
        return way, f"Building with {way.title}, because {why}."
    if offer.refusal is not None and not offer.ways:
        raise offer.refusal
    raise BuilderUnavailable(
        f"This Dockerfile needs more than the builder has: {_lack(offer, needs)}.",
        hint="Install docker-buildx 0.13 or newer, rewrite those lines, or leave --build to "
        "'auto'.",
        code="builder-lacks",
    )


def _lack(offer: Offer, needs: tuple[Need, ...]) -> str:
    best = min(offer.ways, key=lambda way: len(way.missing(needs)))
    missing = [f"{_WORDS[need.kind]} (line {need.line})" for need in best.missing(needs)]
    return f"{best.title} cannot do {', '.join(missing)}"


def _nothing_fits(needs: tuple[Need, ...], local: Offer, acr: Offer) -> BuilderUnavailable:
    tried = [
        _lack(offer, needs) if offer.ways else (offer.refusal.message if offer.refusal else "")
        for offer in (local, acr)
    ]
    return BuilderUnavailable(
        "No builder here can build this: " + "; ".join(t.rstrip(".") for t in tried if t) + ".",
        hint="Install or start Docker, or connect a workspace (%azureml_image workspace ...) to "
        "build in its registry.",
        code="no-builder",
    )
