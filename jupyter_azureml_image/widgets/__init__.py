"""The widget panel: one form in core ipywidgets, which every front end has."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..errors import BadUsage

if TYPE_CHECKING:
    from ..spec import ImageSpec
    from .image_panel import Panel


def panel(start: ImageSpec | Panel | str | None = None, *, context: str | None = None) -> Panel:
    """The panel, beginning with a spec, with Dockerfile text or with what another panel holds;
    its `value` is an ImageSpec.

    `context` is the build context (default: the notebook's folder where the front end tells
    it, else the working directory). Raises BadUsage where ipywidgets is not installed,
    and for a `start` that is none of these.
    """
    try:
        import ipywidgets  # noqa: F401  # asked for its presence
    except ModuleNotFoundError:
        raise BadUsage(
            "The panel needs ipywidgets, and this kernel does not have it.",
            hint="pip install ipywidgets; everything else works without it.",
        ) from None
    from .image_panel import Panel

    return Panel(start, context)
