"""One list out of several: what two rules, or hadolint and we, say of one cause is said once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence, Set
from itertools import accumulate

from ..dockerfile.model import Dockerfile
from .diagnostic import Diagnostic
from .holders import Holders

_SAME = {
    "DL3000": ("WorkdirRelativePath",),
    "DL3002": ("AML020",),
    "DL3006": ("AML013",),
    "DL3007": ("AML014",),
    "DL3009": ("AML032",),
    "DL3012": ("MultipleInstructionsDisallowed",),
    "DL3013": ("AML040",),
    "DL3014": ("AML031",),
    "DL3015": ("AML033",),
    "DL3021": ("AML007",),
    "DL3024": ("DuplicateStageName",),
    "DL3025": ("JSONArgsRecommended",),
    "DL3029": ("FromPlatformFlagConstDisallowed", "AML100"),
    "DL3042": ("AML041",),
    "DL3045": ("AML054", "AML007"),
    "DL3061": ("AML004",),
    "DL4000": ("MaintainerDeprecated",),
    "DL4003": ("MultipleInstructionsDisallowed",),
    "DL4004": ("MultipleInstructionsDisallowed",),
    "SC2239": ("AML001",),
}
"""Hadolint's code and ours for the same thing."""

_ONCE_A_STAGE = ("DL3012", "DL4003", "DL4004")
"""What a stage has once: hadolint points at the later one, BuildKit's check at the earlier."""

_HIDDEN_BY = {
    "CopyIgnoredFile": ("AML050",),
    "SecretsUsedInArgOrEnv": ("AML090",),
    "FromPlatformFlagConstDisallowed": ("AML100",),
    "InvalidBaseImagePlatform": ("AML100",),
    "AML014": ("AML010", "AML011", "AML012"),
    "AML013": ("AML002",),
    "AML023": ("AML024",),
    "AML060": ("AML018", "AML002"),
    "AML070": ("AML002",),
    "AML050": ("AML002", "AML001"),
    "UndefinedVar": ("AML002",),
    "UndefinedArgInFrom": ("AML002",),
}
"""A milder or later finding that says nothing new beside one of these on its instruction."""


def merge(
    ours: Iterable[Diagnostic],
    generic: Sequence[Diagnostic],
    dockerfile: Dockerfile,
    skipped: Set[str] = frozenset(),
) -> list[Diagnostic]:
    """Our findings and the generic ones, each cause once.

    `skipped` are BuildKit's checks that the file asks to leave out, in lower case, or `all`:
    what hadolint says of the same thing is left out with them.
    """
    mine = list(ours)
    at = _Instructions(dockerfile)
    seen = {(at.number(d.line), d.code) for d in mine}
    kept = [d for d in mine if not _hidden(d.code, at.number(d.line), seen, _HIDDEN_BY)]
    faulty = {d.line for d in mine if d.syntax}
    doubled = {at.place(d.line) for d in mine if d.code in _SAME["DL4003"]}
    for other in generic:
        number = at.number(other.line)
        if other.line in faulty or _hidden(other.code, number, seen, _SAME):
            continue
        if other.code in _ONCE_A_STAGE and at.place(other.line) in doubled:
            continue
        if _is_skipped(other.code, skipped) or (number, other.code) in seen:
            continue
        kept.append(other)
    return kept


def _hidden(
    code: str, number: int, seen: set[tuple[int, str]], table: dict[str, tuple[str, ...]]
) -> bool:
    return any((number, better) in seen for better in table.get(code, ()))


def _is_skipped(code: str, skipped: Set[str]) -> bool:
    twins = [twin for twin in _SAME.get(code, ()) if not twin.startswith("AML")]
    return any({"all", twin.lower()} & skipped for twin in twins)


class _Instructions:
    """Which instruction a line belongs to."""

    def __init__(self, dockerfile: Dockerfile) -> None:
        self._holders = Holders(dockerfile)
        self._instructions = dockerfile.instructions
        stages = accumulate(instruction.keyword == "FROM" for instruction in self._instructions)
        self._stages = tuple(stages)

    def number(self, line: int) -> int:
        """The instruction's index; the negative line for a line outside all of them."""
        number = self._holders.on(line)
        return -line if number is None else number

    def place(self, line: int) -> tuple[int, str] | None:
        """The stage, counted from 1, and the keyword of the instruction on a line."""
        number = self._holders.on(line)
        if number is None:
            return None
        return self._stages[number], self._instructions[number].keyword
