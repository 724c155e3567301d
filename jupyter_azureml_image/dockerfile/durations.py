"""HEALTHCHECK's numbers, read as Go reads them (BuildKit's parser refuses others)."""

from __future__ import annotations

import re

from ..patterns import pattern
from .model import Fault, Flag

# Go knows the micro sign as well, but BuildKit takes flags apart byte by byte before.
_UNITS = {
    "ns": 1,
    "us": 1_000,
    "ms": 1_000_000,
    "s": 1_000_000_000,
    "m": 60_000_000_000,
    "h": 3_600_000_000_000,
}
_PART = pattern(r"(?:([0-9]+)\.?([0-9]*)|\.([0-9]+))(ns|us|ms|s|m|h)")
_LONGEST = 2**63 - 1
_DIGITS = len(str(_LONGEST))
_LEAST = 1_000_000


def interval_fault(flag: Flag) -> Fault | None:
    """What is wrong with a duration such as `30s` or `1m30s`."""
    value = flag.value
    if not value:
        return None
    nanoseconds = _nanoseconds(value)
    if nanoseconds is None:
        remedy = "Give the number a unit, such as 30s or 1m30s."
        return Fault(f"--{flag.name} is not a duration: {value!r}", flag.span, remedy)
    if nanoseconds and nanoseconds < _LEAST:
        return Fault(f"--{flag.name} is below one millisecond", flag.span)
    return None


def _nanoseconds(value: str) -> int | None:
    """Whole ones, as Go counts them; None for what it does not read."""
    text = value[1:] if value[0] in "+-" else value
    if text == "0":
        return 0
    total, position = 0, 0
    while position < len(text):
        part = _PART.match(text, position)
        if part is None:
            return None
        whole = (part[1] or "").lstrip("0")
        if len(whole) > _DIGITS:
            return None
        unit = _UNITS[part[4]]
        total += int(whole or 0) * unit + _behind_the_point(part[2] or part[3] or "", unit)
        if total > _LONGEST:
            return None
        position = part.end()
    if not text:
        return None
    return -total if value.startswith("-") else total


def _behind_the_point(digits: str, unit: int) -> int:
    """Go's own sum: the digits that its whole numbers hold, by a float."""
    number, scale = 0, 1.0
    for digit in digits:
        longer = number * 10 + int(digit)
        if number > _LONGEST // 10 or longer > _LONGEST + 1:
            break
        number, scale = longer, scale * 10
    return int(number * (unit / scale))


def retries_fault(flag: Flag) -> Fault | None:
    """What is wrong with the number of retries."""
    value = flag.value
    if not value:
        return None
    match = re.fullmatch(r"([+-]?)0*([0-9]+)", value)
    # Python refuses to read a number of thousands of digits.
    if match is None or len(match[2]) > _DIGITS or not -(2**31) <= int(match[1] + match[2]) < 2**31:
        return Fault(f"--retries is not a whole number: {value!r}", flag.span)
    if int(match[1] + match[2]) < 0:
        return Fault("--retries cannot be negative", flag.span)
    return None
