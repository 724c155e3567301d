"""`--traceback`: a failure with everything behind it, instead of its sentence alone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from ..errors import ImageError

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell


@contextmanager
def failures(shell: InteractiveShell, *, full: bool) -> Iterator[None]:
    """Let an ImageError out as its sentence, or with its whole traceback where asked for."""
    try:
        yield
    except ImageError as error:
        if full:
            _show_all(shell, error)
        raise


def _show_all(shell: InteractiveShell, error: ImageError) -> None:
    def traceback() -> list[str]:
        shower: Any = shell.InteractiveTB
        lines: list[str] = shower.structured_traceback(type(error), error, error.__traceback__)
        return lines

    # IPython asks the instance; the class's own answer is the short one.
    error._render_traceback_ = traceback  # type: ignore[method-assign]  # see above
