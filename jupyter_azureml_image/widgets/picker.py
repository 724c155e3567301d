"""The base image picker: words to search by, a list, and what the catalog says of the choice."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ipywidgets as w

from .. import catalog
from ..catalog import BaseImage
from ..view.html import frame
from ..view.markup import element

SHOWN = 60
LABEL = {"description_width": "9.5em"}
WIDE = w.Layout(width="auto")


class Picker:
    """Search, list and free text; `picked` is called with the reference."""

    def __init__(self, picked: Callable[[str], None]) -> None:
        self._picked = picked
        self._filling = False
        self._search = w.Text(
            description="Find a base", placeholder="inference 3.12 cpu", style=LABEL, layout=WIDE
        )
        self._list = w.Select(description="Catalog", rows=5, style=LABEL, layout=WIDE)
        self._base = w.Text(description="Base image", style=LABEL, layout=WIDE)
        self._about = w.HTML()
        self._offer("")
        self._search.observe(lambda change: self._offer(change["new"]), "value")
        self._list.observe(self._chosen, "value")
        self._base.observe(self._typed, "value")

    @property
    def widget(self) -> Any:
        """All of it."""
        return w.VBox([self._search, self._list, self._base, self._about], layout=WIDE)

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
        self._filling = True
        try:
            found = sorted(catalog.search(words), key=_order)[:SHOWN]
            options = [("(choose one)", ""), *((_line(image), image.reference) for image in found)]
            self._list.options = options
            self._list.value = ""
        finally:
            self._filling = False

    def _chosen(self, change: Any) -> None:
        if change["new"] and not self._filling:
            self._base.value = f"{change['new']}:latest"

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
