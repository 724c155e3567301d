"""Which rule explains a parser fault, so that one cause is said once."""

from __future__ import annotations

import re

from ..dockerfile.blanks import suspects
from ..dockerfile.model import Dockerfile, Fault, Span
from ..patterns import pattern
from ..records import dataclass
from .holders import Holders
from .spelling import INSTRUCTIONS, nearest_instruction

PLACEHOLDER = pattern(r"<[A-Za-z](?:[^<>\n]*[^<>\s])?>", needs=("<",))
_BROKEN_BACKSLASH = pattern(r"\\[ \t]*([^\x00-\x7f]+)\s*$")


@dataclass(frozen=True, slots=True)
class Classified:
    """A fault with the code of the rule that speaks for it.

    `span` is the place that rule points at: for an invisible character after a backslash
    that is the line above the fault. `first_word` is the word BuildKit took for an
    instruction, where that is the fault.
    """

    fault: Fault
    code: str
    span: Span
    first_word: str = ""


def classify(dockerfile: Dockerfile) -> tuple[Classified, ...]:
    """Every fault with its code, in order."""
    if not dockerfile.faults:
        return ()
    holders = Holders(dockerfile)
    has_from = any(instruction.keyword == "FROM" for instruction in dockerfile.instructions)
    return tuple(_classify(holders, fault, has_from) for fault in dockerfile.faults)


def _classify(holders: Holders, fault: Fault, has_from: bool) -> Classified:
    dockerfile = holders.dockerfile
    text = dockerfile.text
    unknown = _is_unknown(holders, fault)
    # The fault of the missing FROM: no instruction at all, or none that is FROM.
    no_stage = not dockerfile.instructions or ("FROM" in fault.message and not has_from)
    if no_stage and not unknown:
        return Classified(fault, "AML004", fault.span)
    line = dockerfile.position(fault.span.start)[0]
    span = line_span(dockerfile, line)
    here = text[span.start : span.end]
    first = here.split(maxsplit=1)[0] if here.strip() else ""
    above = line_span(dockerfile, line - 1) if line > 1 else Span(0, 0)
    before = text[above.start : above.end]
    if unknown and (broken := _BROKEN_BACKSLASH.search(before)):
        start = above.start + broken.start(1)
        return Classified(fault, "AML001", Span(start, start + len(broken[1])), first)
    if unknown and _continues(holders, line, before, first):
        return Classified(fault, "AML003", fault.span, first)
    if PLACEHOLDER.search(here):
        return Classified(fault, "AML002", fault.span, first)
    if odd := [at for at, char in suspects(here) if not (char == "\ufeff" and at == 0)]:
        start = span.start + odd[0]
        return Classified(fault, "AML001", Span(start, start + 1), first)
    if unknown:
        return Classified(fault, "AML004", fault.span, first)
    if re.search(r"\s#\s?\S", here):
        return Classified(fault, "AML007", fault.span, first)
    return Classified(fault, "syntax", fault.span, first)


def _is_unknown(holders: Holders, fault: Fault) -> bool:
    """Whether the fault is a word that is no instruction."""
    held = holders.at(fault.span.start)
    return held is not None and holders.dockerfile.instructions[held].keyword not in INSTRUCTIONS


def _continues(holders: Holders, line: int, before: str, first: str) -> bool:
    """Whether the line above lost its backslash: an instruction reaches up to it, and this
    line does not look like a misspelt instruction of its own."""
    if not before.strip() or before.lstrip().startswith("#"):
        return False
    dockerfile = holders.dockerfile
    held = holders.at(line_span(dockerfile, line - 1).start)
    if held is None:
        return False
    text = dockerfile.text
    span = line_span(dockerfile, line)
    indented = text[span.start : span.end][:1] in (" ", "\t")
    several = dockerfile.line(dockerfile.instructions[held]) < line - 1
    if nearest_instruction(first) is not None and not indented:
        return False
    return indented or several or first.startswith(("&&", "||", "-", "|"))


def line_span(dockerfile: Dockerfile, number: int) -> Span:
    """The characters of a line (from 1), its end left out."""
    starts = dockerfile.line_starts
    start = starts[number - 1]
    end = starts[number] if number < len(starts) else len(dockerfile.text)
    return Span(start, start + len(dockerfile.text[start:end].rstrip("\r\n")))
