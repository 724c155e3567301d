"""The parsed Dockerfile: instructions and words, each with its exact place in the text.

Offsets count characters of `Dockerfile.text`, which is the text as given (line ends and a
byte order mark included), so that joining the spans gives the text back.
"""

from __future__ import annotations

import bisect
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Span:
    """Characters from `start` up to `end`."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Word:
    """One argument as written (`raw`) and without quotes and escapes (`value`), unexpanded."""

    raw: str
    value: str
    span: Span


@dataclass(frozen=True, slots=True)
class Flag:
    """`--name=value` before the arguments; `value` None for a bare `--name`."""

    name: str
    value: str | None
    span: Span


@dataclass(frozen=True, slots=True)
class Heredoc:
    """`<<NAME`: its body; `expand` unless the name was quoted; `chomp` for `<<-`."""

    name: str
    body: str
    expand: bool
    chomp: bool
    span: Span


@dataclass(frozen=True, slots=True)
class Instruction:
    """One instruction. `text` is its arguments on one line, continuations and the comment
    lines inside them taken out; `json` says that the arguments are a JSON array of strings.
    `inner` is the instruction after ONBUILD. `comment` lines above it are not part of it.
    """

    keyword: str
    span: Span
    keyword_span: Span
    text: str
    words: tuple[Word, ...] = ()
    flags: tuple[Flag, ...] = ()
    json: bool = False
    heredocs: tuple[Heredoc, ...] = ()
    inner: Instruction | None = None

    def flag(self, name: str) -> str | None:
        """The value of `--name`, or None."""
        return next((f.value for f in self.flags if f.name == name), None)


@dataclass(frozen=True, slots=True)
class Directive:
    """`# name=value` at the top: syntax, escape or check."""

    name: str
    value: str
    span: Span


@dataclass(frozen=True, slots=True)
class Fault:
    """A place where BuildKit's parser would refuse the file, and why."""

    message: str
    span: Span
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class Dockerfile:
    """A Dockerfile read to its end, whatever faults it has."""

    text: str
    instructions: tuple[Instruction, ...]
    directives: tuple[Directive, ...] = ()
    faults: tuple[Fault, ...] = ()
    comments: tuple[Span, ...] = ()
    line_starts: tuple[int, ...] = field(default=(0,), repr=False)

    def position(self, offset: int) -> tuple[int, int]:
        """Line and column, from 1, of a character offset."""
        line = bisect.bisect_right(self.line_starts, offset)
        return line, offset - self.line_starts[line - 1] + 1

    def line(self, instruction: Instruction) -> int:
        """The line, from 1, on which an instruction starts."""
        return self.position(instruction.span.start)[0]
