"""The plan of a run: what will be done and why, as a value that can be printed and stored."""

from __future__ import annotations

from typing import Literal

from ..build.ports import Abilities
from ..records import dataclass
from .fingerprint import Fingerprint


@dataclass(frozen=True, slots=True)
class Plan:
    """What will be done. `reference` is the image's NAME:VERSION in the engine, `repository`
    its name in a registry, `destination` where it will be pushed (None: nowhere).

    `reason` says why this builder; `sentence` why it is built again, or that it is not;
    `command` is the equivalent `docker build` line; `creates` what will exist afterwards and
    whether it bills.
    """

    name: str
    version: str
    reference: str
    repository: str
    fingerprint: Fingerprint
    action: Literal["build", "reuse"]
    builder: Abilities | None
    reason: str
    sentence: str
    command: str
    destination: str | None = None
    creates: tuple[str, ...] = ()
