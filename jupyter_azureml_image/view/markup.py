"""HTML elements. Text becomes HTML in one place, here, and is inert there."""

from __future__ import annotations

import html

from .words import clean


class Markup(str):
    """Text that is HTML already; everything else is escaped."""

    __slots__ = ()


def escape(text: str) -> Markup:
    """`text` as HTML that shows it and does nothing else."""
    return Markup(html.escape(clean(text), quote=True))


def element(name: str, *children: str, **attributes: str | bool) -> Markup:
    """`<name attributes>children</name>`; `cls` is the class, `_` in a name stands for `-`."""
    written = "".join(_attribute(key, value) for key, value in attributes.items())
    inner = "".join(c if isinstance(c, Markup) else escape(c) for c in children)
    return Markup(f"<{name}{written}>{inner}</{name}>")


def _attribute(key: str, value: str | bool) -> str:
    name = "class" if key == "cls" else key.rstrip("_").replace("_", "-")
    if isinstance(value, bool):
        return f" {name}" if value else ""
    return f' {name}="{html.escape(clean(value), quote=True)}"' if value else ""


def style(rules: str) -> Markup:
    """A `<style>` element with rules of our own."""
    return Markup(f"<style>{rules}</style>")
