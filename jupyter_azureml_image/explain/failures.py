"""What the code of an error means, where no known cause stands behind it: one entry a code."""

from __future__ import annotations

import functools
import json
from pathlib import Path

from ..records import dataclass
from ..wire import load

FILE = Path(__file__).parent / "failures.json"


@dataclass(frozen=True, slots=True)
class Failure:
    """One code of `errors.ImageError` and its subclasses."""

    code: str
    title: str
    meaning: str
    action: str

    @property
    def text(self) -> str:
        """All of it, for people."""
        return f"{self.code}: {self.title}\n\n{self.meaning}\n\n{self.action}\n"


@functools.cache
def all_failures() -> tuple[Failure, ...]:
    """Every entry, by code."""
    return tuple(load(Failure, each) for each in json.loads(FILE.read_text(encoding="utf-8")))


def find_failure(code: str) -> Failure | None:
    """The entry with this code, in any case of letters."""
    return next((f for f in all_failures() if f.code == code.strip().lower()), None)
