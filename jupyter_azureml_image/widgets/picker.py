"""The base image picker: words to search by, a list, and what the catalog says of the choice."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ipywidgets as w

from .. import catalog
from ..catalog import BaseImage
from ..view.html import frame
from ..view.markup import element

SHOWN = 6
LABEL = {"description_width": "9.5em"}
WIDE = w.Layout(width="auto")


class Picker:
    """Words to search by, a button for each hit, and the reference itself.

    No list control: JupyterLab takes the arrow keys away from those in a cell's output.
    """

    def __init__(self, picked: Callable[[str], None]) -> None:
        self._picked = picked
        self._filling = False
        self._search = w.Text(
            description="Find a base", placeholder="inference 3.12 cpu", style=LABEL, layout=WIDE
        )
        self._hits = [_hit() for _ in range(SHOWN)]
        self._more = w.HTML()
        self._base = w.Text(description="Base image", style=LABEL, layout=WIDE)
        self._about = w.HTML()
        self._found: list[BaseImage] = []
        self._offer("")
        self._search.observe(lambda change: self._offer(change["new"]), "value")
        self._base.observe(self._typed, "value")
        for number, button in enumerate(self._hits):
            button.on_click(lambda _, number=number: self._take(number))

    @property
    def widget(self) -> Any:
        """All of it."""
        hits = w.VBox([*self._hits, self._more], layout=w.Layout(margin="0 0 0 10em"))
        return w.VBox([self._search, hits, self._base, self._about], layout=WIDE)

    def show(self, reference: str) -> None:
        """Show a choice that was made elsewhere."""
        self._filling = True
        try:
            if self._base.value.strip() != reference:
                self._base.value = reference
            self._about.value = about(reference)
        finally:
            self._filling = False

    def _offer(self, words: str) -> None:
        """The hits for some words; without words none, so that the form stays short."""
        self._found = sorted(catalog.search(words), key=_order) if words.strip() else []
        for number, button in enumerate(self._hits):
            hit = self._found[number] if number < len(self._found) else None
            button.layout.display = "" if hit else "none"
            button.description = _line(hit) if hit else ""
            button.tooltip = hit.reference if hit else ""
        left = len(self._found) - SHOWN
        told = f"{left} more; another word makes it fewer." if left > 0 else ""
        if words.strip() and not self._found:
            told = "Nothing in the catalog has these words."
        self._more.value = frame(element("p", told, cls="azi-quiet")) if told else ""

    def _take(self, number: int) -> None:
        if number < len(self._found):
            self._base.value = f"{self._found[number].reference}:latest"

    def _typed(self, change: Any) -> None:
        self._about.value = about(change["new"])
        if not self._filling:
            self._picked(change["new"].strip())


def _hit() -> Any:
    layout = w.Layout(width="auto", display="none")
    button = w.Button(layout=layout)
    button.add_class("azi-hit")
    return button


def about(reference: str) -> str:
    """What the catalog says of a reference, as HTML."""
    image = catalog.find(reference) if reference else None
    if image is None:
        told = "Not in the catalog: what it holds is only known after a build." if reference else ""
        return frame(element("p", told, cls="azi-quiet"))
    facts = [f"status {image.status}", f"Python {image.python or 'unknown'}", image.accelerator]
    facts += [f"{image.framework} {image.framework_version or ''}"] if image.framework else []
    facts += ["inference server" if image.serves else "no inference server"]
    facts += [f"supported until {image.supported_until}"] if image.supported_until else []
    said = [element("p", " · ".join(facts))]
    if image.successor_reference:
        said.append(element("p", f"Successor: {image.successor_reference}", cls="azi-warn"))
    return frame(*said)


def _order(image: BaseImage) -> tuple[bool, bool, str]:
    """What can be deployed today first."""
    return image.status != "current", not image.serves, image.repository


def _line(image: BaseImage) -> str:
    parts = (image.name, f"Python {image.python or '?'}", image.accelerator, image.status)
    return " · ".join(parts)
