"""The seven stages of a run, in order."""

from __future__ import annotations

from typing import Literal, get_args

Stage = Literal["check", "context", "plan", "build", "rehearse", "push", "register"]

STAGES: tuple[Stage, ...] = get_args(Stage)


def includes(until: Stage, stage: Stage) -> bool:
    """Whether a run that ends with `until` comes to `stage`."""
    return STAGES.index(stage) <= STAGES.index(until)
