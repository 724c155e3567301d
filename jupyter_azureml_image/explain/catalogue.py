"""The causes that are known, read once from their files."""

from __future__ import annotations

import functools
import json
import re
from pathlib import Path

from ..records import dataclass
from ..wire import load
from .model import Cause

FOLDER = Path(__file__).parent / "causes"


@dataclass(frozen=True, slots=True)
class Signs:
    """A cause with its expressions compiled."""

    cause: Cause
    patterns: tuple[re.Pattern[str], ...]
    unless: tuple[re.Pattern[str], ...]
    instruction: re.Pattern[str] | None


@functools.cache
def all_causes() -> tuple[Cause, ...]:
    """Every cause, by code."""
    files = sorted(FOLDER.glob("*.json"))
    return tuple(load(Cause, json.loads(file.read_text(encoding="utf-8"))) for file in files)


@functools.cache
def all_signs() -> tuple[Signs, ...]:
    """Every cause, ready to be looked for; those that speak only where no other does are last."""
    by_rank = sorted(all_causes(), key=lambda cause: cause.general)
    return tuple(_compiled(cause) for cause in by_rank)


def find_cause(code: str) -> Cause | None:
    """The cause with this code, in any case of letters."""
    return next((c for c in all_causes() if c.code == code.strip().lower()), None)


def _compiled(cause: Cause) -> Signs:
    return Signs(
        cause,
        tuple(re.compile(each) for each in cause.patterns),
        tuple(re.compile(each) for each in cause.unless),
        re.compile(cause.instruction, re.DOTALL) if cause.instruction else None,
    )
