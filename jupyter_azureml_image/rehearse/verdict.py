"""How a rehearsal ended."""

from __future__ import annotations

from typing import Literal

from ..records import dataclass

Outcome = Literal["served", "started", "not applicable", "failed", "skipped"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """served: the sample was answered; started: the server runs and the packages import (no
    baked entry script); not applicable: no inference server in the image; failed; skipped:
    not rehearsed, and `sentence` says why. Times in seconds; `answer` is the start of the
    scoring answer, `log` the end of the container's log.
    """

    outcome: Outcome
    sentence: str
    cause: str | None = None
    hint: str | None = None
    status: int | None = None
    answer: str | None = None
    ready_seconds: float | None = None
    score_seconds: float | None = None
    log: tuple[str, ...] = ()
