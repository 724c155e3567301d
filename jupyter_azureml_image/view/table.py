"""A table of words: as text in a terminal, as HTML in a notebook, the same words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from .words import SIGNS, clean

_STATES = {"good": "✓ good", "note": "i note", "bad": "✗ bad"}


@dataclass(frozen=True, slots=True)
class Table:
    """`rows` are cells of text; `columns` may be empty for labels and values; `note` is a
    sentence below them."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str = ""

    def lines(self) -> Iterator[str]:
        """The table as text; a column is as wide as its widest cell."""
        if not self.rows:
            yield f"{self.title}: none."
            if self.note:
                yield clean(self.note)
            return
        shown = [self.columns] if self.columns else []
        cells = [[clean(cell) for cell in row] for row in (*shown, *self._signed())]
        widths = [max(len(row[i]) for row in cells) for i in range(len(cells[0]))]
        for row in cells:
            padded = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
            yield "  ".join(padded).rstrip()
        if self.note:
            yield clean(self.note)

    def html(self) -> str:
        """The table as HTML."""
        from .html import frame
        from .markup import element

        note = [element("p", self.note)] if self.note else []
        if not self.rows:
            return frame(element("p", f"{self.title}: none."), *note)
        heads = [element("th", column, scope="col") for column in self.columns]
        head = [element("thead", element("tr", *heads))] if heads else []
        body = [element("tr", *(element("td", cell) for cell in row)) for row in self._signed()]
        caption = element("caption", self.title, cls="azi-hidden")
        return frame(element("table", caption, *head, element("tbody", *body)), *note)

    def _signed(self) -> Iterator[tuple[str, ...]]:
        """A state never stands as a colour or a sign alone."""
        for row in self.rows:
            first = row[0]
            yield (
                _STATES.get(first, f"{SIGNS[first]} {first}" if first in SIGNS else first),
                *row[1:],
            )

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        printer.text("\n".join(self.lines()))

    def _repr_html_(self) -> str:
        return self.html()
