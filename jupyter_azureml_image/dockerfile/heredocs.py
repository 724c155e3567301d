"""Finding `<<NAME` in an instruction, by the rules BuildKit has for it."""

from __future__ import annotations

from ..patterns import pattern
from ..records import dataclass
from .shell import BadWord, Lexer

HOLDERS = frozenset({"ADD", "COPY", "RUN"})
"""The instructions that may have heredocs (unless their arguments are a JSON array)."""

_HEREDOC = pattern(r"([0-9]*)<<(-?)[\t\n\f\r ]*([^<]*)\Z", needs=("<<",))
# Seen with BuildKit 0.25: a name with an operation on a variable in it opens no heredoc.
_OPERATION = pattern(r"\$\{\w+[^\w}]")


@dataclass(frozen=True, slots=True)
class Opening:
    """`<<NAME`, before its body is read."""

    name: str
    expand: bool
    chomp: bool


def openings(line: str) -> list[Opening]:
    """The heredocs that a logical line (instruction name included) opens, in order.

    A line whose quotes do not close opens none. The escape character is always the backslash
    here, whatever the escape directive says.
    """
    if "<<" not in line:
        return []
    lexer = _lexer(line, raw=True)
    try:
        lexer.run()
    except BadWord:
        return []
    found = (opening(word) for word in lexer.words)
    return [each for each in found if each is not None]


def opening(word: str) -> Opening | None:
    """The heredoc that one word opens, or None."""
    match = _HEREDOC.match(word)
    if match is None or not match.group(3) or _OPERATION.search(match.group(3)):
        return None
    bare, quoted = _lexer(match.group(3), raw=False), _lexer(match.group(3), raw=True)
    quoted.raw_escapes = False
    try:
        bare.run()
        quoted.run()
    except BadWord:
        return None
    if len(bare.words) != 1 or len(quoted.words) != 1:
        return None
    name = bare.words[0]
    return Opening(name, _quotes(name) == _quotes(quoted.words[0]), match.group(2) == "-")


def _lexer(text: str, *, raw: bool) -> Lexer:
    lexer = Lexer(text, {})
    lexer.raw_quotes = lexer.raw_escapes = raw
    lexer.keep_unset = True
    return lexer


def _quotes(text: str) -> int:
    return text.count("'") + text.count('"')
