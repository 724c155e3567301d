"""Applying fixes until nothing certain is left, without ever making a file worse."""

from __future__ import annotations

import dataclasses
from collections import Counter

from ..dockerfile.edits import apply, diff
from ..dockerfile.model import Dockerfile
from ..dockerfile.parse import parse
from ..records import dataclass
from .check import CheckInput, check
from .diagnostic import SEVERITIES, Diagnostic, Edit, Fix

_ROUNDS = 40
_WEIGHT = {"error": 100, "warning": 10, "info": 1}


@dataclass(frozen=True, slots=True)
class Applied:
    """A fix that was made: the finding's code and message, and the fix's title."""

    code: str
    message: str
    title: str


@dataclass(frozen=True, slots=True)
class Fixed:
    """The text after all certain fixes; `diff` is a unified diff, empty where nothing changed.

    `remaining` are the findings on the new text; `offered` those of them with a fix that is
    not certain.
    """

    text: str
    applied: tuple[Applied, ...]
    diff: str
    remaining: tuple[Diagnostic, ...]

    @property
    def offered(self) -> tuple[Diagnostic, ...]:
        """What is left to decide by hand, with a fix to look at."""
        return tuple(d for d in self.remaining if d.fixes)

    @property
    def offers(self) -> str:
        """Each fix that is not certain as the diff that it would make; empty without any."""
        dockerfile = parse(self.text)
        return "\n\n".join(
            f"Not applied, look at it first: {remedy.title} [{d.code}]\n"
            + preview(dockerfile, remedy).rstrip("\n")
            for d in self.offered
            for remedy in d.fixes
            if remedy.edits
        )


def fix(question: CheckInput, *, name: str = "Dockerfile") -> Fixed:
    """All certain fixes, in rounds: check, apply, check again. A round (or, after a bad one, a
    single fix) that makes the findings worse is not taken."""
    text = question.dockerfile.text
    applied: list[Applied] = []
    found = check(question)
    for _ in range(_ROUNDS):
        chosen = _round(question, found)
        if chosen is None:
            break
        made, question, found = chosen
        applied += made
    after = question.dockerfile.text
    return Fixed(after, tuple(applied), diff(text, after, name), found)


def preview(dockerfile: Dockerfile, remedy: Fix, *, name: str = "Dockerfile") -> str:
    """The diff that one fix would make: how the ones that are not certain are shown."""
    return diff(dockerfile.text, apply(dockerfile.text, remedy.edits), name)


_Step = tuple[list[Applied], CheckInput, tuple[Diagnostic, ...]]


def _round(question: CheckInput, found: tuple[Diagnostic, ...]) -> _Step | None:
    """One step. What the parser refuses hides the rest, and an error may hide what looks like
    advice: the worst come first, and everything is looked at again before the next."""
    certain = [(d, f) for d in found for f in d.fixes if f.certain and f.edits]
    for rank in sorted({_rank(diagnostic) for diagnostic, _ in certain}):
        pairs = [pair for pair in certain if _rank(pair[0]) == rank]
        for attempt in (_at_once(pairs), *([pair] for pair in pairs)):
            step = _attempt(question, found, attempt)
            if step is not None:
                return step
    return None


def _rank(diagnostic: Diagnostic) -> int:
    return -1 if diagnostic.syntax else SEVERITIES.index(diagnostic.severity)


def _at_once(pairs: list[tuple[Diagnostic, Fix]]) -> list[tuple[Diagnostic, Fix]]:
    """Those that do not meet: two that insert at one place would be mixed up."""
    taken: list[tuple[Diagnostic, Fix]] = []
    edits: set[Edit] = set()
    for pair in pairs:
        new = [edit for edit in pair[1].edits if edit not in edits]
        if not any(_meet(one, other) for one in new for other in edits):
            taken.append(pair)
            edits |= set(new)
    return taken


def _meet(one: Edit, other: Edit) -> bool:
    return one.start <= other.end and other.start <= one.end


def _attempt(
    question: CheckInput, found: tuple[Diagnostic, ...], pairs: list[tuple[Diagnostic, Fix]]
) -> _Step | None:
    """The fixes together; None where they change nothing or leave more than before."""
    before = question.dockerfile.text
    edits = [edit for one in dict.fromkeys(f for _, f in pairs) for edit in one.edits]
    after = apply(before, edits)
    if after == before:
        return None
    # Facts that were made of the old text are not those of the new one.
    changed = dataclasses.replace(question, dockerfile=parse(after), facts=None, generic=())
    findings = check(changed)
    if not _better(_ours(found), findings):
        return None
    return [Applied(d.code, d.message, f.title) for d, f in pairs], changed, findings


def _ours(found: tuple[Diagnostic, ...]) -> tuple[Diagnostic, ...]:
    return tuple(d for d in found if d.source == "azureml-image")


def _better(before: tuple[Diagnostic, ...], after: tuple[Diagnostic, ...]) -> bool:
    """Fewer faults of the parser (what they hid may show now), or less weight in all."""
    faults = [sum(d.syntax for d in findings) for findings in (before, after)]
    if faults[0] != faults[1]:
        return faults[1] < faults[0]
    errors = [Counter(d.severity for d in findings)["error"] for findings in (before, after)]
    weights = [sum(_WEIGHT[d.severity] for d in findings) for findings in (before, after)]
    return errors[1] <= errors[0] and weights[1] < weights[0]
