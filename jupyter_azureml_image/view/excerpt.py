"""The place of a finding: the source line and the mark under it."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

from ..lint.diagnostic import Diagnostic

# What cannot be seen is shown as what it is, so that the mark stands under something.
_INVISIBLE = {"\u00a0": "⍽", "\u200b": "⍽", "\ufeff": "⍽", "\u2060": "⍽", "\t": " "}


@dataclass(frozen=True, slots=True)
class Excerpt:
    """`before`, `marked` and `after` are the source line in three pieces."""

    line: int
    before: str
    marked: str
    after: str

    @property
    def source(self) -> str:
        """The line as shown."""
        return self.before + self.marked + self.after

    @property
    def mark(self) -> str:
        """Blanks and carets to put under `source`."""
        return " " * _width(self.before) + "^" * max(_width(self.marked), 1)


def excerpt(text: str, finding: Diagnostic) -> Excerpt | None:
    """The first line of a finding's place in `text`; None where the text has no such line."""
    lines = text.split("\n")
    if not 1 <= finding.line <= len(lines):
        return None
    line = lines[finding.line - 1].rstrip("\r")
    start = min(max(finding.column, 1) - 1, len(line))
    end = len(line)
    if finding.end_line in (0, finding.line) and finding.end_column > finding.column:
        end = min(finding.end_column - 1, len(line))
    elif finding.end_line in (0, finding.line):
        end = min(start + 1, len(line))
    return Excerpt(finding.line, _shown(line[:start]), _shown(line[start:end]), _shown(line[end:]))


def _shown(text: str) -> str:
    return "".join(
        _INVISIBLE.get(c) or ("·" if unicodedata.category(c) in ("Cc", "Cf") else c) for c in text
    )


def _width(text: str) -> int:
    """Columns of a fixed-width font: wide East Asian characters take two."""
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)
