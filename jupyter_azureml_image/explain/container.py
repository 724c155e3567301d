"""Why a container of an inference image does not serve, here or deployed, from its log."""

from __future__ import annotations

from collections.abc import Sequence

from ..records import dataclass
from .explain import explain
from .model import Explanation
from .traceback import last_raised

_BEFORE = 2  # lines above a traceback in which the server says what it was doing
_NO_SCRIPT = "entry-script-missing"


@dataclass(frozen=True, slots=True)
class Reason:
    """Why, as half a sentence without a full stop, and what to do about it; `code` is that of
    the known cause."""

    text: str
    hint: str | None = None
    code: str | None = None


def why_ended(log: Sequence[str], exit_code: int | None = None) -> Reason | None:
    """The likeliest reason that a log tells of, or None.

    An error of the user's own script is told in its own words with its place; everything else
    in those of the known cause.
    """
    raised = last_raised(log)
    if raised is None:
        return known(explain(log, where="rehearse", exit_code=exit_code))
    told = explain([raised.error], where="rehearse")
    around = explain(log[max(0, raised.start - _BEFORE) :], where="rehearse")
    if around is not None and not around.general and (told is None or told.code != around.code):
        return known(around)  # what was said after the traceback, or inside it
    if told is None:
        told = around
    elif told.code == _NO_SCRIPT:
        # A script that opens another one failed by itself.
        return Reason(raised.sentence) if raised.where else known(told)
    hint, code = (told.hint, told.code) if told else (None, None)
    return Reason(raised.sentence, hint, code)


def known(told: Explanation | None) -> Reason | None:
    """A known cause as a reason."""
    return Reason(told.clause, told.hint, told.code) if told else None
