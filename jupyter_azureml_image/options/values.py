"""What a given value means: strings of a command line and Python values alike."""

from __future__ import annotations

import keyword
import os
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ..errors import BadUsage
from ..plan.request import SecretSource
from .cell import by_dest
from .parse import nearest
from .table import Command, Option

_PLATFORM = re.compile(r"[a-z0-9]+/[a-z0-9_]+(/[a-z0-9]+)?")


def read(option: Option, value: Any) -> Any:
    """`value` as the option means it: tuples for repeatable options, else a scalar.

    Raises BadUsage naming the option.
    """
    if option.kind == "switch":
        return _switch(option, value)
    if option.kind == "pair":
        return _pairs(option, value)
    if option.kind == "codes":
        return tuple(code for item in _many(value) for code in _codes(option, item))
    if option.many:
        return tuple(_one(option, item) for item in _many(value))
    return _one(option, value)


def read_all(command: Command, given: Mapping[str, Any]) -> dict[str, Any]:
    """What `parse` gave for `command`, every option's value read; words stay text, and None is
    as absent as what was not given."""
    options = {option.dest: option for option in command.options}
    return {
        key: read(options[key], value) if key in options else value
        for key, value in given.items()
        if value is not None
    }


def by_name(dest: str, value: Any) -> Any:
    """`value` as the run option with that Python name means it; raises BadUsage, KeyError."""
    option = by_dest(dest)
    if option is None:
        raise KeyError(dest)
    return read(option, value)


def _one(option: Option, value: Any) -> Any:
    reader: Callable[[Option, Any], Any] = _READERS.get(option.kind, _text)
    return reader(option, value)


def _many(value: Any) -> Iterable[Any]:
    """The values of a repeatable option; one alone is as good, and refused where it is read."""
    alone = isinstance(value, (str, bytes, Mapping)) or not isinstance(value, Iterable)
    return (value,) if alone else tuple(value)


_SWITCH = {
    **dict.fromkeys(("true", "yes", "on", "1"), True),
    **dict.fromkeys(("false", "no", "off", "0"), False),
}


def _switch(option: Option, value: Any) -> bool:
    word = str(value).strip().lower()
    if word in _SWITCH:
        return _SWITCH[word]
    raise BadUsage(
        f"{option.flag}: '{value}' is not one of true, false.",
        hint=nearest(word, ("true", "false")) or "yes, no, on, off, 1 and 0 are understood too.",
    )


def _text(option: Option, value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, (str, os.PathLike, int, float)):
        raise _no_text(option, value)
    text = os.fspath(value) if isinstance(value, os.PathLike) else str(value)
    if not text:
        raise BadUsage(f"{option.flag} is empty.", hint=f"Give {option.value}, or leave it out.")
    if option.dest == "platform" and not _PLATFORM.fullmatch(text):
        raise BadUsage(f"{option.flag}: '{text}' is no platform.", hint="Write it as linux/amd64.")
    if option.dest.endswith("_route") and not text.startswith("/"):
        raise BadUsage(
            f"{option.flag}: '{text}' is no route.", hint=f"Begin with a slash: /{text}."
        )
    return text


def _codes(option: Option, value: Any) -> list[str]:
    if not isinstance(value, str):
        raise _no_text(option, value)
    return [code for code in re.split(r"[,\s]+", value) if code]


def _no_text(option: Option, value: Any) -> BadUsage:
    return BadUsage(f"{option.flag}: '{value}' is no text.", hint="Write it in quotes.")


def _path(option: Option, value: Any) -> str:
    return os.path.abspath(os.path.expanduser(_text(option, value)))  # noqa: PTH100, PTH111  # links stay as the user named them


def _new_variable(option: Option, value: Any) -> str:
    name = _text(option, value)
    if not name.isidentifier() or keyword.iskeyword(name):
        raise BadUsage(
            f"{option.flag}: '{name}' cannot be the name of a variable.",
            hint="Use letters, digits and '_', beginning with no digit, and no word of Python's.",
        )
    return name


def _number(option: Option, value: Any) -> int:
    try:
        number = int(value)
    except (TypeError, ValueError, OverflowError):
        number = 0
    if number < 1 or str(value).strip() != str(number):
        raise BadUsage(f"{option.flag}: '{value}' is no whole number above zero.")
    if option.dest == "port" and number > 65535:
        raise BadUsage(f"{option.flag}: there is no port {number}; the last one is 65535.")
    return number


def _percent(option: Option, value: Any) -> int:
    text = str(value).strip().removesuffix("%")
    if not text.isdecimal() or int(text) > 100:
        raise BadUsage(f"{option.flag}: '{value}' is no whole number from 0 to 100.")
    return int(text)


def _choice(option: Option, value: Any) -> str:
    if value in option.choices:
        return str(value)
    near = nearest(str(value), option.choices)
    raise BadUsage(
        f"{option.flag}: '{value}' is not one of {', '.join(option.choices)}.", hint=near or None
    )


def _pairs(option: Option, value: Any) -> tuple[tuple[str, str], ...]:
    if isinstance(value, Mapping):
        return tuple(_pair(option, item) for item in value.items())
    return tuple(_pair(option, item) for item in _many(value))


def _pair(option: Option, value: Any) -> tuple[str, str]:
    if isinstance(value, tuple) and len(value) == 2:
        key, text = value
        if text is None:
            raise BadUsage(f"{option.flag}: {key} is None.", hint="Give it a value first.")
        return str(key), str(text)
    key, equals, text = str(value).partition("=")
    if not equals or not key.strip():
        raise BadUsage(
            f"{option.flag}: '{value}' is not of the form {option.value}.",
            hint=f"Write {option.flag} {key or 'NAME'}=VALUE.",
        )
    return key.strip(), text


def _secret(option: Option, value: Any) -> SecretSource:
    if isinstance(value, SecretSource):
        return value
    parts = dict(part.strip().partition("=")[::2] for part in str(value).split(","))
    identity = parts.get("id")
    place = parts.get("src") or parts.get("source")
    variable = parts.get("env")
    kind = parts.get("type")
    # docker build's short forms: type=env names the variable by its id, and so does a bare id.
    if identity and not place and not variable and (kind == "env" or identity in os.environ):
        variable = identity
    known = set(parts) <= {"id", "src", "source", "env", "type"}
    if not identity or not known or bool(place) == bool(variable):
        raise BadUsage(
            f"{option.flag} is not of the form {option.value}.",
            hint="Name a file (src=PATH) or an environment variable (env=NAME), never the value.",
        )
    if variable:
        return SecretSource(identity, "env", variable)
    return SecretSource(identity, "src", _path(option, place))


_READERS: dict[str, Callable[[Option, Any], Any]] = {
    "path": _path,
    "number": _number,
    "percent": _percent,
    "choice": _choice,
    "secret": _secret,
    "new variable": _new_variable,
}
