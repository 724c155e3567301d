"""What `--help` prints, and what the magics have as their docstring: the table in words."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from .table import Command, Option

WIDTH = 100
_INDENT = " " * 28


def help_text(command: Command) -> str:
    """Usage, summary, words and options of a command, a hundred columns wide."""
    return "\n".join(_lines(command)) + "\n"


def _lines(command: Command) -> Iterator[str]:
    yield f"usage: {command.usage}"
    for paragraph in command.summary.split("\n\n"):
        yield ""
        yield from textwrap.wrap(paragraph, WIDTH)
    if command.words:
        yield ""
        for word in command.words:
            yield from _entry(word.metavar, word.help)
    for group in dict.fromkeys(option.group for option in command.options):
        yield ""
        yield f"{group or 'Options'}:"
        for option in command.options:
            if option.group == group:
                yield from _entry(_heading(option), option.meaning)


def _heading(option: Option) -> str:
    flags = ", ".join(option.flags)
    return f"{flags} {option.value}" if option.value else flags


def _entry(heading: str, meaning: str) -> Iterator[str]:
    """`heading` and its meaning beside it, or below where the heading is long."""
    first = f"  {heading}"
    if len(first) > len(_INDENT) - 2:
        yield first
        first = ""
    for line in textwrap.wrap(meaning, WIDTH - len(_INDENT)):
        yield f"{first:<{len(_INDENT)}}{line}"
        first = ""
