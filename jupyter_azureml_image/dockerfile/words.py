"""Words as a user of the parser wants them: expanded, unquoted, or split into name and value."""

from __future__ import annotations

from collections.abc import Mapping

from ..patterns import pattern
from ..records import dataclass
from .blanks import ASCII_BLANKS
from .model import Instruction, Span
from .shell import BadWord, Lexer

_ACTIVE = pattern(r"[$'\"\\`]")
_QUOTING = pattern(r"['\"\\`]")
_VARIABLE = pattern(r"\$(?:\{([A-Za-z_][A-Za-z0-9_]*)|([A-Za-z_][A-Za-z0-9_]*))", needs=("$",))


@dataclass(frozen=True, slots=True)
class Expanded:
    """A word after expansion. `unresolved` names the variables without a value that stood in it
    (they count as empty); `problem` says why BuildKit would refuse the word, whose `text` is then
    as it was written."""

    text: str
    unresolved: tuple[str, ...] = ()
    problem: str = ""


def expand(word: str, env: Mapping[str, str], escape: str = "\\") -> Expanded:
    """`word` with variables, quotes and escapes resolved as BuildKit does it.

    Knows `$VAR`, `${VAR}` and the operations `:-` `-` `:+` `+` `:?` `?` `#` `##` `%` `%%` `/` `//`.
    """
    if not _ACTIVE.search(word):
        return Expanded(word)
    lexer = Lexer(word, env, escape=escape)
    try:
        return Expanded(lexer.run(), tuple(lexer.unresolved))
    except BadWord as bad:
        return Expanded(word, tuple(lexer.unresolved), str(bad))


def expand_split(word: str, env: Mapping[str, str], escape: str = "\\") -> tuple[str, ...]:
    """`word` expanded and then split at its unquoted blanks (what EXPOSE does)."""
    lexer = Lexer(word, env, escape=escape)
    try:
        lexer.run()
    except BadWord:
        return (word,)
    return tuple(lexer.words)


def unquote(word: str, escape: str = "\\") -> str:
    """`word` without its quotes and escapes, variables left as they are written.

    A word whose quotes do not close is given back unchanged.
    """
    if not _QUOTING.search(word):
        return word
    lexer = Lexer(word, {}, escape=escape)
    lexer.keep_unset = True
    try:
        return lexer.run()
    except BadWord:
        return word


def variables(word: str) -> tuple[str, ...]:
    """The names of the variables that stand in `word`, quoted or not, in order."""
    return tuple(match.group(1) or match.group(2) for match in _VARIABLE.finditer(word))


@dataclass(frozen=True, slots=True)
class Assignment:
    """`name=value` of ENV, LABEL or ARG as written (quotes kept); `value` None for a bare ARG.

    `legacy` marks the old form with a blank instead of the equals sign.
    """

    name: str
    value: str | None
    span: Span
    legacy: bool = False


def assignments(instruction: Instruction) -> tuple[Assignment, ...]:
    """The names and values of an ENV, LABEL or ARG instruction, unexpanded, in order."""
    words = instruction.words
    if instruction.keyword == "ARG":
        return tuple(_assignment(word.raw, word.span) for word in words)
    if not words:
        return ()
    if "=" not in words[0].raw:
        name, _, value = _old_form(instruction.text)
        return (Assignment(name, value, instruction.at(0, len(instruction.text)), legacy=True),)
    return tuple(_assignment(word.raw, word.span) for word in words)


def _assignment(raw: str, span: Span) -> Assignment:
    name, equals, value = raw.partition("=")
    return Assignment(name, value if equals else None, span)


def _old_form(text: str) -> tuple[str, str, str]:
    parts = ASCII_BLANKS.split(text, maxsplit=1)
    return (parts[0], " ", parts[1]) if len(parts) == 2 else (text, "", "")
