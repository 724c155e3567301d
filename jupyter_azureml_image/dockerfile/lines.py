"""Physical lines joined to logical ones, as BuildKit's scanner does it.

A line ends with `\n`, and the carriage returns before it do not count. A line whose last
character before trailing blanks and tabs is a lone escape character goes on in the next one;
comment lines and empty lines in between are passed over. A line may have 65,535 bytes.
"""

from __future__ import annotations

from ..patterns import pattern
from ..records import dataclass
from .blanks import SPACES
from .model import Anchors, Directive, Fault, Span

MAX_LINE = 65535
_B = r"[\t\n\f\r ]*"  # what Go's expressions, unlike its trimming, take for blanks
_DIRECTIVE = pattern(rf"#{_B}([a-zA-Z][a-zA-Z0-9]*){_B}={_B}(.+?){_B}\Z", needs=("=",))
_KNOWN = ("syntax", "escape", "check")


@dataclass(slots=True)
class LogicalLine:
    """One instruction's text before it is taken apart, and where it came from."""

    text: str
    anchors: Anchors
    start: int
    end: int


class LineReader:
    """Hands out logical lines and, between them, heredoc bodies; collects what it passes over."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.lines = text.split("\n")
        self.starts = _starts(self.lines)
        self.count = len(self.lines) - (not self.lines[-1])
        self.index = 0
        self.escape = "\\"
        self.comments: list[Span] = []
        self.directives: list[Directive] = []
        self.faults: list[Fault] = []
        self._in_directives = True
        self._refuse_long_lines()

    def next(self) -> LogicalLine | None:
        """The next logical line; None at the end of the text."""
        while self.index < self.count:
            index = self.index
            self.index += 1
            line = self.lines[index].rstrip("\r")
            offset = self.starts[index]
            if index == 0 and line.startswith("\ufeff"):
                line, offset = line[1:], offset + 1
            stripped = line.lstrip(SPACES)
            offset += len(line) - len(stripped)
            if self._in_directives:
                self._directive(stripped, offset)
            if not stripped:
                continue
            if stripped[0] == "#":
                self._comment(offset, offset + len(stripped))
                continue
            return self._join(stripped, offset)
        return None

    def heredoc(self, name: str, *, chomp: bool) -> tuple[Span, bool]:
        """The body up to the line `name`, and whether that line was there."""
        start = self.starts[self.index] if self.index < len(self.starts) else len(self.text)
        while self.index < self.count:
            line = self.lines[self.index].rstrip("\r")
            self.index += 1
            if (line.lstrip("\t") if chomp else line) == name:
                return Span(start, self.starts[self.index - 1]), True
        return Span(start, len(self.text)), False

    def end_of_line(self, index: int) -> int:
        """The offset behind the last character of a physical line, its line end aside."""
        return self.starts[index] + len(self.lines[index].rstrip("\r"))

    def _join(self, line: str, offset: int) -> LogicalLine:
        start = offset
        text, goes_on = self._continued(line)
        if not goes_on:
            return LogicalLine(text, ((0, offset),), start, offset + len(line))
        parts, anchors, length = [text], [(0, offset)], len(text)
        end = read_to = offset + len(line)
        while goes_on and self.index < self.count:
            line = self.lines[self.index].rstrip("\r")
            offset = self.starts[self.index]
            self.index += 1
            read_to = offset + len(line)
            stripped = line.lstrip(SPACES)
            if stripped[:1] == "#":
                self.comments.append(Span(read_to - len(stripped), read_to))
                continue
            if not stripped:
                continue
            text, goes_on = self._continued(line)
            anchors.append((length, offset))
            parts.append(text)
            length += len(text)
            end = read_to
        # Nothing came after the last escape character: all that was passed over belongs to it.
        end = read_to if goes_on else end
        return LogicalLine("".join(parts), tuple(anchors), start, end)

    def _continued(self, line: str) -> tuple[str, bool]:
        trimmed = line.rstrip(" \t")
        if trimmed.endswith(self.escape) and not trimmed.endswith(self.escape * 2):
            return trimmed[:-1], True
        return line, False

    def _comment(self, start: int, end: int) -> None:
        if not (self.directives and self.directives[-1].span.start == start):
            self.comments.append(Span(start, end))

    def _directive(self, line: str, offset: int) -> None:
        """Take `# name=value` as a directive while nothing else has been met."""
        match = _DIRECTIVE.match(line)
        name = match.group(1).lower() if match else ""
        if match is None or name not in _KNOWN:
            self._in_directives = False
            return
        span, value = Span(offset, offset + len(line)), match.group(2)
        if any(known.name == name for known in self.directives):
            remedy = "Remove the second one."
            self.faults.append(Fault(f"the directive {name} may stand only once", span, remedy))
            return
        self.directives.append(Directive(name, value, span))
        if name != "escape":
            return
        if value in ("\\", "`"):
            self.escape = value
            return
        message = f"the escape character {value!r} is neither \\ nor `"
        self.faults.append(Fault(message, span, "Write `# escape=\\` or `# escape=` and a `."))

    def _refuse_long_lines(self) -> None:
        if len(self.text) <= MAX_LINE // 4:
            return
        for index, line in enumerate(self.lines):
            if len(line) * 4 <= MAX_LINE or len(line.encode("utf-8", "replace")) <= MAX_LINE:
                continue
            span = Span(self.starts[index], self.starts[index] + len(line))
            message = f"this line is longer than {MAX_LINE:,} bytes"
            self.faults.append(Fault(message, span, "Break it with a backslash at the line's end."))


def _starts(lines: list[str]) -> list[int]:
    starts, offset = [], 0
    for line in lines:
        starts.append(offset)
        offset += len(line) + 1
    return starts
