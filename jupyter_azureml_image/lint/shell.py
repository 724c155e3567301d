"""The commands inside a RUN, each word with its place in the Dockerfile.

This is no shell: it finds where commands and words begin and end (quotes, escapes,
continuations, comments between continued lines, operators, redirections, substitutions)
and expands nothing. A word that holds `$` or a backquote says so.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..dockerfile.model import Span
from ..patterns import pattern
from ..records import dataclass


@dataclass(frozen=True, slots=True)
class ShellWord:
    """One word: `raw` as written, `value` without quotes and escapes.

    `fixed` is true where no substitution can change it; `quoted` where any of it was quoted.
    """

    raw: str
    value: str
    span: Span
    fixed: bool = True
    quoted: bool = False


@dataclass(frozen=True, slots=True)
class Redirect:
    """`>`, `<`, `>>` and the like. `glued`: no blank between it and the word before."""

    operator: str
    target: str
    span: Span
    glued: bool


@dataclass(frozen=True, slots=True)
class Command:
    """A simple command: assignments and wrappers (`sudo`, `env`, ...) are taken off `words`.

    `before` and `after` are the operators around it (`&&`, `||`, `;`, `|`, `(` or "").
    """

    words: tuple[ShellWord, ...]
    span: Span
    before: str = ""
    after: str = ""
    redirects: tuple[Redirect, ...] = ()
    assignments: tuple[ShellWord, ...] = ()
    sudo: bool = False

    @property
    def name(self) -> str:
        """The program's name without its folder; empty for a bare assignment."""
        return self.words[0].value.rsplit("/", 1)[-1] if self.words else ""

    @property
    def values(self) -> tuple[str, ...]:
        """The words after the program, unquoted."""
        return tuple(word.value for word in self.words[1:])


_TOKEN = pattern(
    r"""(?P<blank>[ \t\r\f]+)
      | (?P<joined>[\\`][ \t]*\r?\n(?:[ \t]*(?:\#[^\n]*)?\r?\n)*(?:[ \t]*\#[^\n]*\n)*)
      | (?P<operator>&&|\|\||;;|\|&|[;&|()\n])
      | (?P<redirect>\d?(?:>>|<<<|<>|>&|<&|&>|>\||>|<))
      | (?P<comment>\#[^\n]*)""",
    re.VERBOSE,
)
_PLAIN = pattern(r"[^ \t\r\n\f\\'\"`$;&|()<>]+")
_WRAPPERS = {"sudo", "env", "exec", "time", "nice", "command", "eatmydata", "then", "do", "else"}
_KEYWORDS = {"if", "elif", "while", "until", "!", "{"}
_ASSIGNMENT = pattern(r"[A-Za-z_]\w*\+?=")


@dataclass(slots=True)
class _Scan:
    text: str
    at: int
    end: int
    escape: str = "\\"

    def word(self) -> ShellWord:
        """Reads one word that starts at `at`."""
        start, out, fixed, quoted = self.at, [], True, False
        while self.at < self.end:
            plain = _PLAIN.match(self.text, self.at, self.end)
            if plain:
                out.append(plain[0])
                self.at = plain.end()
                continue
            char = self.text[self.at]
            if char == "\\":
                if not self._escaped(out):
                    break
            elif char in "'\"":
                quoted = True
                fixed = self._quotes(char, out) and fixed
            elif char in "$`":
                fixed = False
                self._substitution(out)
            else:
                break
        return ShellWord(
            self.text[start : self.at], "".join(out), Span(start, self.at), fixed, quoted
        )

    def _escaped(self, out: list[str]) -> bool:
        joined = _TOKEN.match(self.text, self.at, self.end)
        if joined and joined.lastgroup == "joined":
            following = joined.end()
            if following < self.end and self.text[following] in " \t\r\n":
                return False
            self.at = following
            return True
        out.append(self.text[self.at + 1 : self.at + 2])
        self.at = min(self.at + 2, self.end)
        return True

    def _quotes(self, mark: str, out: list[str]) -> bool:
        fixed = True
        self.at += 1
        while self.at < self.end and self.text[self.at] != mark:
            char = self.text[self.at]
            if mark == '"' and char == "\\":
                if not self.text[self.at + 1 : self.at + 2].isspace():
                    out.append(self.text[self.at + 1 : self.at + 2])
                self.at += 2
                continue
            if mark == '"' and char in "$`":
                fixed = False
            out.append(char)
            self.at += 1
        self.at = min(self.at + 1, self.end)
        return fixed

    def _substitution(self, out: list[str]) -> None:
        start = self.at
        if self.text[self.at] == "`":
            close = self.text.find("`", self.at + 1, self.end)
            self.at = self.end if close < 0 else close + 1
        elif self.text[self.at + 1 : self.at + 2] in ("(", "{"):
            self.at = _closing(self.text, self.at + 1, self.end)
        else:
            self.at += 1
        out.append(self.text[start : self.at])


def _closing(text: str, opening: int, end: int) -> int:
    """Just after the bracket that closes the one at `opening`."""
    pair = {"(": ")", "{": "}"}[text[opening]]
    depth = 0
    for at in range(opening, end):
        if text[at] == text[opening]:
            depth += 1
        elif text[at] == pair:
            depth -= 1
            if depth == 0:
                return at + 1
    return end


@dataclass(slots=True)
class _Collected:
    words: list[ShellWord]
    redirects: list[Redirect]
    before: str = ""

    def command(self, after: str) -> Command | None:
        if not self.words and not self.redirects:
            return None
        spans = [w.span for w in self.words] + [r.span for r in self.redirects]
        span = Span(min(s.start for s in spans), max(s.end for s in spans))
        assignments: list[ShellWord] = []
        sudo = False
        taken = 0
        while taken < len(self.words):
            word = self.words[taken]
            if _ASSIGNMENT.match(word.raw):
                assignments.append(word)
            elif word.value in _WRAPPERS or word.value in _KEYWORDS:
                sudo = sudo or word.value == "sudo"
            elif not (sudo and word.value.startswith("-")):
                break
            taken += 1
        return Command(
            tuple(self.words[taken:]),
            span,
            self.before,
            after,
            tuple(self.redirects),
            tuple(assignments),
            sudo,
        )


def commands(text: str, span: Span, escape: str = "\\") -> Iterator[Command]:
    """The simple commands between two offsets of a Dockerfile's text, in order."""
    scan = _Scan(text, span.start, span.end, escape)
    now = _Collected([], [])
    while scan.at < scan.end:
        token = _TOKEN.match(text, scan.at, scan.end)
        kind = token.lastgroup if token else "word"
        if kind == "joined" and token and token[0][0] == "`" and escape != "`":
            kind = "word"
        if token is None or kind == "word":
            before = scan.at
            word = scan.word()
            if scan.at == before:  # a character no rule knows: step over it
                scan.at += 1
            else:
                now.words.append(word)
            continue
        scan.at = token.end()
        if kind == "operator":
            if (made := now.command(token[0])) is not None:
                yield made
            now = _Collected([], [], token[0])
        elif kind == "redirect":
            now.redirects.append(_redirect(scan, token, now.words))
    if (made := now.command("")) is not None:
        yield made


def _redirect(scan: _Scan, token: re.Match[str], words: list[ShellWord]) -> Redirect:
    glued = bool(words) and words[-1].span.end == token.start()
    while scan.at < scan.end and scan.text[scan.at] in " \t":
        scan.at += 1
    target = scan.word()
    return Redirect(token[0], target.value, Span(token.start(), scan.at), glued)
