"""The Dockerfile as it is, with what the check and the context say of it as you type."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..lint.diagnostic import Diagnostic
from ..lint.render import summary
from ..view.html import findings, frame
from ..view.markup import Markup, element, style
from .desk import Desk
from .looks import SHEET, Looks


class Preview:
    """The text, its findings and their fixes, what would be sent. `changed` is called with
    each text that is typed, `fixed` when the fixes are asked for."""

    def __init__(self, desk: Desk, looks: Looks, changed: Callable[[str], None]) -> None:
        self._desk = desk
        self._changed = changed
        self._filling = False
        self._text = looks.area("Dockerfile", rows=16)
        self._text.value = desk.text
        self._text.add_class("azi-dockerfile")
        self._found = looks.html()
        self.fix = looks.button("Apply certain fixes")
        self.fix.layout = _at_start()
        self._text.observe(self._typed, "value")
        self.widget: Any = looks.column(self._text, self.fix, self._found)

    def show(self) -> None:
        """Show what the desk holds, without taking it for a change."""
        self._filling = True
        try:
            self._text.value = self._desk.text
        finally:
            self._filling = False
        self._found.value = frame(style(SHEET.replace("\n", "")), *self._said())
        self.fix.disabled = not self._desk.fixable

    def _typed(self, change: Any) -> None:
        if not self._filling:
            self._changed(change["new"])

    def _said(self) -> list[Markup]:
        desk = self._desk
        told = summary(desk.findings).replace(" --fix mends", " The button mends")
        said = [element("p", told, role="status", aria_live="polite")]
        if desk.problem:
            said.append(element("p", desk.problem, cls="azi-bad"))
        said += _told(desk.findings, desk.text)
        if desk.kept:
            said.append(element("p", "Kept as written, in no field of the form:"))
            said.append(element("pre", "\n".join(desk.kept)))
        sentence, listed = desk.sent
        if not listed:
            return [*said, element("p", sentence)]
        listing = element("pre", "\n".join(listed))
        return [*said, element("details", element("summary", sentence), listing)]


def _told(found: tuple[Diagnostic, ...], text: str) -> list[Markup]:
    """Errors and warnings as they are; remarks behind one line, or they would hide them."""
    remarks = tuple(d for d in found if d.severity == "info")
    others = tuple(d for d in found if d.severity != "info")
    said = [findings(others, text)] if others else []
    if remarks:
        count = f"{len(remarks)} remark{'s' if len(remarks) > 1 else ''}"
        said.append(element("details", element("summary", count), findings(remarks, text)))
    return said


def _at_start() -> Any:
    import ipywidgets as w

    return w.Layout(width="auto", align_self="flex-start", margin="2px 2px 2px 0")
