"""`dataclass(...)` for the core's records: cheap to declare.

The standard decorator writes, compiles and runs up to eight functions for every class. A first
check meets a hundred classes, makes a few instances of half of them and prints or compares
hardly one: that was a third of its time. Here the methods are the same few for all; only the
initialiser is written out, as the standard decorator does, and that when a class has shown that
many are made of it: compiling one costs as much as a hundred calls of the general one save. The
fields are the standard ones, so `dataclasses.fields` and `replace` work. What no record uses
(inheritance, `InitVar`, `kw_only`, `init=False`) is not there.

For type checkers this is the standard decorator itself.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Mapping
from itertools import islice
from operator import attrgetter
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

__all__ = ["changed", "dataclass"]

MANY = 150
"""As many instances of a class are made by the general initialiser."""

_UNSET: Any = dataclasses.MISSING


def _decorator(
    *, slots: bool = False, frozen: bool = False, eq: bool = True
) -> Callable[[type], type]:
    def declare(plain: type) -> type:
        """The slotted class of a plain one whose annotations are the fields."""
        given = plain.__dict__.get
        fields = {name: _default(given(name, _UNSET)) for name in plain.__annotations__}
        body = {name: value for name, value in plain.__dict__.items() if name not in fields}
        body.pop("__dict__", None)
        body.pop("__weakref__", None)
        cached = () if slots else ("__dict__",)  # where cached properties are kept
        body["__slots__"] = (*fields, *cached)
        body["__match_args__"] = tuple(fields)
        body["__dataclass_fields__"] = _Fields(plain)
        body["__qualname__"] = plain.__qualname__
        body["__init__"] = _general(fields, body.get("__post_init__"))
        body["__reduce__"] = _reduce
        body.setdefault("__repr__", _representation)
        if eq:
            body["__eq__"] = _equal
            body["__hash__"] = _hash if frozen else None
        if frozen:
            body["__setattr__"] = body["__delattr__"] = _refuse
        return type(plain)(plain.__name__, plain.__bases__, body)

    return declare


def _default(given: Any) -> Any:
    """A field's default, or the field itself where a function makes one."""
    plain = isinstance(given, dataclasses.Field) and given.default_factory is _UNSET
    return given.default if plain else given


class _Fields:
    """The standard fields, made when something asks for them."""

    def __init__(self, plain: type) -> None:
        self._plain = plain

    def __get__(self, instance: object, owner: type) -> Any:
        made: Any = dataclasses.dataclass(init=False, repr=False, eq=False)(self._plain)
        type.__setattr__(owner, "__dataclass_fields__", made.__dataclass_fields__)
        return made.__dataclass_fields__


def _general(fields: Mapping[str, Any], ready: Callable[[Any], None] | None) -> Callable[..., None]:
    """Makes the first instances; `ready` is `__post_init__`. What it cannot take (a field that
    is missing, unknown or given twice) goes to the written initialiser, which says so in
    Python's own words."""
    left, put = MANY, object.__setattr__

    def __init__(self: Any, *values: Any, **named: Any) -> None:  # noqa: N807  # it becomes one
        nonlocal left
        left -= 1
        if left < 0 or len(values) > len(fields):
            return _write(self, fields, values, named)
        for name, value in zip(fields, values, strict=False):
            put(self, name, value)
        taken = 0
        for name, default in islice(fields.items(), len(values), None):
            value = default
            if name in named:
                value = named[name]
                taken += 1
            elif default is _UNSET:
                return _write(self, fields, values, named)
            elif isinstance(default, dataclasses.Field):
                make: Any = default.default_factory
                value = make()
            put(self, name, value)
        if taken != len(named):
            return _write(self, fields, values, named)
        if ready is not None:
            ready(self)
        return None

    return __init__


def _write(
    self: Any, fields: Mapping[str, Any], values: tuple[Any, ...], named: dict[str, Any]
) -> None:
    """From here on the class has its own initialiser."""
    type.__setattr__(type(self), "__init__", _initialiser(type(self), fields))
    self.__init__(*values, **named)


def _initialiser(cls: type, fields: Mapping[str, Any]) -> Callable[..., None]:
    """Written out, as the standard decorator does: a general one is three times as slow."""
    known: dict[str, Any] = {"_unset": _UNSET, "_put": object.__setattr__}
    parameters, lines = [], []
    for name, given in fields.items():
        value = name
        if isinstance(given, dataclasses.Field):
            known[f"_make_{name}"] = given.default_factory
            parameters.append(f"{name}=_unset")
            value = f"_make_{name}() if {name} is _unset else {name}"
        elif given is not _UNSET:
            known[f"_default_{name}"] = given
            parameters.append(f"{name}=_default_{name}")
        else:
            parameters.append(name)
        lines.append(f" _put(self, {name!r}, {value})")
    if hasattr(cls, "__post_init__"):
        lines.append(" self.__post_init__()")
    head = f"def __init__(self, {', '.join(parameters)}):"
    exec("\n".join([head, *(lines or [" pass"])]), known)  # noqa: S102  # our own field names
    written: Callable[..., None] = known["__init__"]
    written.__qualname__ = f"{cls.__qualname__}.__init__"
    return written


@functools.cache
def _those(cls: type, wish: str) -> tuple[str, ...]:
    """The fields that take part in `repr` or `compare`."""
    return tuple(each.name for each in dataclasses.fields(cls) if getattr(each, wish))


@functools.cache
def _compared(cls: Any) -> Callable[[object], Any]:
    names = _those(cls, "compare")
    return attrgetter(*names) if names else lambda record: ()


def _representation(self: Any) -> str:
    cls: Any = type(self)
    values = (f"{name}={getattr(self, name)!r}" for name in _those(cls, "repr"))
    return f"{cls.__qualname__}({', '.join(values)})"


def _equal(self: Any, other: Any) -> Any:
    """The same class and equal fields."""
    if type(other) is not type(self):
        return NotImplemented
    cls: Any = self.__class__
    values = _compared(cls)
    return bool(values(self) == values(other))


def _hash(self: Any) -> int:
    cls: Any = type(self)
    return hash(_compared(cls)(self))


def _refuse(self: object, name: str, *_: object) -> NoReturn:
    raise dataclasses.FrozenInstanceError(f"cannot assign to field {name!r}")


def _reduce(self: Any) -> tuple[Any, ...]:
    """Copied and pickled by its fields."""
    return type(self), tuple(getattr(self, name) for name in self.__match_args__)


T = TypeVar("T")


def changed(record: T, **fields: Any) -> T:
    """What `dataclasses.replace` gives; the standard one has the standard fields made first."""
    names: tuple[str, ...] = type(record).__match_args__  # type: ignore[attr-defined]  # a record's
    return type(record)(**{name: getattr(record, name) for name in names} | fields)


if TYPE_CHECKING:
    from dataclasses import dataclass
else:
    dataclass = _decorator
