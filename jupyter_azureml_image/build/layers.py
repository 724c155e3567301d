"""What each instruction added: the image's history, read beside the Dockerfile from its end."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from ..dockerfile.model import Instruction
from ..events import LayerSize
from .dialects.steps import Steps
from .engine import Engine

_BY_CLASSIC = re.compile(r"#\(nop\)\s+(\w+)")
_ADDING = frozenset(("RUN", "COPY", "ADD", "WORKDIR"))
_SETTING = frozenset(
    ("ARG", "CMD", "ENTRYPOINT", "ENV", "EXPOSE", "HEALTHCHECK", "LABEL", "MAINTAINER", "ONBUILD",
     "SHELL", "STOPSIGNAL", "USER", "VOLUME")
)  # fmt: skip


def told(engine: Engine, image: str, steps: Steps, target: str | None) -> Iterator[LayerSize]:
    """How large the layers of the stage `target` (None: the last one) are in `image`."""
    for instruction, size in sizes(steps.adding(target), engine.history(image)):
        if (line := steps.step(instruction).line) is not None:
            yield LayerSize(line, size)


def sizes(
    added: Sequence[Instruction], history: Iterable[Mapping[str, Any]]
) -> Iterator[tuple[Instruction, int]]:
    """Instructions with their bytes, the last one first; `history` begins with the newest.

    What the base brings is older than all of `added`, so it is never reached.
    """
    made = ((_keyword(str(entry["CreatedBy"])), int(entry["Size"])) for entry in history)
    layers = (layer for layer in made if layer[0] in _ADDING)
    for instruction, (keyword, size) in zip(reversed(added), layers, strict=False):
        if instruction.keyword != keyword:
            return
        yield instruction, size


def _keyword(created_by: str) -> str:
    """BuildKit writes the instruction; the classic builder the command, or `#(nop) WORD`."""
    if match := _BY_CLASSIC.search(created_by):
        return match[1]
    first = created_by.partition(" ")[0]
    return first if first in _ADDING | _SETTING else "RUN"
