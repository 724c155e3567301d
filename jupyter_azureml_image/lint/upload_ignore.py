"""The rules by which azure-ai-ml uploads a folder: gitignore patterns in one file at its root.

These are not Docker's rules (a name without a slash counts at any depth, the last match wins,
a folder that is left out takes everything below it along); see the SDK's `_asset_utils`.
"""

from __future__ import annotations

import re

from ..records import dataclass


@dataclass(frozen=True, slots=True)
class _Pattern:
    text: str
    regex: re.Pattern[str]
    keeps: bool
    folders_only: bool


@dataclass(frozen=True, slots=True)
class UploadRules:
    """A .amlignore or .gitignore."""

    patterns: tuple[_Pattern, ...]

    @classmethod
    def read(cls, text: str) -> UploadRules:
        """The patterns of a file's text; blank lines and comments are left out."""
        lines = (line.rstrip() for line in text.splitlines())
        return cls(tuple(_pattern(line) for line in lines if line and not line.startswith("#")))

    def excluded_by(self, path: str) -> str | None:
        """The pattern that leaves a file out; None where it is sent."""
        parts = path.split("/")
        for depth in range(1, len(parts) + 1):
            here = "/".join(parts[:depth])
            last = None
            for pattern in self.patterns:
                folder = depth < len(parts)
                if (folder or not pattern.folders_only) and pattern.regex.fullmatch(here):
                    last = pattern
            if last is not None and not last.keeps:
                return last.text
        return None


def _pattern(line: str) -> _Pattern:
    text = line
    keeps = text.startswith("!")
    text = text[1:] if keeps or text.startswith(("\\#", "\\!")) else text
    folders_only = text.endswith("/")
    text = text.rstrip("/")
    anchored = "/" in text
    text = text.lstrip("/")
    prefix = "" if anchored else "(?:.*/)?"
    return _Pattern(line, re.compile(prefix + _regex(text)), keeps, folders_only)


def _regex(text: str) -> str:
    out, at = [], 0
    while at < len(text):
        if text.startswith("**/", at):
            out.append("(?:.*/)?")
            at += 3
        elif text.startswith("**", at):
            out.append(".*")
            at += 2
        elif text[at] == "*":
            out.append("[^/]*")
            at += 1
        elif text[at] == "?":
            out.append("[^/]")
            at += 1
        elif text[at] == "[" and (close := text.find("]", at + 2)) > 0:
            body = text[at + 1 : close].replace("\\", r"\\")
            body = "^" + body[1:] if body.startswith("!") else body
            out.append(f"[{body}]")
            at = close + 1
        else:
            out.append(re.escape(text[at]))
            at += 1
    return "".join(out)
