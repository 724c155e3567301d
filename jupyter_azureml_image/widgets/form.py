"""The form: one labelled control a field, reachable by keyboard, written to the desk."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ipywidgets as w

from .desk import LISTS, NAMES, Desk
from .picker import Picker

PLATFORMS = ("linux/amd64", "linux/arm64")
USERS = ("dockeruser", "root", "")

_HINTS = {
    "apt": "one package a line",
    "pip": "one requirement a line",
    "requirements": "requirements.txt",
    "conda": "conda.yml",
    "code": "src",
    "entry_script": "score.py",
    "model": "model",
    "env": "NAME=value, one a line",
}

WIDE = w.Layout(width="auto")
LABEL = {"description_width": "9.5em"}


class Form:
    """The controls of a spec. `changed` is called after each change that reached the desk."""

    def __init__(self, desk: Desk, changed: Callable[[], None]) -> None:
        self._desk = desk
        self._changed = changed
        self._filling = False
        self._controls = {name: _control(name) for name in NAMES if name != "base"}
        self._picker = Picker(self._picked)
        self.fill()
        for name, control in self._controls.items():
            control.observe(self._on_value(name), "value")

    @property
    def widget(self) -> Any:
        """All of it."""
        return w.VBox([self._picker.widget, *self._controls.values()], layout=WIDE)

    def fill(self) -> None:
        """Show what the desk holds, without taking it for a change."""
        self._filling = True
        try:
            self._picker.show(self._desk.spec.base)
            for name, control in self._controls.items():
                shown = self._desk.shown(name)
                if not _same(name, control.value, shown):
                    control.value = shown
        finally:
            self._filling = False

    def _picked(self, reference: str) -> None:
        if not self._filling:
            self._desk.set_field("base", reference)
            self._changed()

    def _on_value(self, name: str) -> Callable[[Any], None]:
        def changed(change: Any) -> None:
            if not self._filling:
                self._desk.set_field(name, change["new"])
                self._changed()

        return changed


def _control(name: str) -> Any:
    kept = {"description": NAMES[name], "style": LABEL, "layout": WIDE}
    if name in LISTS or name == "env":
        return w.Textarea(placeholder=_HINTS[name], rows=3, **kept)
    if name == "platform":
        return w.Combobox(options=PLATFORMS, ensure_option=False, **kept)
    if name == "user":
        return w.Combobox(options=USERS, ensure_option=False, **kept)
    return w.Text(placeholder=_HINTS.get(name, ""), **kept)


def _same(name: str, control: str, shown: str) -> bool:
    """Whether a control need not be touched: half-typed blank lines stay as they are typed."""
    if name in LISTS or name == "env":
        return control.split() == shown.split()
    return bool(control.strip() == shown)
