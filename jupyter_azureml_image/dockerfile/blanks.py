"""What BuildKit takes for a blank, and the characters nobody sees.

BuildKit is a Go program: where it trims or splits at "space" it means Unicode's White_Space,
which differs from Python's `str.isspace` (U+001C to U+001F are none); where it splits an
instruction from its arguments it means the ASCII blanks alone. That difference is what makes a
non-breaking space fatal in one place and harmless in another.
"""

from __future__ import annotations

import unicodedata

from ..patterns import pattern

SPACES = (
    "\t\n\v\f\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2028\u2029\u202f\u205f\u3000"
)
"""Unicode White_Space, as Go's `unicode.IsSpace` has it."""

SPACE_CLASS = r"\t\n\v\f\r \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
"""The same for use inside a character class of a regular expression."""

ASCII_BLANKS = pattern(r"[\t\v\f\r ]+")
"""What separates an instruction from its arguments, and the arguments of FROM or COPY."""

_UNSEEN_CLASS = (
    r"\x00-\x08\x0e-\x1f\x7f\x85\xa0\xad\u034f\u061c\u115f\u1160\u1680\u180e\u2000-\u200f"
    r"\u2028-\u202f\u205f-\u206f\u3000\u3164\ufe00-\ufe0f\ufeff"
)
_LOOKALIKES = {
    "\u2010": "-",
    "\u2011": "-",
    "\u2012": "-",
    "\u2013": "-",
    "\u2014": "-",
    "\u2015": "-",
    "\u2212": "-",
    "\u2018": "'",
    "\u2019": "'",
    "\u201a": "'",
    "\u201c": '"',
    "\u201d": '"',
    "\u201e": '"',
    "\u2026": "...",
    "\uff1d": "=",
    "\uff3b": "[",
    "\uff3d": "]",
}
_UNSEEN = pattern(f"[{_UNSEEN_CLASS}]")
_SUSPECT = pattern(f"[{_UNSEEN_CLASS}{''.join(_LOOKALIKES)}]")
_USUAL = dict.fromkeys(map(ord, "\t\n\v\f\r"))
"""What ASCII has of blanks beside the space."""
_NAMES = {
    "\x00": "null character",
    "\x85": "next-line character",
    "\xa0": "non-breaking space",
    "\u200b": "zero-width space",
    "\u200c": "zero-width non-joiner",
    "\u200d": "zero-width joiner",
    "\u2013": "en dash",
    "\u2014": "em dash",
    "\u202f": "narrow non-breaking space",
    "\u2060": "word joiner",
    "\ufeff": "byte order mark",
}


def suspects(text: str) -> list[tuple[int, str]]:
    """Every character in `text` that cannot be seen or looks like another, with its offset."""
    if text.isascii() and text.translate(_USUAL).isprintable():
        return []
    return [(match.start(), match.group()) for match in _SUSPECT.finditer(text)]


def called(character: str) -> str:
    """A character's name with its article and code point: `a non-breaking space (U+00A0)`."""
    name = _NAMES.get(character) or unicodedata.name(character, "control character").lower()
    return f"{'an' if name[0] in 'aeiou' else 'a'} {name} (U+{ord(character):04X})"


def meant(character: str) -> str:
    """What the writer most likely meant by a suspect character: may be a blank, or nothing."""
    if character in _LOOKALIKES:
        return _LOOKALIKES[character]
    return " " if character in SPACES else ""
