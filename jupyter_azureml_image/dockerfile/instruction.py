"""One logical line as an instruction: its words cut as BuildKit cuts them."""

from __future__ import annotations

from collections.abc import Iterable

from . import split
from .blanks import ASCII_BLANKS, SPACES
from .lines import LogicalLine
from .model import Anchors, Fault, Flag, Instruction, Span, Word, place
from .rules import RULES, Rule
from .words import unquote

_ARRAY = "a JSON array here may hold strings in double quotes only"


class Refused(Exception):
    """What BuildKit's parser says no to inside one instruction."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.message)
        self.fault = fault


def read(line: LogicalLine, escape: str) -> tuple[Instruction, Fault | None]:
    """The instruction, and the fault that the cutting itself met."""
    return _instruction(line.text, line.anchors, Span(line.start, line.end), escape)


def _instruction(
    text: str, anchors: Anchors, span: Span, escape: str, *, nested: bool = False
) -> tuple[Instruction, Fault | None]:
    name, start, end = split.keyword(text)
    flags, first = split.flags(text, end, escape)
    rest = text[first:].rstrip(SPACES)
    stripped = rest.lstrip(SPACES)
    first += len(rest) - len(stripped)
    own = _shift(anchors, first)
    keyword_span = place(anchors, start, end)
    marked = tuple(_flag(value, piece, anchors) for value, piece in flags)
    rule = RULES.get(name.upper())
    if nested and rule is not None and rule.shape == "inner":
        rule = None  # ONBUILD ONBUILD is refused: nothing in it is of interest
    words: tuple[Word, ...] = ()
    inner: Instruction | None = None
    json, fault = False, None
    try:
        if rule is not None and rule.shape == "inner":
            if stripped:
                inner_span = Span(own[0][1], span.end)
                inner, fault = _instruction(stripped, own, inner_span, escape, nested=True)
        elif rule is not None:
            words, json = _words(stripped, own, escape, rule)
    except Refused as refused:
        fault = refused.fault
    return (
        Instruction(
            name.upper(), span, keyword_span, stripped, words, marked, json, (), inner, own
        ),
        fault,
    )


def _words(text: str, anchors: Anchors, escape: str, rule: Rule) -> tuple[tuple[Word, ...], bool]:
    """The words of `text`, and whether they came from a JSON array."""
    if not text:
        return (), False
    if rule.shape == "health":
        return _health(text, anchors, escape)
    if rule.shape in ("list", "command") and text[0] == "[":
        strings = _strings(text, anchors)
        if strings is not None:
            return strings, True
    if rule.shape in ("list", "blank"):
        return _cut(split.blank_words(text), anchors, escape), False
    if rule.shape == "names":
        return _cut(split.quoted_words(text, escape), anchors, escape), False
    if rule.shape == "pairs":
        return _pairs(text, anchors, escape), False
    whole = place(anchors, 0, len(text))
    return (Word(text, unquote(text, escape) if rule.shape == "single" else text, whole),), False


def _cut(pieces: Iterable[split.Piece], anchors: Anchors, escape: str) -> tuple[Word, ...]:
    return tuple(
        Word(raw, unquote(raw, escape), place(anchors, start, end)) for raw, start, end in pieces
    )


def _strings(text: str, anchors: Anchors) -> tuple[Word, ...] | None:
    try:
        strings = split.json_strings(text)
    except split.NotStrings:
        whole = place(anchors, 0, len(text))
        remedy = "Put every element in double quotes."
        raise Refused(Fault(_ARRAY, whole, remedy)) from None
    if strings is None:
        return None
    return tuple(Word(raw, value, place(anchors, a, b)) for value, (raw, a, b) in strings)


def _pairs(text: str, anchors: Anchors, escape: str) -> tuple[Word, ...]:
    pieces = list(split.quoted_words(text, escape))
    if pieces and "=" not in pieces[0][0]:
        old = list(split.blank_words(text))
        if len(old) < 2:
            message = f"{old[0][0]!r} has no value"
            remedy = "Write name=value."
            raise Refused(Fault(message, place(anchors, 0, len(text)), remedy))
        _, start, end = old[0]
        at = old[1][1]
        name = Word(text[:end], unquote(text[:end], escape), place(anchors, start, end))
        value = text[at:]
        return name, Word(value, unquote(value, escape), place(anchors, at, len(text)))
    for raw, start, end in pieces:
        if "=" not in raw:
            message = f"{raw!r} is not of the form name=value"
            remedy = "Put a value with blanks in double quotes, or take out the blank."
            raise Refused(Fault(message, place(anchors, start, end), remedy))
    return _cut(pieces, anchors, escape)


def _health(text: str, anchors: Anchors, escape: str) -> tuple[tuple[Word, ...], bool]:
    """HEALTHCHECK: its kind, then a command."""
    # BuildKit walks over bytes here: no longer blank ends a kind that it would take.
    blanks = ASCII_BLANKS.search(text)
    end, start = blanks.span() if blanks else (len(text), len(text))
    kind = Word(text[:end], text[:end], place(anchors, 0, end))
    rest = text[start:]
    if not rest:
        return (kind,), False
    listed = rest.lstrip(SPACES)
    at = len(text) - len(listed)
    command = _strings(listed, _shift(anchors, at)) if listed[0] == "[" else None
    if command is not None:
        return (kind, *command), True
    return (kind, Word(rest, rest, place(anchors, start, len(text)))), False


def _flag(value: str, piece: split.Piece, anchors: Anchors) -> Flag:
    name, equals, given = value[2:].partition("=")
    return Flag(name, given if equals else None, place(anchors, piece[1], piece[2]))


def _shift(anchors: Anchors, start: int) -> Anchors:
    """The anchors of what begins at `start` of the joined line."""
    if not start:
        return anchors
    if len(anchors) == 1:
        return ((0, anchors[0][1] + start - anchors[0][0]),)
    first = place(anchors, start, start).start
    return ((0, first), *((joined - start, at) for joined, at in anchors if joined > start))
