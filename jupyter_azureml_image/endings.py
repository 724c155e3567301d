"""The error that ended a run: named in the run's last event, made again from it by who attaches."""

from __future__ import annotations

from collections.abc import Sequence

from . import errors
from .errors import CheckFailed, ImageError
from .events import RunEnded
from .lint.diagnostic import Diagnostic

_KINDS = {
    name: kind
    for name, kind in vars(errors).items()
    if isinstance(kind, type) and issubclass(kind, ImageError)
}


def kind_of(error: ImageError) -> str:
    """The name of the error's class, or of the nearest one above it that everybody knows."""
    return next(kind.__name__ for kind in type(error).__mro__ if kind.__name__ in _KINDS)


def again(ended: RunEnded, findings: Sequence[Diagnostic] = ()) -> ImageError:
    """The error of a run that failed or was cancelled, with its sentence, hint and code.

    `findings` are those of its check. An event that names no kind, or one of a newer version,
    gives the plainest error that fits.
    """
    usual = "Cancelled" if ended.outcome == "cancelled" else "ImageError"
    kind = _KINDS.get(ended.error) or _KINDS[usual]
    sentence = ended.sentence or "The run did not end well."
    hint = ended.hint or None
    if issubclass(kind, CheckFailed):
        error: ImageError = CheckFailed(sentence, findings, hint=hint)
    else:
        error = kind(sentence, hint=hint)
    error.code = ended.code or kind.code
    return error
