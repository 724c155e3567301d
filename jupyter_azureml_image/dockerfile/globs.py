"""Shell patterns matched in time that grows with the text, whatever the pattern.

A pattern is cut at its stars into segments of fixed length, and each segment is looked for at
its first (or, for the longest match, the last one at its last) place. A regular expression with
as many stars would go back and forth over a hostile text for hours.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from ..records import dataclass

Match = tuple[int, int]
"""Where a match begins and ends."""


@dataclass(frozen=True, slots=True)
class Glob:
    """The segments between the stars, as regular expressions of fixed length."""

    segments: tuple[re.Pattern[str], ...]

    @classmethod
    def of(cls, parts: Iterable[str]) -> Glob:
        """A pattern from its parts: "*", or a regular expression for one character."""
        segments: list[list[str]] = [[]]
        for part in parts:
            if part == "*":
                segments.append([])
            else:
                segments[-1].append(part)
        return cls(tuple(re.compile("".join(each), re.DOTALL) for each in segments))

    def prefix(self, text: str, *, greedy: bool) -> int | None:
        """Where the shortest (or longest) match that begins the text ends."""
        first = self.segments[0].match(text)
        return None if first is None else self._rest(text, first.end(), greedy=greedy)

    def find(self, text: str, start: int) -> Match | None:
        """The first match from `start` on, as long as it can be."""
        first = self.segments[0].search(text, start)
        end = None if first is None else self._rest(text, first.end(), greedy=True)
        return None if first is None or end is None else (first.start(), end)

    def full(self, text: str) -> bool:
        """Whether the pattern matches all of the text."""
        if len(self.segments) == 1:
            return self.segments[0].fullmatch(text) is not None
        return self.prefix(text, greedy=True) == len(text)

    def _rest(self, text: str, position: int, *, greedy: bool) -> int | None:
        _, *others = self.segments
        for number, segment in enumerate(others, start=2):
            if greedy and number == len(self.segments):
                return _last(segment, text, position)
            found = segment.search(text, position)
            if found is None:
                return None
            position = found.end()
        return position


def _last(segment: re.Pattern[str], text: str, position: int) -> int | None:
    """Where the last match of a segment ends that begins at `position` or later."""
    for start in range(len(text), position - 1, -1):
        found = segment.match(text, start)
        if found is not None:
            return found.end()
    return None


def substitute(glob: Glob, text: str, replacement: str, *, every: bool) -> str:
    """`text` with the first match, or every one, replaced."""
    parts: list[str] = []
    position, done = 0, -1
    while position <= len(text):
        match = glob.find(text, position)
        if match is None:
            break
        start, end = match
        parts.append(text[position:start])
        if end > start or start != done:
            parts.append(replacement)
        if end == start:
            parts.append(text[start : start + 1])
            end += 1
        position = done = end
        if not every:
            break
    return "".join((*parts, text[position:]))
