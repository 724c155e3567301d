"""One pattern of Docker's ignore language, ready to be matched.

Docker reads four shapes. A plain text equals the path; `dir/**` is a prefix; `**/name` a
suffix (`**name` too: it matches `xname`); everything else becomes a regular expression.
The shapes are kept apart because the first three are much faster to match.
"""

from __future__ import annotations

import re
from typing import Literal

from ..records import dataclass
from . import gopath, goregex

Shape = Literal["exact", "prefix", "suffix", "regex"]
_ESCAPED = frozenset(".+()|{}$")


@dataclass(frozen=True, slots=True)
class Pattern:
    """A cleaned pattern without its `!`. `literal` is what a fast shape compares with."""

    text: str
    shape: Shape
    literal: str
    regex: re.Pattern[str] | None

    def matches(self, path: str) -> bool:
        """Whether `path` itself (not a folder above it) is meant."""
        if self.shape == "exact":
            return path == self.literal
        if self.shape == "prefix":
            return path.startswith(self.literal)
        if self.shape == "suffix":
            return path.endswith(self.literal) or "/" + path == self.literal
        return self.regex is not None and self.regex.fullmatch(path) is not None

    def may_match_below(self, directory: str) -> bool:
        """Whether some path below `directory` could be meant; True where it is not certain."""
        if "^" in self.text and self.shape != "exact":
            return True  # Go reads it as the beginning of the path, wherever it stands
        below = directory + "/"
        fixed = re.match(r"[^*?\[\\]*", self.text)
        start = fixed.group() if fixed else ""
        if start.startswith(below):
            return len(self.text) > len(below)
        if not below.startswith(start):
            return False
        # Brackets and escapes may match a slash, `**` any number of them.
        if re.search(r"\*\*|[\[\\]", self.text):
            return True
        parts, depth = self.text.split("/"), directory.count("/") + 1
        if len(parts) <= depth:
            return False
        return gopath.matcher("/".join(parts[:depth])).fullmatch(directory) is not None


def parse_pattern(text: str) -> Pattern:
    """`text`, cleaned and without `!`, compiled; raises BadPatternError."""
    gopath.matcher(text)  # Docker refuses what filepath.Match refuses
    shape, expression = translate(text)
    if shape == "regex":
        return Pattern(text, shape, "", goregex.compile_go(expression))
    literal = {"exact": text, "prefix": text[:-2], "suffix": text[2:]}[shape]
    return Pattern(text, shape, literal, None)


def translate(text: str) -> tuple[Shape, str]:
    """The shape of a cleaned pattern, and the Go expression Docker makes of it."""
    shape: Shape = "exact"
    out: list[str] = []
    at = 0
    while at < len(text):
        char, start = text[at], at
        at += 1
        if text.startswith("**", start):
            at += 1 + text.startswith("/", start + 2)
            ends = at >= len(text)
            out.append(".*" if ends else "(.*/)?")
            plain_so_far = ends and shape == "exact"
            shape = "suffix" if start == 0 else "prefix" if plain_so_far else "regex"
            continue
        if char in "*?[]\\":
            shape = "regex"
        if char == "\\" and at < len(text):
            char += text[at]
            at += 1
        elif char in _ESCAPED:
            char = "\\" + char
        out.append({"*": "[^/]*", "?": "[^/]"}.get(char, char))
    return shape, "".join(out)
