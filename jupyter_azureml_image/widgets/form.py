"""The form: one labelled control a field, reachable by keyboard, written to the desk."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .desk import LISTS, NAMES, Desk
from .looks import Looks
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


class Form:
    """The controls of a spec. `changed` is called after each change that reached the desk."""

    def __init__(self, desk: Desk, looks: Looks, changed: Callable[[], None]) -> None:
        self._desk = desk
        self._looks = looks
        self._changed = changed
        self._filling = False
        self._controls = {name: _control(looks, name) for name in NAMES if name != "base"}
        self._picker = Picker(looks, self._picked)
        self.fill()
        for name, control in self._controls.items():
            control.observe(self._on_value(name), "value")

    @property
    def widget(self) -> Any:
        """All of it."""
        return self._looks.column(self._picker.widget, *self._controls.values())

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


def _control(looks: Looks, name: str) -> Any:
    label = NAMES[name]
    if name in LISTS or name == "env":
        return looks.area(label, placeholder=_HINTS[name], rows=3)
    if name == "platform":
        return looks.choice(label, PLATFORMS)
    if name == "user":
        return looks.choice(label, USERS)
    return looks.text(label, placeholder=_HINTS.get(name, ""))


def _same(name: str, control: str, shown: str) -> bool:
    """Whether a control need not be touched: half-typed blank lines stay as they are typed."""
    if name in LISTS or name == "env":
        return control.split() == shown.split()
    return bool(control.strip() == shown)
