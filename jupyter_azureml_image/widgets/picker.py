"""The base image picker: words to search by, a list, and what the catalog says of the choice."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ipywidgets as w

from .. import catalog
from ..catalog import BaseImage
from ..view.html import frame
from ..view.markup import element
from .looks import LABEL, Looks

SHOWN = 6


class Picker:
    """Words to search by, a button for each hit, and the reference itself.

    No list control: JupyterLab takes the arrow keys away from those in a cell's output.
    """

    def __init__(self, looks: Looks, picked: Callable[[str], None]) -> None:
        self._looks = looks
        self._picked = picked
        self._filling = False
        self._search = looks.text("Find a base", placeholder="inference 3.12 cpu")
        self._hits: list[Any] = []
        self._more = looks.html()
        self._offered = w.VBox([self._more], layout=w.Layout(margin=f"0 0 0 {LABEL}"))
        self._base = looks.text("Base image")
        self._about = looks.html()
        self._found: list[BaseImage] = []
        self._offer("")
        self._search.observe(lambda change: self._offer(change["new"]), "value")
        self._base.observe(self._typed, "value")

    @property
    def widget(self) -> Any:
        """All of it."""
        return self._looks.column(self._search, self._offered, self._base, self._about)

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
        shown = self._found[:SHOWN]
        self._have(len(shown))
        for button, hit in zip(self._hits, shown, strict=False):
            button.description, button.tooltip = _line(hit), hit.reference
        self._offered.children = (*self._hits[: len(shown)], self._more)
        left = len(self._found) - SHOWN
        told = f"{left} more; another word makes it fewer." if left > 0 else ""
        if words.strip() and not self._found:
            told = "Nothing in the catalog has these words."
        self._more.value = frame(element("p", told, cls="azi-quiet")) if told else ""

    def _have(self, count: int) -> None:
        """Make buttons as they are first needed: most panels never search."""
        for number in range(len(self._hits), count):
            button = self._looks.button("")
            button.add_class("azi-hit")
            button.on_click(lambda _, number=number: self._take(number))
            self._hits.append(button)

    def _take(self, number: int) -> None:
        if number < len(self._found):
            self._base.value = f"{self._found[number].reference}:latest"

    def _typed(self, change: Any) -> None:
        self._about.value = about(change["new"])
        if not self._filling:
            self._picked(change["new"].strip())


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
