"""Every option, once: parsers, help, completion and reference are made from it.

What reads values and makes requests is loaded when it is first asked for: `%load_ext` needs
the tables only.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from .cell import CELL, OPTIONS, by_dest
from .help import help_text
from .parse import nearest, parse, split
from .table import Command, Option, Word
from .verbs import VERBS, overview, verb

if TYPE_CHECKING:
    from .expand import expand, look_up
    from .request import request_from, sample_from, sample_text, split_name
    from .text_file import read_text, write_text
    from .values import by_name, read_all

_LATER = {
    **dict.fromkeys(("expand", "look_up"), "expand"),
    **dict.fromkeys(("request_from", "sample_from", "sample_text", "split_name"), "request"),
    **dict.fromkeys(("read_text", "write_text"), "text_file"),
    **dict.fromkeys(("by_name", "read_all"), "values"),
}

__all__ = [
    "CELL",
    "OPTIONS",
    "VERBS",
    "Command",
    "Option",
    "Word",
    "by_dest",
    "by_name",
    "expand",
    "help_text",
    "look_up",
    "nearest",
    "overview",
    "parse",
    "read_all",
    "read_text",
    "request_from",
    "sample_from",
    "sample_text",
    "split",
    "split_name",
    "verb",
    "write_text",
]


def __getattr__(name: str) -> Any:
    if name not in _LATER:
        raise AttributeError(f"module '{__name__}' has no attribute '{name}'")
    found = getattr(importlib.import_module(f".{_LATER[name]}", __name__), name)
    globals()[name] = found  # also where the name is a module's: `expand` is the function
    return found
