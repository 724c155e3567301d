"""A known cause of a failure, and what it explains."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Literal

from ..records import dataclass

Where = Literal["build", "rehearse", "push", "azure"]
"""build: an instruction, here or in ACR Tasks; rehearse: a container of the image, here or
deployed; push: a registry's answer to a push; azure: Azure's own words."""


@dataclass(frozen=True, slots=True)
class Sample:
    """What was really said: the end of a log, with the instruction and exit code it came with."""

    lines: tuple[str, ...]
    instruction: str | None = None
    exit_code: int | None = None


@dataclass(frozen=True, slots=True)
class Cause:
    """One file of `causes/`. Codes are stable and never used twice.

    It is recognised by a line that one of `patterns` (regular expressions, those that tell most
    first) is found in, or by an exit code alone; not where one of `unless` is found in any line
    or in the instruction. With `instruction` (a regular expression) it is only looked for in
    failures of such instructions. A `general` cause speaks where no other does.

    `sentence` and `action` may hold `{name}` or `{name|otherwise}`, a named group of the
    expressions; `names` replaces its value in the action (a module by its package).
    """

    code: str
    title: str
    where: tuple[Where, ...]
    sentence: str
    why: str
    action: str
    samples: tuple[Sample, ...]
    source: str
    patterns: tuple[str, ...] = ()
    unless: tuple[str, ...] = ()
    instruction: str | None = None
    exit_codes: tuple[int, ...] = ()
    names: Mapping[str, str] = field(default_factory=dict)
    general: bool = False


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why something failed. `line` is the one that told, None where the exit code did;
    `general`: nothing more special is known."""

    code: str
    sentence: str
    action: str
    why: str
    line: str | None = None
    general: bool = False

    @property
    def clause(self) -> str:
        """The sentence as the second half of one: no capital, no full stop."""
        first, _, rest = self.sentence.rstrip(".").partition(" ")
        return f"{first.lower() if first in _ARTICLES else first} {rest}"

    @property
    def hint(self) -> str:
        """The action, and where to read more."""
        return f"{self.action}\n%azureml_image explain {self.code}"


_ARTICLES = frozenset(("The", "A", "An", "Its", "It", "This", "No", "Nothing", "Something", "Only"))
