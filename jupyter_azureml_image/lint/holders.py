"""Which instruction holds a place or a line of the file."""

from __future__ import annotations

import bisect

from ..dockerfile.model import Dockerfile


class Holders:
    """Finds instructions by halving: a file may have tens of thousands, and as many faults."""

    def __init__(self, dockerfile: Dockerfile) -> None:
        self.dockerfile = dockerfile
        self._starts = [instruction.span.start for instruction in dockerfile.instructions]

    def at(self, offset: int) -> int | None:
        """The index of the instruction that a character belongs to."""
        number = bisect.bisect_right(self._starts, offset) - 1
        if number < 0 or self.dockerfile.instructions[number].span.end <= offset:
            return None
        return number

    def on(self, line: int) -> int | None:
        """The index of the instruction that a line (from 1) belongs to."""
        starts = self.dockerfile.line_starts
        if not 1 <= line <= len(starts):
            return None
        below = starts[line] if line < len(starts) else len(self.dockerfile.text) + 1
        number = bisect.bisect_left(self._starts, below) - 1
        if number < 0:
            return None
        span = self.dockerfile.instructions[number].span
        return number if max(span.start, span.end - 1) >= starts[line - 1] else None

    def below(self, offset: int) -> int | None:
        """The index of the first instruction that begins there or after it."""
        number = bisect.bisect_left(self._starts, offset)
        return number if number < len(self._starts) else None
