"""Output of commands as clean lines: no control characters, progress bars collapsed."""

from __future__ import annotations

import codecs
import re

_ESCAPES = re.compile(
    r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[ -/]*[0-~])|\x9b[0-?]*[ -/]*[@-~]"
)
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029]")
_REDRAWN = 4_000  # characters of a line from which on it is looked through for a redrawn one
_LONGEST = 100_000  # characters kept of one line without an end


def clean(line: str) -> str:
    """One line without escape sequences and control characters; of text that overwrote
    itself with carriage returns, what was visible last."""
    if line.isprintable():  # nearly every line, and none that holds any of what follows
        return line.rstrip()
    line = _ESCAPES.sub("", line)
    if "\r" in line:
        line = next((part for part in reversed(line.split("\r")) if part.strip()), "")
    return _CONTROLS.sub("", line).rstrip()


class Lines:
    """Cuts a stream of bytes, in whatever portions, into clean lines."""

    def __init__(self) -> None:
        self._decode = codecs.getincrementaldecoder("utf-8")("replace").decode
        self._rest = ""

    def feed(self, data: bytes) -> list[str]:
        """The lines that `data` completes."""
        return self.feed_text(self._decode(data))

    def feed_text(self, text: str) -> list[str]:
        """The lines that `text` completes."""
        *whole, self._rest = (self._rest + text).split("\n")
        if len(self._rest) > _REDRAWN:
            # A progress bar redraws one line for ever: only its last pictures matter.
            self._rest = "\r".join(self._rest.rsplit("\r", 2)[-2:])[-_LONGEST:]
        return [clean(line) for line in whole]

    def end(self) -> list[str]:
        """The last line, where it had no end."""
        rest, self._rest = clean(self._rest), ""
        return [rest] if rest else []
