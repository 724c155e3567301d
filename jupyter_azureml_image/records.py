"""`dataclass(...)` for the core's records: cheap to declare.

The standard decorator writes, compiles and runs up to eight functions for every class. A first
check meets a hundred classes, makes instances of half of them and prints or compares hardly
one: that was a third of its time. Here a class gets its initialiser, the only method that has to
be written, with its first instance; the other methods are the same few for all. The fields are
the standard ones, so `dataclasses.fields` and `replace` work. What no record uses (inheritance,
`InitVar`, `kw_only`, `init=False`) is not there.

For type checkers this is the standard decorator itself.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from operator import attrgetter
from typing import TYPE_CHECKING, Any, NoReturn

__all__ = ["dataclass"]

_UNSET: Any = dataclasses.MISSING


def _decorator(
    *, slots: bool = False, frozen: bool = False, eq: bool = True
) -> Callable[[type], type]:
    def declare(plain: type) -> type:
        """The slotted class of a plain one whose annotations are the fields."""
        fields = {name: plain.__dict__.get(name, _UNSET) for name in plain.__annotations__}
        left_out = {*fields, "__dict__", "__weakref__"}
        body = {name: value for name, value in plain.__dict__.items() if name not in left_out}
        body |= {"__qualname__": plain.__qualname__, "__dataclass_fields__": _Fields(plain)}
        cached = () if slots else ("__dict__",)  # where cached properties are kept
        body |= {"__slots__": (*fields, *cached), "__match_args__": tuple(fields)}
        body |= {"__init__": _first_instance(fields), "__reduce__": _reduce}
        body.setdefault("__repr__", _representation(fields))
        if eq:
            body |= _comparison(fields, hashed=frozen)
        if frozen:
            body |= {"__setattr__": _refuse, "__delattr__": _refuse}
        return type(plain)(plain.__name__, plain.__bases__, body)

    return declare


class _Fields:
    """The standard fields, made when something asks for them."""

    def __init__(self, plain: type) -> None:
        self._plain = plain

    def __get__(self, instance: object, owner: type) -> Any:
        made: Any = dataclasses.dataclass(init=False, repr=False, eq=False)(self._plain)
        type.__setattr__(owner, "__dataclass_fields__", made.__dataclass_fields__)
        return made.__dataclass_fields__


def _first_instance(fields: Mapping[str, Any]) -> Callable[..., None]:
    """Stands for the initialiser until there is one."""

    def __init__(self: Any, *values: Any, **named: Any) -> None:  # noqa: N807  # it becomes one
        type.__setattr__(type(self), "__init__", _initialiser(type(self), fields))
        self.__init__(*values, **named)

    return __init__


def _initialiser(cls: type, fields: Mapping[str, Any]) -> Callable[..., None]:
    """Written out, as the standard decorator does: a general one is three times as slow."""
    known: dict[str, Any] = {"_unset": _UNSET, "_put": object.__setattr__}
    parameters, lines = [], []
    for name, given in fields.items():
        default, make = given, _UNSET
        if isinstance(given, dataclasses.Field):
            default, make = given.default, given.default_factory
        value = name
        if make is not _UNSET:
            known[f"_make_{name}"], default = make, _UNSET
            parameters.append(f"{name}=_unset")
            value = f"_make_{name}() if {name} is _unset else {name}"
        elif default is not _UNSET:
            known[f"_default_{name}"] = default
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


def _those(fields: Mapping[str, Any], wish: str) -> tuple[str, ...]:
    """The fields that take part in `repr` or `compare`."""
    return tuple(
        name
        for name, given in fields.items()
        if not isinstance(given, dataclasses.Field) or getattr(given, wish)
    )


def _representation(fields: Mapping[str, Any]) -> Callable[[object], str]:
    shown = _those(fields, "repr")

    def __repr__(self: object) -> str:  # noqa: N807  # it becomes one
        values = (f"{name}={getattr(self, name)!r}" for name in shown)
        return f"{type(self).__qualname__}({', '.join(values)})"

    return __repr__


def _comparison(fields: Mapping[str, Any], *, hashed: bool) -> dict[str, Any]:
    """Equal means the same class and equal fields, and so does the hash."""
    names = _those(fields, "compare")
    values: Callable[[object], Any] = attrgetter(*names) if names else lambda record: ()

    def __eq__(self: object, other: object) -> Any:  # noqa: N807  # it becomes one
        if type(other) is not type(self):
            return NotImplemented
        return values(self) == values(other)

    def __hash__(self: object) -> int:  # noqa: N807  # it becomes one
        return hash(values(self))

    return {"__eq__": __eq__, "__hash__": __hash__ if hashed else None}


def _refuse(self: object, name: str, *_: object) -> NoReturn:
    raise dataclasses.FrozenInstanceError(f"cannot assign to field {name!r}")


def _reduce(self: Any) -> tuple[Any, ...]:
    """Copied and pickled by its fields."""
    return type(self), tuple(getattr(self, name) for name in self.__match_args__)


if TYPE_CHECKING:
    from dataclasses import dataclass
else:
    dataclass = _decorator
