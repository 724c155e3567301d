"""Regular expressions that are compiled when a text asks for it.

Python compiles a pattern in Python: 0.1 to 1 ms each. The core has a hundred, and compiling them
was a sixth of a first check. So a pattern is compiled with its first use, and one that can say
which plain words every match `needs` is compiled with the first text that holds one of them.
A pattern that was compiled costs what it always did: its methods are kept.
"""

from __future__ import annotations

import re
from typing import Any, cast

__all__ = ["pattern"]


def pattern(
    text: str, flags: int | re.RegexFlag = 0, *, needs: tuple[str, ...] = ()
) -> re.Pattern[str]:
    """What `re.compile(text, flags)` gives, compiled when it matters.

    Every match holds at least one of `needs`; with IGNORECASE they are compared casefolded.
    """
    made = _Waiting(text, flags, needs) if needs else _Later(text, flags)
    return cast("re.Pattern[str]", made)


class _Later:
    """Compiled when something is asked of it."""

    def __init__(self, text: str, flags: int | re.RegexFlag) -> None:
        self._text = text
        self._flags = flags

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):  # what `copy` and others look for is no use of it
            raise AttributeError(name)
        found = getattr(re.compile(self._text, self._flags), name)
        setattr(self, name, found)
        return found


class _Waiting(_Later):
    """Compiled when a text holds what every match needs; until then nothing matches."""

    def __init__(self, text: str, flags: int | re.RegexFlag, needs: tuple[str, ...]) -> None:
        super().__init__(text, flags)
        self._needs = needs
        self._folded = bool(flags & re.IGNORECASE)
        self._without = ""  # a long text that is searched part by part is read once

    def search(self, string: str, *places: int) -> re.Match[str] | None:
        return self._compiled.search(string, *places) if self._may(string) else None

    def match(self, string: str, *places: int) -> re.Match[str] | None:
        return self._compiled.match(string, *places) if self._may(string) else None

    def fullmatch(self, string: str, *places: int) -> re.Match[str] | None:
        return self._compiled.fullmatch(string, *places) if self._may(string) else None

    def finditer(self, string: str, *places: int) -> Any:
        return self._compiled.finditer(string, *places) if self._may(string) else iter(())

    @property
    def _compiled(self) -> re.Pattern[str]:
        """From here on the methods are the pattern's own."""
        made = re.compile(self._text, self._flags)
        for name in ("search", "match", "fullmatch", "finditer"):
            setattr(self, name, getattr(made, name))
        return made

    def _may(self, string: str) -> bool:
        if string is self._without:
            return False
        read = string.casefold() if self._folded else string
        for need in self._needs:  # no generator: a check comes here thousands of times
            if need in read:
                return True
        self._without = string
        return False
