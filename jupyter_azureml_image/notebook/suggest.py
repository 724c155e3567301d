"""What could come next at a place in a cell: pure, from the text and what is known here."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from ..options import CELL, VERBS, Command, verb
from .body import MAGIC

INSTRUCTIONS = (
    "ADD", "ARG", "CMD", "COPY", "ENTRYPOINT", "ENV", "EXPOSE", "FROM", "HEALTHCHECK", "LABEL",
    "ONBUILD", "RUN", "SHELL", "STOPSIGNAL", "USER", "VOLUME", "WORKDIR",
)  # fmt: skip

_STAGE = re.compile(r"^\s*FROM\s+\S+\s+AS\s+(\S+)", re.IGNORECASE | re.MULTILINE)
_FROM = re.compile(r"\s*FROM\s+(?:--platform=\S+\s+)?(\S*)$", re.IGNORECASE)
_STAGE_USE = re.compile(r".*--from=(\S*)$", re.IGNORECASE)
_COPY = re.compile(r"\s*(?:COPY|ADD)\s+(?:--\S+\s+)*(?:\S+\s+)*?(\S*)$", re.IGNORECASE)
_WORD = re.compile(r"\s*([A-Za-z]*)$")


@dataclass(frozen=True, slots=True)
class Suggestions:
    """Words that may replace `fragment`, the part already typed; `kind` says what they are."""

    words: tuple[str, ...]
    fragment: str
    kind: str = "value"


@dataclass(frozen=True, slots=True)
class World:
    """Where values come from; each is asked only when it is wanted, and never a network."""

    folder: str = "."
    names: Callable[[], Iterable[str]] = tuple
    runs: Callable[[], Iterable[str]] = tuple
    bases: Callable[[str], Iterable[str]] = lambda words: ()
    codes: Callable[[], Iterable[str]] = tuple
    causes: Callable[[], Iterable[str]] = tuple


def suggest(text: str, line: int, column: int, world: World) -> Suggestions | None:
    """What fits at line and column (from 0) of a cell; None where the cell is not ours."""
    lines = text.split("\n")
    start = next((i for i, content in enumerate(lines) if content.strip()), 0)
    before = lines[line][:column] if line < len(lines) else ""
    if line > start and re.match(rf"%%{MAGIC}\b", lines[start]):
        return _body("\n".join(lines[start + 1 :]), before, world)
    if re.match(rf"%%?{MAGIC}\s", before.lstrip()):
        return _option(CELL, before, world)
    if re.match(r"%azureml_image\s", before.lstrip()):
        return _verb(before, world)
    return None


def _verb(before: str, world: World) -> Suggestions:
    words = before.split()
    fragment = "" if before[-1:].isspace() else words[-1]
    if len(words) - bool(fragment) <= 1:
        return _fitting((command.verb for command in VERBS), fragment, "verb")
    command = verb(words[1])
    return Suggestions((), fragment) if command is None else _option(command, before, world)


def _option(command: Command, before: str, world: World) -> Suggestions:
    words = before.split()
    fragment = "" if before[-1:].isspace() else words[-1]
    flag, equals, value = fragment.partition("=")
    if equals and flag.startswith("--"):
        return _value(command, flag, value, world)
    if fragment.startswith("-"):
        return _fitting(command.flags(), fragment, "option")
    previous = words[-1 if not fragment else -2]
    option = command.option(previous) if previous.startswith("-") else None
    if option is not None and option.kind != "switch":
        return _value(command, previous, fragment, world)
    first = len(words) - bool(fragment) <= (1 if command is CELL else 2)
    if first and command.words:
        return _first_word(command, fragment, world)
    return _fitting(command.flags(), fragment, "option")


def _first_word(command: Command, fragment: str, world: World) -> Suggestions:
    sources = {"name": world.names, "env": world.names, "run": world.runs}
    if command.words[0].name == "code":
        return _fitting((*world.codes(), *world.causes()), fragment, "value")
    source = sources.get(command.words[0].name)
    return _fitting(source() if source else (), fragment, "value")


def _value(command: Command, flag: str, fragment: str, world: World) -> Suggestions:
    option = command.option(flag)
    if option is None:
        return Suggestions((), fragment)
    if option.choices:
        return _fitting(option.choices, fragment)
    if option.kind == "path":
        return Suggestions(tuple(paths(world.folder, fragment)), fragment, "path")
    if option.kind == "codes":
        last = fragment.rpartition(",")[2]
        return _fitting(world.codes(), last)
    return Suggestions((), fragment)


def _body(body: str, before: str, world: World) -> Suggestions:
    if found := _STAGE_USE.match(before):
        return _fitting(_STAGE.findall(body), found[1], "stage")
    if found := _FROM.match(before):
        stages = [name for name in _STAGE.findall(body) if name.startswith(found[1])]
        return Suggestions((*stages, *world.bases(found[1])), found[1], "image")
    if found := _COPY.match(before):
        return Suggestions(tuple(paths(world.folder, found[1])), found[1], "path")
    if found := _WORD.match(before):
        words = (word for word in INSTRUCTIONS if word.startswith(found[1].upper()))
        return Suggestions(tuple(words), found[1], "instruction")
    return Suggestions((), "")


def paths(folder: str, fragment: str) -> list[str]:
    """Files and folders below `folder` whose path begins with `fragment`; a folder ends in /."""
    above, _, name = fragment.rpartition("/")
    place = Path(folder, above) if not fragment.startswith("/") else Path("/", above)
    try:
        entries = sorted(place.iterdir())[:500]
    except OSError:
        return []
    prefix = f"{above}/" if "/" in fragment else ""
    return [
        f"{prefix}{entry.name}{'/' if entry.is_dir() else ''}"
        for entry in entries
        if entry.name.startswith(name) and (name or not entry.name.startswith("."))
    ]


def _fitting(words: Iterable[str], fragment: str, kind: str = "value") -> Suggestions:
    fitting = dict.fromkeys(word for word in words if word.startswith(fragment))
    return Suggestions(tuple(fitting), fragment, kind)
