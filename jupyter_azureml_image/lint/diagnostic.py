"""What the check says: a finding with its exact place, and the edits that mend it."""

from __future__ import annotations

from typing import Literal

from ..records import dataclass

Severity = Literal["error", "warning", "info"]
"""error: this build, registration or deployment will certainly fail, or a secret leaves the
machine; warning: it works and will hurt; info: advice."""

SEVERITIES: tuple[Severity, ...] = ("error", "warning", "info")


@dataclass(frozen=True, slots=True)
class Edit:
    """Replace the characters from offset `start` up to `end` of the Dockerfile text."""

    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class Fix:
    """A remedy as edits; `certain` ones are applied by `--fix`, others shown as a diff."""

    title: str
    certain: bool
    edits: tuple[Edit, ...]


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One finding. Lines and columns count from 1; the end column is exclusive.

    `syntax` is true exactly where BuildKit's parser would refuse the file.
    `source` names who found it: this project's rules, or hadolint.
    """

    code: str
    severity: Severity
    message: str
    line: int
    column: int = 1
    end_line: int = 0
    end_column: int = 0
    syntax: bool = False
    why: str = ""
    remedy: str = ""
    fixes: tuple[Fix, ...] = ()
    source: str = "azureml-image"


def at_least(diagnostics: tuple[Diagnostic, ...], level: Severity) -> tuple[Diagnostic, ...]:
    """Those of `diagnostics` that are `level` or worse."""
    worst = SEVERITIES.index(level)
    return tuple(d for d in diagnostics if SEVERITIES.index(d.severity) <= worst)
