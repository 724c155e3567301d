"""`{name}` on a magic line: Python values, taken word by word after the words were split."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from ..errors import BadUsage
from .parse import nearest
from .table import Command

_REFERENCE = re.compile(r"\{([^\W\d]\w*(?:\.[^\W\d]\w*)*)\}")


def expand(command: Command, words: Sequence[str], names: Mapping[str, Any]) -> list[str]:
    """`words` with `{name}` and `{name.attribute}` replaced by the text of the Python value.

    Nothing else is touched (`$`, other braces); nothing is called. A value with blanks stays
    one word. Raises BadUsage, naming the option, for a name that does not exist.
    """
    expanded: list[str] = []
    for index, word in enumerate(words):
        where = _place(command, words, index)
        expanded.append(_REFERENCE.sub(lambda m, at=where: _text(m[1], names, at), word))  # type: ignore[misc]  # a lambda's default has no annotation
    return expanded


def look_up(path: str, names: Mapping[str, Any], where: str) -> Any:
    """The value of `name` or `name.attribute`; raises BadUsage that says `where`."""
    first, *attributes = path.split(".")
    if first not in names:
        near = nearest(first, (name for name in names if not name.startswith("_")))
        raise BadUsage(
            f"{where}: there is no variable '{first}'.",
            hint=near or "Define it in an earlier cell.",
        )
    value = names[first]
    for attribute in attributes:
        try:
            value = getattr(value, attribute)
        except AttributeError:
            raise BadUsage(
                f"{where}: {type(value).__name__} has no attribute '{attribute}'.",
                hint=nearest(attribute, dir(value)) or None,
            ) from None
    return value


def _text(path: str, names: Mapping[str, Any], where: str) -> str:
    value = look_up(path, names, where)
    if value is None:
        raise BadUsage(
            f"{where}: {path} is None.",
            hint="Give it a value first; what a stage makes is None where the stage did not run.",
        )
    return str(value)


def _place(command: Command, words: Sequence[str], index: int) -> str:
    """What the word at `index` belongs to, as a message names it."""
    word = words[index]
    option = command.option(word) if word.startswith("-") else None
    if option is None and index and "=" not in words[index - 1]:
        before = command.option(words[index - 1])
        option = before if before is not None and before.kind != "switch" else None
    if option is not None:
        return option.flag
    return command.words[0].metavar if command.words else command.prog
