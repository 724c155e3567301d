"""Size and time, measured at the last build of the same name."""

from __future__ import annotations

from collections.abc import Iterator

from ..links import ENVIRONMENTS_V2, SIZE_ISSUE, SLOW_BUILD_ISSUE, TROUBLESHOOT_ENDPOINTS
from ..rule import About, Example, Finding, rule
from ..subject import Subject

_IMAGE = 5_000_000_000
_LAYER = 1_000_000_000
_SECONDS = 45 * 60


@rule(
    About(
        "AML102",
        "warning",
        "A big image",
        why="Every instance pulls it before it serves; small machine types run out of disk "
        "(OutOfQuota), and builds out of time. The limits of 5 GB and 1 GB a layer are ours.",
        remedy="Look at the biggest layers: caches, build tools, a model that could be mounted.",
        example=Example("# an image of 12 GB\n", "# an image of 2 GB\n"),
        sources=(TROUBLESHOOT_ENDPOINTS, SIZE_ISSUE),
    )
)
def big_image(subject: Subject) -> Iterator[Finding]:
    """The last build's image and layers."""
    last = subject.plans.last_build
    if last is None:
        return
    if last.image_bytes and last.image_bytes > _IMAGE:
        yield Finding(subject.start_span, f"The last build made {last.image_bytes / 1e9:.1f} GB")
    elif last.layer_bytes and max(last.layer_bytes) > _LAYER:
        yield Finding(
            subject.start_span,
            f"The biggest layer of the last build has {max(last.layer_bytes) / 1e9:.1f} GB",
        )


@rule(
    About(
        "AML103",
        "warning",
        "A slow build in the cloud",
        why="The access token of a build in Azure lives 60 to 90 minutes; a build that takes "
        "longer cannot push what it made.",
        remedy="Build the slow part once as a base of its own, and start from that.",
        example=Example("# conda solves for 50 minutes\n", "# FROM a base that has the packages\n"),
        sources=(ENVIRONMENTS_V2, SLOW_BUILD_ISSUE),
    )
)
def slow_build(subject: Subject) -> Iterator[Finding]:
    """The last build's time, where the cloud builds."""
    last = subject.plans.last_build
    if last is None or last.seconds is None or last.seconds < _SECONDS:
        return
    if subject.abilities is not None and subject.abilities.builder != "local":
        yield Finding(subject.start_span, f"The last build took {last.seconds / 60:.0f} minutes")
