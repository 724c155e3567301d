"""Finding lines in the log of a run: in the file, which has all of them."""

from __future__ import annotations

from itertools import islice
from pathlib import Path
from typing import Any

from ..view.html import frame
from ..view.markup import element
from ..view.words import log_line
from .looks import Looks

SHOWN = 50


class Search:
    """A word, and the lines of the log that have it. `log_file` is the run's, once it runs."""

    def __init__(self, looks: Looks) -> None:
        self.log_file = ""
        self._word = looks.text("Find in log", continuous_update=False)
        self._lines = looks.html()
        self._word.observe(lambda change: self._find(change["new"]), "value")
        self.widget: Any = looks.column(self._word, self._lines)

    def _find(self, word: str) -> None:
        found = matching(self.log_file, word) if word else []
        told = element("p", f"{len(found)} lines" if len(found) < SHOWN else f"first {SHOWN} lines")
        self._lines.value = (
            frame(told, element("pre", "\n".join(found)), element("code", self.log_file))
            if word
            else ""
        )


def matching(log_file: str, word: str) -> list[str]:
    """The first lines of the log that hold `word`, in any case of letters, with their numbers."""
    if not log_file or not Path(log_file).exists():
        return []
    low = word.lower()
    with Path(log_file).open(encoding="utf-8", errors="replace") as lines:
        hits = (
            f"{n}: {log_line(line.rstrip())}"
            for n, line in enumerate(lines, 1)
            if low in line.lower()
        )
        return list(islice(hits, SHOWN))
