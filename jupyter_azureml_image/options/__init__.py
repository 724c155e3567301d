"""Every option, once: parsers, help, completion and reference are made from it."""

from __future__ import annotations

from .cell import CELL, OPTIONS, by_dest
from .expand import expand, look_up
from .parse import help_text, nearest, parse, split
from .request import read_text, request_from, sample_from, sample_text, split_name
from .table import Command, Option, Word
from .values import read_all
from .verbs import VERBS, overview, verb

__all__ = [
    "CELL",
    "OPTIONS",
    "VERBS",
    "Command",
    "Option",
    "Word",
    "by_dest",
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
]
