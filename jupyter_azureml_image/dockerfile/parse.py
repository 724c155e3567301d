"""Reading a Dockerfile as BuildKit does, with every place exact, and going on after a fault."""

from __future__ import annotations

from ..records import changed
from .blanks import SPACES, called, suspects
from .check import check_directive_fault, file_fault, instruction_fault
from .heredocs import HOLDERS, openings
from .instruction import read
from .lines import LineReader, LogicalLine
from .model import Dockerfile, Fault, Heredoc, Instruction, Span
from .rules import RULES


def parse(text: str) -> Dockerfile:
    """`text` as instructions with their places; never raises.

    `faults` is empty exactly where BuildKit's parser (its reading of lines and of instructions)
    accepts the file. What it accepts and refuses later, such as a base image that does not
    exist, is no fault here.
    """
    reader = LineReader(text)
    instructions: list[Instruction] = []
    faults: list[Fault] = []
    while (line := reader.next()) is not None:
        instruction, fault = read(line, reader.escape)
        if instruction.keyword in HOLDERS or instruction.keyword == "ONBUILD":
            instruction, unclosed = _with_heredocs(instruction, line, reader)
            fault = fault or unclosed
        name = text[instruction.keyword_span.start : instruction.keyword_span.end]
        fault = fault or instruction_fault(instruction, name)
        if fault is not None:
            before = instructions[-1] if instructions else None
            faults.append(_blamed(fault, instruction, before, text))
        instructions.append(instruction)
    dockerfile = Dockerfile(
        text=text,
        instructions=tuple(instructions),
        directives=tuple(reader.directives),
        comments=tuple(reader.comments),
        line_starts=tuple(reader.starts),
        escape=reader.escape,
    )
    faults += reader.faults + _whole_file(dockerfile)
    faults.sort(key=lambda fault: fault.span.start)
    return changed(dockerfile, faults=tuple(faults))


def _whole_file(dockerfile: Dockerfile) -> list[Fault]:
    found = [file_fault(dockerfile)]
    text = dockerfile.text
    check = next((d for d in dockerfile.directives if d.name == "check"), None)
    if check is None and text.startswith("#!") and "\n" in text:
        # BuildKit looks for this one directive below a first line `#!...` as well.
        below = LineReader(text.partition("\n")[2])
        below.next()
        check = next((d for d in below.directives if d.name == "check"), None)
        if check is not None:
            shift = text.index("\n") + 1
            span = Span(check.span.start + shift, check.span.end + shift)
            check = changed(check, span=span)
    if check is not None:
        found.append(check_directive_fault(check.value, check.span))
    return [fault for fault in found if fault is not None]


def _with_heredocs(
    instruction: Instruction, line: LogicalLine, reader: LineReader
) -> tuple[Instruction, Fault | None]:
    """The instruction with the bodies of the heredocs it opens."""
    holder = instruction.inner or instruction
    if holder.keyword not in HOLDERS or holder.json:
        return instruction, None
    bodies: list[Heredoc] = []
    fault = None
    for opening in openings(line.text):
        span, closed = reader.heredoc(opening.name, chomp=opening.chomp)
        body = reader.text[span.start : span.end]
        bodies.append(Heredoc(opening.name, body, opening.expand, opening.chomp, span))
        if not closed:
            message = f"the heredoc {opening.name} is opened and never closed"
            remedy = f"End it with a line that holds {opening.name} and nothing else."
            fault = Fault(message, Span(line.start, line.end), remedy)
            break
    if not bodies:
        return instruction, None
    end = reader.end_of_line(reader.index - 1)
    span = Span(instruction.span.start, max(end, instruction.span.end))
    inner = instruction.inner
    if inner is not None:
        inner_span = Span(inner.span.start, span.end)
        inner = changed(inner, heredocs=tuple(bodies), span=inner_span)
    whole = changed(instruction, heredocs=tuple(bodies), span=span, inner=inner)
    return whole, fault


def _blamed(fault: Fault, instruction: Instruction, before: Instruction | None, text: str) -> Fault:
    """The fault with what most likely caused it, where that is elsewhere or cannot be seen."""
    if instruction.keyword not in RULES and before is not None:
        return _blamed_on_line_above(fault, instruction, before, text)
    if fault.remedy and "blank" not in fault.remedy and "name=value" not in fault.remedy:
        return fault
    start = max(0, fault.span.start - 1)
    unseen = suspects(text[start : fault.span.end])
    if not unseen:
        return fault
    at, character = start + unseen[0][0], unseen[0][1]
    message = f"{fault.message}: there is {called(character)}"
    if character not in SPACES:
        return Fault(message, fault.span, fault.remedy)
    return Fault(message, Span(at, at + 1), "Put an ordinary space there.")


def _blamed_on_line_above(
    fault: Fault, instruction: Instruction, before: Instruction, text: str
) -> Fault:
    """An unknown instruction is often the rest of the one above, cut off from it."""
    above = text[text.rfind("\n", 0, before.span.end) + 1 : before.span.end]
    gap = text[before.span.end : instruction.span.start]
    if gap.count("\n") != 1 or before.heredocs:
        return fault
    tail = above.rstrip(SPACES)
    if tail.endswith("\\") and tail != above.rstrip(" \t"):
        start = before.span.end - len(above) + len(tail)
        hidden = next(c for c in above[len(tail) :] if c not in " \t")
        message = f"{called(hidden)} follows the backslash, which therefore does not join lines"
        end = before.span.end
        return Fault(message, Span(start, end), "Let nothing follow the backslash.")
    if "stands in the name" in fault.message:
        return fault
    remedy = "If it belongs to the line above, end that line with a backslash."
    return Fault(fault.message, fault.span, remedy)
