"""HEALTHCHECK's numbers, read as Go reads them (BuildKit's parser refuses others)."""

from __future__ import annotations

import re

from .model import Fault, Flag

# Go knows the micro sign as well, but BuildKit takes flags apart byte by byte before.
_UNITS = {
    "ns": 1e-9,
    "us": 1e-6,
    "ms": 1e-3,
    "s": 1.0,
    "m": 60.0,
    "h": 3600.0,
}
_PART = r"(\d+\.?\d*|\.\d+)(ns|us|ms|s|m|h)"
_LONGEST = (2**63 - 1) / 1e9
_LEAST = 0.001


def interval_fault(flag: Flag) -> Fault | None:
    """What is wrong with a duration such as `30s` or `1m30s`."""
    value = flag.value
    if not value:
        return None
    seconds = _seconds(value)
    if seconds is None:
        remedy = "Give the number a unit, such as 30s or 1m30s."
        return Fault(f"--{flag.name} is not a duration: {value!r}", flag.span, remedy)
    if seconds and seconds < _LEAST:
        return Fault(f"--{flag.name} is below one millisecond", flag.span)
    return None


def _seconds(value: str) -> float | None:
    negative = value.startswith("-")
    text = value[1:] if value[0] in "+-" else value
    if text == "0":
        return 0.0
    total, position = 0.0, 0
    while position < len(text):
        part = re.compile(_PART).match(text, position)
        if part is None or not part.group(1).isascii():
            return None
        total += float(part.group(1)) * _UNITS[part.group(2)]
        position = part.end()
    if not text or total > _LONGEST:
        return None
    return -total if negative else total


def retries_fault(flag: Flag) -> Fault | None:
    """What is wrong with the number of retries."""
    value = flag.value
    if not value:
        return None
    if not re.fullmatch(r"[+-]?[0-9]+", value) or not -(2**31) <= int(value) < 2**31:
        return Fault(f"--retries is not a whole number: {value!r}", flag.span)
    if int(value) < 0:
        return Fault("--retries cannot be negative", flag.span)
    return None
