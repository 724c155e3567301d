"""How the panel's controls look: a few style objects that all of them share.

Each object of ipywidgets is a message to the page and a model in it, and by default every
control brings two of its own; sharing them is what makes the panel appear at once.
"""

from __future__ import annotations

from typing import Any

import ipywidgets as w
from ipywidgets.widgets.widget_string import HTMLStyle, TextStyle

LABEL = "9.5em"
"""The width of the column of labels."""

# The Dockerfile wants the whole column, with its label above it. Where a front end drops
# these rules the label stands beside it, like the others.
SHEET = """
.azi-panel .azi-dockerfile{flex-direction:column;align-items:stretch}
.azi-panel .azi-dockerfile>label{text-align:start;width:auto!important;font-weight:600}
.azi-panel .azi-dockerfile textarea{width:100%;font-family:var(--jp-code-font-family,monospace);
font-size:var(--jp-code-font-size,13px);line-height:1.4}
"""


class Looks:
    """One panel's styles; made anew for each, because closing all widgets closes them too."""

    def __init__(self) -> None:
        self.wide = w.Layout(width="auto")
        self._text = TextStyle(description_width=LABEL)
        self._html = HTMLStyle()
        self._button = w.ButtonStyle()
        self._narrow = w.Layout(width="auto", min_width="6em")

    def text(self, label: str, **more: Any) -> Any:
        """A line of text."""
        return w.Text(description=label, style=self._text, layout=self.wide, **more)

    def area(self, label: str, **more: Any) -> Any:
        """Lines of text."""
        return w.Textarea(description=label, style=self._text, layout=self.wide, **more)

    def choice(self, label: str, options: tuple[str, ...]) -> Any:
        """A line of text with suggestions."""
        return w.Combobox(
            description=label,
            options=options,
            ensure_option=False,
            style=self._text,
            layout=self.wide,
        )

    def button(self, label: str) -> Any:
        """A button as wide as its words."""
        return w.Button(description=label, style=self._button, layout=self._narrow)

    def html(self) -> Any:
        """A place for HTML of ours."""
        return w.HTML(style=self._html, layout=self.wide)

    def column(self, *children: Any) -> Any:
        """One below the other."""
        return w.VBox(children, layout=self.wide)
