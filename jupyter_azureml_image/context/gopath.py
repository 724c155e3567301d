"""Go's path functions, as Docker applies them to ignore files and COPY sources.

Only their meaning is Go's (`path/filepath`: Clean, Match); the separator is always `/`.
"""

from __future__ import annotations

import functools
import posixpath
import re

# What Go's strings.TrimSpace removes; Python's str.strip() would take \x1c to \x1f too.
_SPACE = (
    "\t\n\v\f\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2028\u2029\u202f\u205f\u3000"
)


class BadPatternError(ValueError):
    """A pattern that Docker refuses; the text says what is wrong with it."""


def trim(text: str) -> str:
    """`text` without the white space around it."""
    return text.strip(_SPACE)


def clean(path: str) -> str:
    """The shortest equal path: no `//`, `.` or inner `..`; an empty one becomes `.`."""
    # POSIX lets normpath keep exactly two leading slashes; Go does not.
    return (
        posixpath.normpath("/" + path.lstrip("/")) if path[:1] == "/" else posixpath.normpath(path)
    )


def has_wildcard(name: str) -> bool:
    """Whether `name` holds an unescaped `*`, `?` or `[`."""
    if not any(sign in name for sign in "*?["):
        return False
    return re.search(r"(?:^|[^\\])(?:\\\\)*[*?[]", name) is not None


def unescape(name: str) -> str:
    r"""`name`, which has no wildcard, with `\x` read as `x`."""
    return re.sub(r"\\(.)", r"\1", name, flags=re.DOTALL) if "\\" in name else name


def escape(name: str) -> str:
    """`name` as a pattern that matches only itself."""
    return re.sub(r"([*?\[\\])", r"\\\1", name)


@functools.lru_cache(maxsize=1024)
def matcher(pattern: str) -> re.Pattern[str]:
    """A regular expression whose `fullmatch` is filepath.Match; raises BadPatternError."""
    out: list[str] = []
    at = 0
    while at < len(pattern):
        char = pattern[at]
        at += 1
        if char == "*":
            out.append("[^/]*")
        elif char == "?":
            out.append("[^/]")
        elif char == "[":
            piece, at = _class(pattern, at)
            out.append(piece)
        elif char == "\\":
            if at == len(pattern):
                raise BadPatternError("it ends with a lone backslash")
            out.append(re.escape(pattern[at]))
            at += 1
        else:
            out.append(re.escape(char))
    return re.compile("".join(out), re.DOTALL)


def _class(pattern: str, at: int) -> tuple[str, int]:
    """The class that begins after the bracket before `at`, and where it ends."""
    negated = pattern[at : at + 1] == "^"
    at += negated
    ranges: list[str] = []
    first = True
    while first or pattern[at : at + 1] != "]":
        first = False
        low, at = _class_char(pattern, at)
        high = low
        if pattern[at : at + 1] == "-":
            high, at = _class_char(pattern, at + 1)
        if low <= high:  # Go takes an upside-down range as one that holds nothing
            ranges.append(f"{re.escape(low)}-{re.escape(high)}")
    if not ranges:
        return ("." if negated else "(?!)"), at + 1
    return f"[{'^' if negated else ''}{''.join(ranges)}]", at + 1


def _class_char(pattern: str, at: int) -> tuple[str, int]:
    if pattern[at : at + 1] == "\\":
        at += 1
    elif pattern[at : at + 1] in ("-", "]"):
        raise BadPatternError(
            f"{pattern[at]!r} cannot stand there inside [...]; write \\{pattern[at]}"
        )
    if at + 1 >= len(pattern):
        raise BadPatternError("a '[' is never closed")
    return pattern[at], at + 1
