"""How BuildKit expands a word: variables, quotes and escapes, in the manner of a POSIX shell.

The lexer has the switches that BuildKit's has, because the same machinery also finds heredocs:
`raw_quotes` and `raw_escapes` keep what would be taken away, `keep_unset` leaves variables that
have no value as they are written.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from ..patterns import pattern
from .blanks import SPACE_CLASS
from .globs import Glob, substitute

_SPECIAL = "@*#?-$!0"
_END = ""
DEEPEST = 60
"""How deep `${A:-${B:-...}}` may nest, so that no stack overflows."""
LONGEST = 256 * 1024
"""How long a word may become (Linux takes 128 KiB): variables that double would fill any memory."""
_SPACE = pattern(f"[{SPACE_CLASS}]")
_PLAIN = {escape: pattern(rf"[^$'\"<}}/{re.escape(escape)}]+|[}}/]") for escape in "\\`"}


class BadWord(ValueError):
    """A word that BuildKit refuses to expand; the text says why."""


class Lexer:
    """Expands one word. `words` are its parts split at unquoted blanks after expansion."""

    def __init__(self, source: str, env: Mapping[str, str], *, escape: str = "\\") -> None:
        self.source = source
        self.position = 0
        self.env = env
        self.escape = escape
        self.raw_quotes = False
        self.raw_escapes = False
        self.keep_unset = False
        self.depth = self.size = 0
        self.unresolved: dict[str, None] = {}
        self.words: list[str] = []

    def run(self) -> str:
        """The expanded text; raises BadWord."""
        text, self.words = self._until(_END, raw_escapes=self.raw_escapes)
        return text

    def _peek(self) -> str:
        return self.source[self.position : self.position + 1]

    def _next(self) -> str:
        character = self.source[self.position : self.position + 1]
        self.position += 1
        return character

    def _until(self, stop: str, *, raw_escapes: bool) -> tuple[str, list[str]]:
        """Read up to and over `stop` (or to the end of the word for an empty one)."""
        before, self.raw_escapes = self.raw_escapes, raw_escapes
        self.depth += 1
        if self.depth > DEEPEST:
            raise BadWord("its variables are nested too deeply")
        try:
            return self._read(stop)
        finally:
            self.raw_escapes = before
            self.depth -= 1

    def _read(self, stop: str) -> tuple[str, list[str]]:
        parts: list[str] = []
        split = _Splitter()
        while character := self._peek():
            if character == stop:
                self.position += 1
                return "".join(parts), split.finish()
            if character in "$'\"<":
                piece = self._special(character)
                (split.add if character == "$" else split.add_raw)(piece)
                parts.append(piece)
                continue
            if character != self.escape:
                plain = _plain(self.source, self.position, self.escape)
                self.position += len(plain)
                split.add(plain)
                parts.append(plain)
                continue
            self.position += 1
            if self.raw_escapes:
                split.add_raw(character)
                parts.append(character)
            if escaped := self._next():
                split.add_raw(escaped)
                parts.append(escaped)
        if stop:
            raise BadWord(f"it ends before the closing {stop}")
        return "".join(parts), split.finish()

    def _special(self, character: str) -> str:
        if character == "$":
            return self._dollar()
        if character == "<":
            return self._angle()
        return self._single() if character == "'" else self._double()

    def _angle(self) -> str:
        """`<<` and the blanks behind it stay together, so that `<< NAME` is one word."""
        start = self.position
        self.position += 1
        if self._peek() == "<":
            self.position += 1
            while (blank := self._peek()) and blank in " \t\r":
                self.position += 1
        return self.source[start : self.position]

    def _single(self) -> str:
        end = self.source.find("'", self.position + 1)
        if end < 0:
            raise BadWord("a single quote is opened and never closed")
        quoted = self.source[self.position : end + 1]
        self.position = end + 1
        return quoted if self.raw_quotes else quoted[1:-1]

    def _double(self) -> str:
        self.position += 1
        parts = ['"'] if self.raw_quotes else []
        while character := self._peek():
            if character == "$":
                parts.append(self._dollar())
                continue
            self.position += 1
            if character == '"':
                return "".join(parts) + ('"' if self.raw_quotes else "")
            if character == self.escape:
                if self.raw_escapes:
                    parts.append(character)
                if not self._peek():
                    continue
                if self._peek() in ('"', "$", self.escape):
                    character = self._next()
            parts.append(character)
        raise BadWord("a double quote is opened and never closed")

    def _dollar(self) -> str:
        text = self._variable()
        self.size += len(text)
        if self.size > LONGEST:
            raise BadWord("it becomes longer than any variable or path can be")
        return text

    def _variable(self) -> str:
        self.position += 1
        if self._peek() != "{":
            name = self._name()
            if not name:
                return "$"
            return f"${name}" if self._unset(name) and self.keep_unset else self._value(name)
        self.position += 1
        if not self._peek():
            raise BadWord("a `${` has no closing `}`")
        if self._peek() in "{}:":
            raise BadWord("a `${` is not followed by a name")
        name = self._name()
        operator = self._next()
        if not operator:
            raise BadWord("a `${` has no closing `}`")
        if operator == "}":
            kept = self._unset(name) and self.keep_unset
            return "${" + name + "}" if kept else self._value(name)
        return self._replaced(name) if operator == "/" else self._modified(name, operator)

    def _modified(self, name: str, operator: str) -> str:
        """`${name:-word}` and its kin, the text up to the operator being read."""
        shown, null_is_unset = operator, operator == ":"
        if null_is_unset:
            operator = self._next()
            shown += operator
        elif operator not in ("+", "-", "?", "#", "%"):
            raise BadWord(f"`{operator}` is not an operation on a variable that BuildKit knows")
        word, _ = self._until("}", raw_escapes=operator in ("#", "%"))
        unset = self._unset(name)
        if unset and self.keep_unset:
            return "${" + name + shown + word + "}"
        value = self._value(name) if operator in ("#", "%") else self.env.get(name, "")
        empty = unset or (null_is_unset and not value)
        if operator == "-":
            return word if empty else value
        if operator == "+":
            return "" if empty else word
        if operator == "?":
            if empty:
                why = "is not set" if unset else "is empty"
                raise BadWord(f"the variable {name} {why}" + (f": {word}" if word else ""))
            return value
        if operator and operator in "#%":
            greedy = word.startswith(operator)
            return _trim(value, word[1:] if greedy else word, operator, greedy=greedy)
        raise BadWord(f"`{shown}` is not an operation on a variable that BuildKit knows")

    def _replaced(self, name: str) -> str:
        every = self._peek() == "/"
        if every:
            self.position += 1
        pattern, _ = self._until("/", raw_escapes=True)
        replacement, _ = self._until("}", raw_escapes=True)
        if self._unset(name) and self.keep_unset:
            return "${" + name + "/" + pattern + "/" + replacement + "}"
        if every:
            replacement = re.sub(r"\$(\$|\w+|\{\w*\})", _no_group, replacement)
        return substitute(_glob(pattern), self._value(name), replacement, every=every)

    def _name(self) -> str:
        start = self.position
        first = self._peek()
        if first.isdecimal():
            while self._peek().isdecimal():
                self.position += 1
        elif first and first in _SPECIAL:
            self.position += 1
        else:
            while (character := self._peek()) and (
                character == "_" or character.isalpha() or character.isdecimal()
            ):
                self.position += 1
        return self.source[start : self.position]

    def _unset(self, name: str) -> bool:
        return name not in self.env

    def _value(self, name: str) -> str:
        if name not in self.env:
            self.unresolved[name] = None
        return self.env.get(name, "")


class _Splitter:
    """Cuts the expanded text at blanks that were neither quoted nor escaped."""

    def __init__(self) -> None:
        self.words: list[str] = []
        self.parts: list[str] = []

    def add(self, text: str) -> None:
        first, *others = text.split(" ") if _only_spaces(text) else _SPACE.split(text)
        self.parts.append(first)
        for part in others:
            if word := "".join(self.parts):
                self.words.append(word)
            self.parts = [part]

    def add_raw(self, text: str) -> None:
        self.parts.append(text)

    def finish(self) -> list[str]:
        word = "".join(self.parts)
        return [*self.words, word] if word else self.words


def _only_spaces(text: str) -> bool:
    """Whether the space is the only blank that `text` can hold."""
    return text.isascii() and text.isprintable()


def _plain(source: str, position: int, escape: str) -> str:
    """The longest run from `position` on in which no character means anything."""
    match = _PLAIN[escape].match(source, position)
    return match.group() if match else source[position]


def _no_group(match: re.Match[str]) -> str:
    """In Go's replacement text `$$` is a dollar, and any named group here is an empty one."""
    return "$" if match.group(1) == "$" else ""


def _trim(value: str, pattern: str, operator: str, *, greedy: bool) -> str:
    """`value` without the shortest (or longest) match of a shell pattern at one end."""
    if operator == "#":
        end = _glob(pattern).prefix(value, greedy=greedy)
        return value if end is None else value[end:]
    pieces = re.findall(r"\\.|.", pattern, re.DOTALL)
    end = _glob("".join(reversed(pieces))).prefix(value[::-1], greedy=greedy)
    return value if end is None else value[: len(value) - end]


def _glob(pattern: str) -> Glob:
    """A shell pattern of `*`, `?` and escapes; brackets mean themselves."""
    made: list[str] = []
    for part in re.findall(r"\\[}/]|\\.?|.", pattern, re.DOTALL):
        if part in ("*", "?"):
            made.append("*" if part == "*" else ".")
        elif part.startswith("\\"):
            if part[1:] not in ("*", "?", "\\", "}", "/"):
                raise BadWord(f"`{part}` in the pattern `{pattern}` escapes nothing")
            made.append(re.escape(part[1]))
        else:
            made.append(re.escape(part))
    return Glob.of(made)
