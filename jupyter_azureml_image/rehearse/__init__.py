"""Starting an image as Azure ML would, and judging it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from ..events import Emit
from ..plan.request import Rehearsal
from .verdict import Verdict

if TYPE_CHECKING:
    from ..build.engine import Engine


def rehearse(
    engine: Engine,
    image: str,
    rehearsal: Rehearsal,
    emit: Emit,
    cancelled: Callable[[], bool] = lambda: False,
) -> Verdict:
    """Start `image` as Azure ML's server would, probe it, and remove it again.

    A failed image is a verdict, not an error. Raises Cancelled, BuilderUnavailable for a
    lost engine, and BadUsage where what is to be mounted does not exist.
    """
    from .trial import Trial

    return Trial(engine, image, rehearsal, emit, cancelled).verdict()
