"""The parsed Dockerfile: instructions and words, each with its exact place in the text.

Offsets count characters of `Dockerfile.text`, which is the text as given (line ends and a
byte order mark included), so that joining the spans gives the text back.
"""

from __future__ import annotations

import bisect
from dataclasses import field
from typing import Literal

from ..records import dataclass

Anchors = tuple[tuple[int, int], ...]
"""Where a joined line comes from: (offset in the joined line, offset in the text) of each run."""


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
    """`<<NAME`: its body; `expand` unless the name was quoted; `chomp` for `<<-`.

    `body` is the text of `span` as written (leading tabs are still there), without the line
    that ends it.
    """

    name: str
    body: str
    expand: bool
    chomp: bool
    span: Span


@dataclass(frozen=True, slots=True)
class Instruction:
    """One instruction. `text` is its arguments (after the flags) on one line, continuations
    and the comment lines inside them taken out; `json` says that the arguments are a JSON array
    of strings. `inner` is the instruction after ONBUILD. `comment` lines above it are not part
    of it.

    `keyword` is in upper case. `words` are what BuildKit splits `text` into: blanks separate
    those of FROM, COPY, ADD, EXPOSE, VOLUME; ENV, LABEL and ARG have one `name=value` a word,
    the old `ENV name value` two; a command (RUN, CMD, ENTRYPOINT in shell form), USER, WORKDIR
    and the like are a single word; HEALTHCHECK has its kind, then its command.
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
    anchors: Anchors = field(default=(), repr=False, compare=False)

    def flag(self, name: str) -> str | None:
        """The value of `--name`, or None."""
        return next((f.value for f in self.flags if f.name == name), None)

    def at(self, start: int, end: int) -> Span:
        """The place in the Dockerfile of characters `start` up to `end` of `text`."""
        return place(self.anchors, start, end)


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


PieceKind = Literal["directive", "comment", "instruction", "blank"]


@dataclass(frozen=True, slots=True)
class Dockerfile:
    """A Dockerfile read to its end, whatever faults it has.

    `comments` are all comment lines, those between the lines of an instruction included.
    """

    text: str
    instructions: tuple[Instruction, ...]
    directives: tuple[Directive, ...] = ()
    faults: tuple[Fault, ...] = ()
    comments: tuple[Span, ...] = ()
    line_starts: tuple[int, ...] = field(default=(0,), repr=False)
    escape: str = "\\"

    def position(self, offset: int) -> tuple[int, int]:
        """Line and column, from 1, of a character offset."""
        line = bisect.bisect_right(self.line_starts, offset)
        return line, offset - self.line_starts[line - 1] + 1

    def line(self, instruction: Instruction) -> int:
        """The line, from 1, on which an instruction starts."""
        return self.position(instruction.span.start)[0]

    def directive(self, name: str) -> str | None:
        """The value of the directive `name` (syntax, escape, check), or None."""
        return next((d.value for d in self.directives if d.name == name), None)

    def pieces(self) -> tuple[tuple[PieceKind, Span], ...]:
        """The whole text in order, cut into its parts; a blank is what lies between two others."""
        parts: list[tuple[PieceKind, Span]] = [("directive", d.span) for d in self.directives]
        parts += [("instruction", i.span) for i in self.instructions]
        parts += [("comment", c) for c in self.comments]
        parts.sort(key=lambda part: (part[1].start, -part[1].end))
        pieces: list[tuple[PieceKind, Span]] = []
        done = 0
        for kind, span in parts:
            if span.start < done:
                continue  # a comment inside an instruction
            if span.start > done:
                pieces.append(("blank", Span(done, span.start)))
            pieces.append((kind, span))
            done = span.end
        if done < len(self.text):
            pieces.append(("blank", Span(done, len(self.text))))
        return tuple(pieces)


def place(anchors: Anchors, start: int, end: int) -> Span:
    """The span in the text of characters `start` up to `end` of a joined line."""
    if len(anchors) == 1:
        shift = anchors[0][1] - anchors[0][0]
        return Span(start + shift, end + shift)
    first = _offset(anchors, start)
    return Span(first, _offset(anchors, end - 1) + 1 if end > start else first)


def _offset(anchors: Anchors, offset: int) -> int:
    joined, source = anchors[max(0, bisect.bisect_right(anchors, (offset, 1 << 62)) - 1)]
    return source + offset - joined
