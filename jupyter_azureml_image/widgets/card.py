"""What stands in the panel's place where there is no kernel: a static card."""

from __future__ import annotations

from typing import Any

from ..lint.render import render, summary
from ..view.html import findings, frame
from ..view.markup import element
from .desk import Desk


def static(desk: Desk, cell: str) -> dict[str, str]:
    """The Dockerfile, its findings and the cell that runs it, in text and HTML."""
    markup = frame(
        element("p", "Image panel", cls="azi-head"),
        element("pre", element("code", cell, cls="azi-copy")),
        element("p", summary(desk.findings)),
        *([findings(desk.findings, desk.text)] if desk.findings else []),
    )
    text = "\n".join(["Image panel", "", cell, "", render(desk.text, desk.findings)])
    return {"text/plain": text, "text/html": markup}


def bundle(widget: Any, card: dict[str, str]) -> dict[str, Any]:
    """A widget's display data, with the static card for readers that cannot show widgets."""
    made = widget._repr_mimebundle_()
    data = dict(made[0] if isinstance(made, tuple) else made)
    return {**card, **{k: v for k, v in data.items() if k.startswith("application/")}}
