"""The part of Go's regular expressions that an ignore pattern can turn into, in Python's.

Docker makes a Go expression of each pattern and passes brackets and backslashes through,
so `[[:alpha:]]`, `\\d` and `\\x41` in an ignore file mean what they mean to Go, and what
Go's compiler refuses (`\\M`, `[z-a]`) stops the build.
"""

from __future__ import annotations

import re

from ..patterns import pattern
from .gopath import BadPatternError

_POSIX = {
    "alnum": "0-9A-Za-z",
    "alpha": "A-Za-z",
    "ascii": r"\x00-\x7f",
    "blank": r"\t ",
    "cntrl": r"\x00-\x1f\x7f",
    "digit": "0-9",
    "graph": "!-~",
    "lower": "a-z",
    "print": " -~",
    "punct": r"!-/:-@\[-`{-~",
    "space": r"\t\n\v\f\r ",
    "upper": "A-Z",
    "word": "0-9A-Za-z_",
    "xdigit": "0-9A-Fa-f",
}
# Inside brackets. Go's \s has no vertical tab; Python's has.
_PERL = {"d": r"\d", "D": r"\D", "w": r"\w", "W": r"\W", "s": r"\t\n\f\r ", "S": r"\S\v"}
_CONTROL = {"a": "\a", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
_ANCHORS = {"A": r"\A", "z": r"\Z", "b": r"\b", "B": r"\B"}
# The only operators that a translated pattern holds outside brackets and escapes.
_OPERATORS = pattern(r"\(\.\*/\)\?|\.\*|\*|\^")


def compile_go(expression: str) -> re.Pattern[str]:
    """`expression` for `fullmatch`; raises BadPatternError where Go would refuse it."""
    return re.compile(python_text(expression), re.ASCII)


def python_text(expression: str) -> str:
    """`expression` in Python's syntax (with the flag ASCII); raises BadPatternError."""
    out: list[str] = []
    at = 0
    while at < len(expression):
        operator = _OPERATORS.match(expression, at)
        if operator:
            piece, at = operator.group().replace("(", "(?:"), operator.end()
        elif expression[at] == "[":
            piece, at = _class(expression, at + 1)
        elif expression[at] == "\\":
            piece, at = _escape(expression, at + 1)
        else:
            piece, at = re.escape(expression[at]), at + 1
        out.append(piece)
    return "".join(out)


def _escape(expression: str, at: int) -> tuple[str, int]:
    """What the backslash before `at` makes of what follows, outside brackets."""
    char = expression[at : at + 1]
    if char in _ANCHORS:
        return _ANCHORS[char], at + 1
    if char in _PERL:
        return f"[{_PERL[char]}]", at + 1
    if char == "Q":
        literal, _, _ = expression[at + 1 :].partition("\\E")
        return re.escape(literal), min(len(expression), at + 3 + len(literal))
    char, at = _escaped_char(expression, at)
    return re.escape(char), at


def _escaped_char(expression: str, at: int) -> tuple[str, int]:
    char = expression[at : at + 1]
    octal = re.compile(r"0[0-7]{0,2}|[1-7][0-7]{1,2}").match(expression, at)
    if octal:
        return chr(int(octal.group(), 8)), octal.end()
    hexadecimal = re.compile(r"x([0-9A-Fa-f]{2})").match(expression, at)
    if hexadecimal:
        return chr(int(hexadecimal.group(1), 16)), hexadecimal.end()
    if char in _CONTROL:
        return _CONTROL[char], at + 1
    if not char or char.isalnum() or not char.isascii():
        raise BadPatternError(f"'\\{char}' means nothing to Docker; write the character alone")
    return char, at + 1


def _class(expression: str, at: int) -> tuple[str, int]:
    """The class that begins after the bracket before `at`, and where it ends."""
    negated = expression[at : at + 1] == "^"
    at += negated
    items: list[str] = []
    first = True
    while first or expression[at : at + 1] != "]":
        first = False
        item, at = _class_item(expression, at)
        items.append(item)
    return f"[{'^' if negated else ''}{''.join(items)}]", at + 1


def _class_item(expression: str, at: int) -> tuple[str, int]:
    posix = re.compile(r"\[:(\^?\w*):\]").match(expression, at)
    if posix:
        if posix.group(1) not in _POSIX:
            raise BadPatternError(f"there is no character class {posix.group()}")
        return _POSIX[posix.group(1)], posix.end()
    if expression[at : at + 1] == "\\" and expression[at + 1 : at + 2] in _PERL:
        return _PERL[expression[at + 1]], at + 2
    low, at = _class_char(expression, at)
    if expression[at : at + 1] != "-" or expression[at + 1 : at + 2] in ("", "]"):
        return re.escape(low), at
    high, at = _class_char(expression, at + 1)
    if high < low:
        raise BadPatternError(f"the range {low}-{high} runs backwards")
    return f"{re.escape(low)}-{re.escape(high)}", at


def _class_char(expression: str, at: int) -> tuple[str, int]:
    char = expression[at : at + 1]
    if not char:
        raise BadPatternError("a '[' is never closed")
    return _escaped_char(expression, at + 1) if char == "\\" else (char, at + 1)
