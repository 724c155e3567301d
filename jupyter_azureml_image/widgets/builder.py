"""The choice of a builder, with a sentence on what it means and what the last plan decided."""

from __future__ import annotations

from typing import Any

import ipywidgets as w

from ..view.html import frame
from ..view.markup import element
from .looks import LABEL, Looks

MEANING = {
    "auto": "The engine on this machine where it can do what this needs; where there is none, "
    "or it cannot, ACR Tasks. Plan says which, and why.",
    "local": "The Docker engine on this machine, and nowhere else.",
    "acr": "ACR Tasks, in the registry of the workspace: the files listed above are uploaded.",
    "azureml": "Azure ML builds it at its first use: no log is followed, nothing is rehearsed.",
}
"""What each choice means."""


class Builder:
    """Buttons, not a list: JupyterLab takes the arrow keys away from lists in output."""

    def __init__(self, looks: Looks) -> None:
        self._choice = w.ToggleButtons(
            options=tuple(MEANING),
            description="Builder",
            style={"description_width": LABEL, "button_width": "auto"},
            layout=looks.wide,
        )
        self._choice.add_class("azi-builder")
        self._said = looks.html()
        self._choice.observe(lambda _: self.say(), "value")
        self.widget: Any = looks.column(self._choice, self._said)
        self.say()

    @property
    def value(self) -> str:
        """The choice, as `--build` takes it."""
        return str(self._choice.value)

    def say(self, planned: str = "") -> None:
        """The choice's meaning, and what a plan said."""
        last = [element("p", f"The last plan: {planned}")] if planned else []
        self._said.value = frame(element("p", MEANING[self.value], cls="azi-quiet"), *last)
