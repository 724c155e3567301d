"""Values that the parser takes and the build then refuses: signals, names of images."""

from __future__ import annotations

import re
from collections.abc import Container

# The names of moby/sys/signal for Linux, which BuildKit asks; real-time signals are a family.
_SIGNALS = (
    "ABRT|ALRM|BUS|CHLD|CLD|CONT|FPE|HUP|ILL|INT|IO|IOT|KILL|PIPE|POLL|PROF|PWR|QUIT|SEGV|STKFLT|"
    "STOP|SYS|TERM|TRAP|TSTP|TTIN|TTOU|URG|USR1|USR2|VTALRM|WINCH|XCPU|XFSZ"
)
_REAL_TIME = r"RTMIN(?:\+(?:[1-9]|1[0-5]))?|RTMAX(?:-(?:[1-9]|1[0-4]))?"


def signal_problem(word: str) -> str | None:
    """Why a build refuses `STOPSIGNAL word` ("Invalid signal"); None where it takes it."""
    if re.fullmatch(r"[+-]?\d+", word):
        return None if int(word) else "0 is not a signal that stops anything"
    name = word.upper().removeprefix("SIG")
    if re.fullmatch(_SIGNALS, name) or re.fullmatch(_REAL_TIME, name):
        return None
    return f"{word!r} is not a signal" if word else "the name of the signal is empty"


def name_problem(base: str, stages: Container[str]) -> tuple[str, str] | None:
    """Why a build refuses `FROM base`, and the remedy; `stages` are the names above it.

    Docker keeps repositories and the names of stages in lower case; only a registry and a tag
    may have capitals, and a first part with one counts as a registry.
    """
    path = base.partition("@")[0]
    first, slash, rest = path.partition("/")
    if slash and (first != first.lower() or first == "localhost" or "." in first or ":" in first):
        path = rest
    head, slash, last = path.rpartition("/")
    path = head + slash + last.partition(":")[0]
    if path == path.lower() or "{{" in base or "<" in base:
        return None
    if base.lower() in stages:
        return f"{base} is not the name of a stage", f"Write {base.lower()}: names are lower case."
    return f"{base}: an image's name is lower case", f"Write {path.lower()}."
