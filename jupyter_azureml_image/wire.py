"""Frozen records to plain JSON values and back.

`dump` turns a dataclass (and tuples, mappings and scalars inside it) into JSON values;
`load` rebuilds the record from its type hints. A field that the data lacks keeps its
default, and one that the class lacks is ignored, so that a journal written by a newer
version can still be read. A field with `metadata={"json": False}` is left out.
"""

from __future__ import annotations

import dataclasses
import types
from collections.abc import Mapping
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

T = TypeVar("T")


def dump(value: Any) -> Any:
    """The JSON form of `value`: dicts, lists and scalars only."""
    # Scalars first, and names looked up once: every line of a long log passes here.
    if value is None or isinstance(value, (str, int, float, bool)):
        return value
    if isinstance(value, (list, tuple, set, frozenset)):
        return [dump(item) for item in value]
    if dataclasses.is_dataclass(type(value)):
        return {name: dump(getattr(value, name)) for name in _names(type(value))}
    if isinstance(value, Mapping):
        return {str(key): dump(item) for key, item in value.items()}
    raise TypeError(f"{type(value).__name__} has no JSON form")


def load(cls: type[T], data: Mapping[str, Any]) -> T:
    """A `cls` rebuilt from what `dump` gave; raises TypeError or KeyError on other shapes."""
    hints = _hints(cls)
    return cls(**{name: _value(hint, data[name]) for name, hint in hints.items() if name in data})


_NAMES: dict[Any, tuple[str, ...]] = {}


def _names(cls: Any) -> tuple[str, ...]:
    if cls not in _NAMES:
        _NAMES[cls] = tuple(_sent(cls))
    return _NAMES[cls]


_KNOWN: dict[Any, dict[str, Any]] = {}


def _hints(cls: Any) -> dict[str, Any]:
    """The fields of a dataclass with their types, looked up once: it is slow."""
    if cls not in _KNOWN:
        hints = get_type_hints(cls)
        _KNOWN[cls] = {name: hints[name] for name in _sent(cls)}
    return _KNOWN[cls]


def _sent(cls: Any) -> list[str]:
    return [each.name for each in dataclasses.fields(cls) if each.metadata.get("json", True)]


def _value(hint: Any, data: Any) -> Any:
    origin, args = get_origin(hint), get_args(hint)
    if data is None or hint is Any or origin is Literal:
        return data
    if origin in (Union, types.UnionType):
        return _value(next(arg for arg in args if arg is not type(None)), data)
    if origin is tuple:
        return _tuple(args, data)
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return {key: _value(args[1], item) for key, item in data.items()}
    if dataclasses.is_dataclass(hint) and isinstance(hint, type):
        return load(hint, data)
    return data


_SCALARS = frozenset({str, int, float, bool})


def _tuple(args: tuple[Any, ...], data: Any) -> tuple[Any, ...]:
    if len(args) != 2 or args[1] is not Ellipsis:
        return tuple(_value(arg, item) for arg, item in zip(args, data, strict=True))
    if args[0] in _SCALARS:
        return tuple(data)
    return tuple(_value(args[0], item) for item in data)
