"""Taking a logical line apart: instruction, flags, and the words of its arguments."""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Iterator
from typing import Any

from ..patterns import pattern
from .blanks import ASCII_BLANKS, SPACE_CLASS, SPACES

Piece = tuple[str, int, int]
"""A part of a line with its offsets."""

_KEYWORD = pattern(r"[^\t\v\f\r ]+")
_BYTE_SPACES = r"\t\n\v\f\r \x85\xa0"
_JSON_STRING = pattern(r'"(?:[^"\\]|\\.)*"', re.DOTALL)


@functools.cache
def _flag(escape: str) -> re.Pattern[str]:
    sign = re.escape(escape)
    return re.compile(
        rf"--(?:{sign}(?:.|\Z)"
        rf"|'(?:{sign}.|[^'{sign}])*(?:'|{sign}?\Z)"
        rf'|"(?:{sign}.|[^"{sign}])*(?:"|{sign}?\Z)'
        rf"|[^{_BYTE_SPACES}'\"{sign}])*",
        re.DOTALL,
    )


@functools.cache
def _word(escape: str) -> re.Pattern[str]:
    sign = re.escape(escape)
    return re.compile(
        rf"(?:{sign}(?:.|\Z)"
        rf"|'[^']*(?:'|\Z)"
        rf'|"(?:{sign}.|[^"{sign}])*(?:"|{sign}?\Z)'
        rf"|[^{SPACE_CLASS}'\"{sign}])+",
        re.DOTALL,
    )


class NotStrings(ValueError):
    """A JSON array with something in it that is not a string: the one form BuildKit refuses."""


def keyword(line: str) -> Piece:
    """The instruction's name as written; it ends at the first ASCII blank and nowhere else."""
    start = len(line) - len(line.lstrip(SPACES))
    match = _KEYWORD.match(line.rstrip(SPACES), start)
    return (match.group(), start, match.end()) if match else ("", start, start)


def flags(line: str, start: int, escape: str) -> tuple[list[tuple[str, Piece]], int]:
    """The `--flags` from `start` on, unquoted, each with its place; and where arguments begin.

    BuildKit walks over bytes here, so that a byte 0x85 or 0xA0 inside a longer character ends a
    flag; the line is looked at through its bytes when that can matter.
    """
    rest = start + len(line[start:]) - len(line[start:].lstrip("\t\n\v\f\r "))
    if not line.startswith("--", rest):
        return [], rest
    if line.isascii():
        return _flags(line, rest, escape)
    data = line.encode("utf-8", "surrogatepass")
    before = len(line[:rest].encode("utf-8", "surrogatepass"))
    found, end = _flags(data.decode("latin-1"), before, escape)

    def back(offset: int) -> int:
        return len(data[:offset].decode("utf-8", "ignore"))

    exact = [(value, (raw, back(a), back(b))) for value, (raw, a, b) in found]
    return [(_as_text(value), (line[a:b], a, b)) for value, (_, a, b) in exact], back(end)


def _flags(line: str, position: int, escape: str) -> tuple[list[tuple[str, Piece]], int]:
    found: list[tuple[str, Piece]] = []
    while match := _flag(escape).match(line, position):
        position = match.end()
        value = _bare_flag(match.group(), escape)
        if value == "--":
            break
        found.append((value, (match.group(), match.start(), match.end())))
        while line[position : position + 1] in _BYTE_BLANKS and position < len(line):
            position += 1
    return found, position


_BYTE_BLANKS = "\t\n\v\f\r \x85\xa0"


def _bare_flag(raw: str, escape: str) -> str:
    """A flag without its quotes and escapes; no quote keeps an escape from working here."""
    if not any(special in raw for special in ("'", '"', escape)):
        return raw
    parts: list[str] = []
    quote, position = "", 0
    while position < len(raw):
        character = raw[position]
        position += 1
        if character == escape:
            parts.append(raw[position : position + 1])
            position += 1
        elif character == quote:
            quote = ""
        elif not quote and character in "'\"":
            quote = character
        else:
            parts.append(character)
    return "".join(parts)


def _as_text(value: str) -> str:
    """Bytes seen one by one, as text again where they still are text."""
    try:
        return value.encode("latin-1").decode("utf-8")
    except UnicodeDecodeError:
        return value


def blank_words(text: str) -> Iterator[Piece]:
    """Words between ASCII blanks; quotes mean nothing yet."""
    position = 0
    if not text:
        return
    for match in ASCII_BLANKS.finditer(text):
        yield text[position : match.start()], position, match.start()
        position = match.end()
    yield text[position:], position, len(text)


def quoted_words(text: str, escape: str) -> Iterator[Piece]:
    """Words between blanks (of any kind) outside quotes; the quotes stay."""
    for match in _word(escape).finditer(text):
        raw = match.group()
        if match.end() == len(text) and _ends_in_escape(raw, escape):
            raw = raw[:-1]
        if raw:
            yield raw, match.start(), match.end()


def _ends_in_escape(raw: str, escape: str) -> bool:
    """Whether the last character is an escape with nothing left to escape."""
    if not raw.endswith(escape):
        return False
    position, quote = 0, ""
    while position < len(raw):
        character = raw[position]
        if character == escape and quote != "'":
            if position + 1 == len(raw):
                return True
            position += 1
        elif character == quote:
            quote = ""
        elif not quote and character in "'\"":
            quote = character
        position += 1
    return False


def json_strings(text: str) -> list[tuple[str, Piece]] | None:
    """The strings of a JSON array with their places; None when `text` is no JSON array.

    Raises NotStrings for an array that holds anything else.
    """
    if not text.startswith("["):
        return None
    try:
        values: list[Any] = json.loads(text, parse_constant=_refuse, parse_float=_number)
    except (ValueError, RecursionError):
        return None
    if not all(isinstance(value, str) for value in values):
        raise NotStrings
    places = [(m.group(), m.start(), m.end()) for m in _JSON_STRING.finditer(text)]
    return list(zip(values, places, strict=True))


def is_array(text: str) -> bool:
    """Whether `text` is a JSON array of strings."""
    try:
        return json_strings(text) is not None
    except NotStrings:
        return False


def _refuse(name: str) -> None:
    """`NaN` and `Infinity` are Python's own addition to JSON."""
    raise ValueError(name)


def _number(text: str) -> float:
    value = float(text)
    if value in (float("inf"), float("-inf")):
        raise ValueError(text)  # out of range for BuildKit: no JSON to it
    return value
