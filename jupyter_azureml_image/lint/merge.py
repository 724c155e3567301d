"""One list out of several: what two rules, or hadolint and we, say of one cause is said once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ..dockerfile.model import Dockerfile
from .diagnostic import Diagnostic

_SAME = {
    "DL3000": ("WorkdirRelativePath",),
    "DL3002": ("AML020",),
    "DL3006": ("AML013",),
    "DL3007": ("AML014",),
    "DL3009": ("AML032",),
    "DL3013": ("AML040",),
    "DL3014": ("AML031",),
    "DL3015": ("AML033",),
    "DL3024": ("DuplicateStageName",),
    "DL3025": ("JSONArgsRecommended",),
    "DL3029": ("FromPlatformFlagConstDisallowed", "AML100"),
    "DL3042": ("AML041",),
    "DL3045": ("AML054",),
    "DL3061": ("AML004",),
    "DL4000": ("MaintainerDeprecated",),
    "DL4003": ("MultipleInstructionsDisallowed",),
    "DL4004": ("MultipleInstructionsDisallowed",),
    "SC2239": ("AML001",),
}
"""Hadolint's code and ours for the same thing."""

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
    ours: Iterable[Diagnostic], generic: Sequence[Diagnostic], dockerfile: Dockerfile
) -> list[Diagnostic]:
    """Our findings and the generic ones, each cause once."""
    mine = list(ours)
    at = _Instructions(dockerfile)
    seen = {(at.number(d.line), d.code) for d in mine}
    kept = [d for d in mine if not _hidden(d.code, at.number(d.line), seen, _HIDDEN_BY)]
    faulty = {d.line for d in mine if d.syntax}
    for other in generic:
        number = at.number(other.line)
        if other.line in faulty or _hidden(other.code, number, seen, _SAME):
            continue
        if (number, other.code) not in seen:
            kept.append(other)
    return kept


def _hidden(
    code: str, number: int, seen: set[tuple[int, str]], table: dict[str, tuple[str, ...]]
) -> bool:
    return any((number, better) in seen for better in table.get(code, ()))


class _Instructions:
    """Which instruction a line belongs to."""

    def __init__(self, dockerfile: Dockerfile) -> None:
        self._of_line: dict[int, int] = {}
        for number, instruction in enumerate(dockerfile.instructions):
            first = dockerfile.line(instruction)
            last = dockerfile.position(max(instruction.span.start, instruction.span.end - 1))[0]
            self._of_line.update(dict.fromkeys(range(first, last + 1), number))

    def number(self, line: int) -> int:
        """The instruction's index; the negative line for a line outside all of them."""
        return self._of_line.get(line, -line)
