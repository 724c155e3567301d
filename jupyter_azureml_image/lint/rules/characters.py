"""Characters that look like others or cannot be seen: dashes, curly quotes, odd blanks."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ...dockerfile.blanks import called, meant, suspects
from ...dockerfile.model import Instruction, Span
from ...dockerfile.split import is_array
from ..diagnostic import Edit, Fix
from ..links import EXTEND
from ..rule import About, Example, Finding, rule
from ..shell import Command, ShellWord
from ..subject import Subject

_DASHES = "\u2010\u2011\u2012\u2013\u2014\u2015\u2212"
_OPTION = f"[-{_DASHES}]*[{_DASHES}][-{_DASHES}]*(?=[A-Za-z])"
_SPEAKING = ("echo", "printf")
_INSTALLERS = ("pip", "pip3", "apt-get", "apt", "conda", "mamba", "python", "python3")
_PROSE = ("LABEL", "MAINTAINER")
ARRAYS = ("CMD", "ENTRYPOINT", "RUN", "VOLUME")
"""What takes an array, and takes what is none for words or a command of the shell."""


@rule(
    About(
        "AML001",
        "error",
        "A character that only looks like the right one",
        why="Text from web pages and word processors brings en dashes, curly quotes and "
        "non-breaking spaces; every printed version of Microsoft's first sample has one. "
        "pip, apt and Docker read them as ordinary letters.",
        remedy="Type the character again.",
        example=Example(
            "FROM mcr.microsoft.com/azureml/minimal-py312-inference:latest\n"
            "COPY requirements.txt /tmp/requirements.txt\n"
            "RUN pip install –r /tmp/requirements.txt\n",
            "FROM mcr.microsoft.com/azureml/minimal-py312-inference:latest\n"
            "COPY requirements.txt /tmp/requirements.txt\n"
            "RUN pip install -r /tmp/requirements.txt\n",
        ),
        sources=(EXTEND,),
    )
)
def look_alikes(subject: Subject) -> Iterator[Finding]:
    """In faulty lines first, then in instructions that BuildKit accepts."""
    for one in subject.faults:
        if one.code == "AML001":
            yield _in_fault(subject, one.span, one.fault.span)
    yield from _in_single_quotes(subject)
    if not suspects(subject.text):
        return
    for step in subject.steps:
        if subject.dockerfile.line(step.instruction) in subject.faulty_lines:
            continue
        if step.instruction.keyword == "RUN":
            for command in step.commands:
                yield from _in_command(subject, command)
        elif step.instruction.keyword not in _PROSE:
            yield from _in_instruction(subject, step.instruction)


def _in_fault(subject: Subject, span: Span, fault: Span) -> Finding:
    line = subject.line_span(subject.line_of(span.start))
    character = subject.text[span.start]
    found = [
        (line.start + at, char)
        for at, char in suspects(subject.text[line.start : line.end])
        if not (char == "\ufeff" and line.start + at == 0)
    ]
    edits = tuple(Edit(at, at + 1, _instead(subject, at, char)) for at, char in found)
    return Finding(
        Span(span.start, span.start + 1),
        f"There is {called(character)} here that Docker does not read as "
        f"{_spoken(character)}; the line cannot be understood",
        fixes=(Fix("Put the plain character in its place", True, edits),),
        syntax=True,
    )


def _singly_quoted(text: str) -> bool:
    """Whether it would be a JSON array if its quotes were double ones."""
    if not (text.startswith("[") and text.endswith("]") and "'" in text):
        return False
    return '"' not in text and is_array(text.replace("'", '"'))


def _in_single_quotes(subject: Subject) -> Iterator[Finding]:
    for instruction in subject.dockerfile.instructions:
        if instruction.keyword in ARRAYS and _singly_quoted(instruction.text):
            yield _in_double_quotes(subject, instruction)


def _in_double_quotes(subject: Subject, instruction: Instruction) -> Finding:
    span = instruction.at(0, len(instruction.text))
    places = [span.start + m.start() for m in re.finditer("'", subject.text[span.start : span.end])]
    fix = Fix("Write double quotes", True, tuple(Edit(at, at + 1, '"') for at in places))
    return Finding(
        span,
        f"JSON takes double quotes only: {instruction.keyword} does not read this as an array, "
        "but as plain text with brackets and quotes",
        # A comment between the lines may hold quotes of its own.
        fixes=(fix,) if len(places) == instruction.text.count("'") else (),
    )


def _instead(subject: Subject, at: int, char: str) -> str:
    """What to write for it; nothing where it only trails on its line."""
    trails = at + 1 >= subject.visible_ends[subject.line_of(at) - 1]
    if trails and not meant(char).strip():
        return ""
    return meant(char)


def _spoken(character: str) -> str:
    plain = meant(character)
    return {" ": "a blank", "-": "a hyphen", "": "nothing"}.get(plain, plain)


def _in_command(subject: Subject, command: Command) -> Iterator[Finding]:
    if command.name in _SPEAKING:
        return
    for word in (*command.assignments, *command.words):
        if word.raw.isascii():
            continue
        option = re.match(_OPTION, word.raw)
        if option is not None:
            yield _dash(subject, word, option[0], command)
        elif not word.quoted:
            yield from _odd(subject, word.span, certain=_breaks(word, command))


def _dash(subject: Subject, word: ShellWord, dashes: str, command: Command) -> Finding:
    rest = word.raw[len(dashes) :]
    short = re.fullmatch(r"[A-Za-z]{1,2}|qq\w?", rest) is not None
    plain = "-" if short and len(dashes) == 1 else "--"
    start = word.span.start
    character = next(c for c in dashes if c in _DASHES)
    certain = short or "-" in rest or len(dashes) > 1 or len(rest) > 4
    fix = Fix(f"Write {plain}{rest}", certain, (Edit(start, start + len(dashes), plain),))
    return Finding(
        word.span,
        f"'{word.raw}' starts with {called(character)}, not a hyphen: "
        f"{command.name} does not read it as an option",
        fixes=(fix,),
    )


def _breaks(word: ShellWord, command: Command) -> bool:
    """Whether the command certainly fails: a blank that is none, or a quote for an installer."""
    glued = any(meant(char) in ("", " ") for _, char in suspects(word.raw))
    quotes = any(meant(char) in ("'", '"') for _, char in suspects(word.raw))
    return glued or (quotes and command.name in _INSTALLERS)


def _odd(subject: Subject, span: Span, *, certain: bool) -> Iterator[Finding]:
    found = [
        (span.start + at, char)
        for at, char in suspects(subject.text[span.start : span.end])
        if char not in _DASHES and char != "\u2026"
    ]
    if not found:
        return
    edits = tuple(Edit(at, at + 1, _instead(subject, at, char)) for at, char in found)
    names = " and ".join(dict.fromkeys(called(char) for _, char in found))
    yield Finding(
        Span(found[0][0], found[-1][0] + 1),
        f"There is {names} here: it is kept as a letter of the word",
        severity=None if certain else "warning",
        fixes=(Fix("Put the plain character in its place", True, edits),),
    )


def _in_instruction(subject: Subject, instruction: Instruction) -> Iterator[Finding]:
    keyword = instruction.keyword
    end = instruction.heredocs[0].span.start if instruction.heredocs else instruction.span.end
    span = Span(instruction.span.start, end)
    if keyword in ("CMD", "ENTRYPOINT", "SHELL", "HEALTHCHECK"):
        if not instruction.json and re.match(r"\[\s*[\u201c\u201d\u201e]", instruction.text):
            yield from _odd(subject, span, certain=True)
        return
    for word in instruction.words:
        if word.raw.isascii():
            continue
        option = re.match(_OPTION, word.raw) if keyword in ("COPY", "ADD", "FROM") else None
        if option is not None:
            yield _flag(word.raw, option[0], word.span)
        elif keyword in ("ENV", "ARG"):
            yield from _in_value(subject, word.raw, word.span)
        elif not re.search(r"['\"]", word.raw):
            yield from _odd(subject, word.span, certain=False)


def _flag(raw: str, dashes: str, span: Span) -> Finding:
    fix = Fix(
        f"Write --{raw[len(dashes) :]}", True, (Edit(span.start, span.start + len(dashes), "--"),)
    )
    return Finding(
        span, f"'{raw}' does not start with hyphens: it is read as a file's name", fixes=(fix,)
    )


def _in_value(subject: Subject, raw: str, span: Span) -> Iterator[Finding]:
    """A value may hold any letter; quotes around it and odd blanks are no part of it."""
    value = raw.partition("=")[2]
    quoted = value[:1] in ("'", '"')
    if not quoted and any(char in "\u201c\u201d\u2018\u2019\u201e\xa0\u200b" for char in value):
        yield from _odd(subject, span, certain=False)
