"""Findings as text: the line, a mark under the place, a sentence, why, remedy, code.

The pieces (`Shown`) are what an HTML view shows too, so that both say the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from ..records import dataclass
from .diagnostic import SEVERITIES, Diagnostic

_HIDES = frozenset(("AML090",))
_NO_SECRET = re.compile(r"\s*(?:COPY|ADD)\s", re.I)  # what it marks there is a path
_WIDTH = 160
_MARK_LIMIT = 120


@dataclass(frozen=True, slots=True)
class Shown:
    """A finding ready to be shown. `text` is its line as it may be shown (a secret's
    characters are dots, a long line is cut), `mark` the carets under it; both are empty for a
    finding that stands in no line.
    """

    diagnostic: Diagnostic
    text: str = ""
    mark: str = ""


def shown(text: str, diagnostic: Diagnostic) -> Shown:
    """A finding with its line of `text`."""
    lines = text.replace("\r\n", "\n").split("\n")
    if not 1 <= diagnostic.line <= len(lines):
        return Shown(diagnostic)
    line = lines[diagnostic.line - 1].replace("\ufeff", "").rstrip(" \t\r")
    start = max(0, min(diagnostic.column - 1, len(line)))
    end = diagnostic.end_column - 1 if diagnostic.end_line == diagnostic.line else len(line)
    end = max(start + 1, min(end, len(line)))
    if diagnostic.code in _HIDES and not _NO_SECRET.match(line):
        line = line[:start] + "•" * (end - start) + line[end:]
    visible = "".join(_visible(char) for char in line)
    return _cut(diagnostic, visible, start, end)


def _visible(char: str) -> str:
    """One column for every character: tabs and what cannot be seen included."""
    if char == "\t":
        return " "
    if char in "\xa0\u2007\u202f\u3000":
        return "␣"
    return char if char.isprintable() else "�"


def _cut(diagnostic: Diagnostic, line: str, start: int, end: int) -> Shown:
    if len(line) > _WIDTH:
        first = max(0, min(start - 40, len(line) - _WIDTH))
        head, tail = ("…" if first else ""), ("…" if first + _WIDTH < len(line) else "")
        line = head + line[first : first + _WIDTH] + tail
        start, end = start - first + len(head), end - first + len(head)
    width = max(1, min(end - start, _MARK_LIMIT, len(line) - start + 1))
    return Shown(diagnostic, line, " " * start + "^" * width)


def render_one(text: str, diagnostic: Diagnostic, above: int = 0) -> tuple[str, ...]:
    """The lines that show one finding; `above` lines stand over the text where it is read."""
    one = shown(text, diagnostic)
    number = diagnostic.line + above
    lines = [f"line {number}  {diagnostic.severity}  {diagnostic.message}"]
    if one.text.strip():
        gutter = f"{number:>5} | "
        lines += [f"{gutter}{one.text}", f"{'':>5} | {one.mark}"]
    if diagnostic.why:
        lines.append(f"      why: {diagnostic.why}")
    if diagnostic.remedy:
        lines.append(f"      fix: {diagnostic.remedy}{_offer(diagnostic)}")
    lines.append(f"      {diagnostic.code}  (`%azureml_image explain {diagnostic.code}`)")
    return tuple(lines)


def _offer(diagnostic: Diagnostic) -> str:
    if any(fix.certain for fix in diagnostic.fixes):
        return " [--fix does it]"
    return ""


def render(text: str, diagnostics: Sequence[Diagnostic]) -> str:
    """All findings and a closing sentence."""
    blocks = ["\n".join(render_one(text, diagnostic)) for diagnostic in diagnostics]
    return "\n\n".join((*blocks, summary(diagnostics)))


def summary(diagnostics: Iterable[Diagnostic]) -> str:
    """`2 errors, 1 warning.`, with how many of them `--fix` mends."""
    found = list(diagnostics)
    if not found:
        return "Nothing found."
    counts = [(sum(d.severity == level for d in found), level) for level in SEVERITIES]
    plural = {"error": "errors", "warning": "warnings", "info": "remarks"}
    single = {"error": "error", "warning": "warning", "info": "remark"}
    said = ", ".join(
        f"{n} {single[level] if n == 1 else plural[level]}" for n, level in counts if n
    )
    fixable = sum(any(fix.certain for fix in d.fixes) for d in found)
    return f"{said}." + (f" --fix mends {fixable} of them." if fixable else "")
