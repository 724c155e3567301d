"""What an option is: data, from which parsers, help, completion and reference are made."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from ..records import changed, dataclass

Kind = Literal[
    "text",
    "path",
    "number",
    "percent",
    "switch",
    "pair",
    "secret",
    "codes",
    "choice",
    "variable",
    "new variable",
]
Face = Literal["magic", "command"]

EVERYWHERE: tuple[Face, ...] = ("magic", "command")


@dataclass(frozen=True, slots=True)
class Option:
    """One option. `default` is what its absence means, in words where it is no plain value;
    `group` is its heading.
    """

    flags: tuple[str, ...]
    help: str
    kind: Kind = "text"
    metavar: str = ""
    choices: tuple[str, ...] = ()
    default: str = ""
    many: bool = False
    faces: tuple[Face, ...] = EVERYWHERE
    group: str = ""

    @property
    def flag(self) -> str:
        """The long form."""
        return self.flags[-1]

    @property
    def dest(self) -> str:
        """The name in Python: of the keyword argument and of the setting."""
        return self.flag.lstrip("-").replace("-", "_")

    @property
    def value(self) -> str:
        """How its value is written in help and reference; empty for a switch."""
        if self.kind == "switch":
            return ""
        return self.metavar or "|".join(self.choices)

    def under(self, group: str) -> Option:
        """The same option below that heading."""
        return changed(self, group=group)

    @property
    def meaning(self) -> str:
        """The help sentence with what absence and repetition mean."""
        notes = [f"default: {self.default}"] if self.default else []
        notes += ["repeatable"] if self.many else []
        return f"{self.help} ({'; '.join(notes)})" if notes else self.help


@dataclass(frozen=True, slots=True)
class Word:
    """A word without a flag: `many` takes all that are left, `needed` must be there."""

    name: str
    metavar: str
    help: str
    needed: bool = True
    many: bool = False
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Command:
    """A magic, a verb or a command: what it does and what it takes. `verb` is its word in
    Python, completion and reference; `prog` how its line begins.
    """

    verb: str
    prog: str
    summary: str
    words: tuple[Word, ...] = ()
    options: tuple[Option, ...] = ()

    @property
    def usage(self) -> str:
        """The usage line."""
        words = [w.metavar if w.needed else f"[{w.metavar}]" for w in self.words]
        return " ".join([self.prog, *words, *(["[options]"] if self.options else [])])

    def option(self, flag: str) -> Option | None:
        """The option that `flag` (`--until` or `--until=plan`) is, or None."""
        name = flag.partition("=")[0]
        return next((o for o in self.options if name in o.flags), None)

    def flags(self) -> Iterator[str]:
        """Every spelling of every option."""
        for option in self.options:
            yield from option.flags


HELP = Option(("-h", "--help"), "Show this and do nothing.", "switch")
TRACEBACK = Option(("--traceback",), "Show the whole traceback of a failure.", "switch")
