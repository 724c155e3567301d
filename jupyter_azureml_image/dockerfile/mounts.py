"""`RUN --mount=` and `RUN --device=`: comma-separated fields, as BuildKit reads them."""

from __future__ import annotations

from ..patterns import pattern
from ..records import dataclass
from .model import Fault, Flag, Instruction

_BOOLEANS = ("1", "t", "T", "TRUE", "true", "True", "0", "f", "F", "FALSE", "false", "False")
_VARIABLE = pattern(r"\$.")


@dataclass(frozen=True, slots=True)
class Mount:
    """One `--mount`; `source` and `origin` (its `from`) are unexpanded."""

    kind: str
    source: str
    target: str
    origin: str
    identity: str
    flag: Flag


def mounts(instruction: Instruction) -> tuple[Mount, ...]:
    """The mounts of a RUN instruction, in order."""
    return tuple(_mount(f) for f in instruction.flags if f.name == "mount" and f.value)


def _mount(flag: Flag) -> Mount:
    named: dict[str, str] = {}
    for field in _fields(flag.value or "") or []:
        name, _, value = field.partition("=")
        named[name.lower()] = value
    return Mount(
        kind=named.get("type", "bind").lower(),
        source=named.get("source", named.get("src", "")),
        target=named.get("target", named.get("dst", named.get("destination", ""))),
        origin=named.get("from", ""),
        identity=named.get("id", ""),
        flag=flag,
    )


def mount_fault(flag: Flag) -> Fault | None:
    """What the parser refuses in a mount (its type and options are only read by the build)."""
    fields = _fields(flag.value or "")
    if not fields:
        return _broken(flag)
    for field in fields:
        name, _, value = field.partition("=")
        if name.lower() == "from" and _VARIABLE.search(value):
            message = "a variable cannot stand in the from= of a mount"
            remedy = "Name a stage for it: FROM ${VAR} AS name, then from=name."
            return Fault(message, flag.span, remedy)
    return None


def device_fault(flag: Flag) -> Fault | None:
    """What the parser refuses in a device."""
    fields = _fields(flag.value or "")
    if not fields:
        return _broken(flag)
    name = ""
    for field in fields:
        key, equals, value = field.partition("=")
        problem = ""
        match key.lower():
            case "required":
                if equals and value not in _BOOLEANS:
                    problem = f"required is true or false, not {value!r}"
            case "name" if equals:
                problem = f"the device has the name {name!r} already" if name else ""
                name = name or value
            case _ if not name:
                name = field
            case _:
                problem = f"{field!r} is not an option of --device"
        if problem:
            return Fault(problem, flag.span, "It knows name and required.")
    return None


def _broken(flag: Flag) -> Fault:
    message = f"the value of --{flag.name} is not a list of comma-separated fields"
    return Fault(message, flag.span, "Close its quotes, and leave no value empty.")


def _fields(value: str) -> list[str] | None:
    """Comma-separated values with double quotes; None when they cannot be read, or are none."""
    if not value.strip("\r\n"):
        return None
    fields: list[str] = []
    position = 0
    while True:
        if value.startswith('"', position):
            parsed = _quoted(value, position + 1)
            if parsed is None:
                return None
            field, position = parsed
        else:
            end = value.find(",", position)
            end = len(value) if end < 0 else end
            field, position = value[position:end], end
        fields.append(field)
        if position >= len(value):
            return fields
        position += 1


def _quoted(value: str, position: int) -> tuple[str, int] | None:
    """A quoted field from after its quote, and where it ends; two quotes stand for one."""
    parts: list[str] = []
    while True:
        end = value.find('"', position)
        if end < 0:
            return None
        parts.append(value[position:end])
        if value.startswith('"', end + 1):
            parts.append('"')
            position = end + 2
            continue
        if end + 1 < len(value) and value[end + 1] != ",":
            return None
        return "".join(parts), end + 1
