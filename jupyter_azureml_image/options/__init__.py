"""Every option, once: parsers, help, completion and reference are made from it."""

from __future__ import annotations

from .cell import CELL, OPTIONS, by_dest
from .expand import expand, look_up
from .parse import help_text, nearest, parse, split
from .request import read_text, request_from, sample_text, split_name
from .table import Command, Option, Word

__all__ = [
    "CELL",
    "OPTIONS",
    "Command",
    "Option",
    "Word",
    "by_dest",
    "expand",
    "help_text",
    "look_up",
    "nearest",
    "parse",
    "read_text",
    "request_from",
    "sample_text",
    "split",
    "split_name",
]
