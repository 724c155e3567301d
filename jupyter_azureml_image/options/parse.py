"""From words to values: one parser for magics, verbs and the command line."""

from __future__ import annotations

import argparse
import difflib
import shlex
from collections.abc import Iterable, Sequence
from typing import Any, NoReturn

from ..errors import BadUsage
from .table import Command, Option, Word

_NAMED = "Images are named NAME:VERSION, the first word; tags are --env-tag K=V."

# Words people bring from docker build, and what to say instead.
_FOREIGN = {
    "-t": _NAMED,
    "--tag": _NAMED,
    "-f": "Use --file PATH.",
    "--push": "Pushing is a stage: --until push, or leave --until out to register as well.",
    "--load": "A local build is in the engine anyway.",
    "--label": "Write LABEL in the Dockerfile, or --env-tag K=V for the environment.",
}


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        if message.startswith("argument ") and "expected one argument" in message:
            flag = message.removeprefix("argument ").partition(":")[0].rpartition("/")[2]
            raise BadUsage(f"{flag} needs a value.", hint=f"Write {flag} VALUE or {flag}=VALUE.")
        raise BadUsage(f"{self.prog}: {message}.", hint=f"{self.prog} --help shows how it is used.")


def split(line: str, prog: str) -> list[str]:
    """The words of `line` by POSIX shell rules; raises BadUsage for an open quote."""
    try:
        return shlex.split(line)
    except ValueError as error:
        raise BadUsage(
            f"{prog}: the words cannot be told apart ({str(error).lower()}).",
            hint="Close the quote, or put a backslash before a quote that is meant as such.",
        ) from error


def parse(command: Command, words: Sequence[str]) -> dict[str, Any]:
    """What was given, by Python name: strings, lists of strings for repeatable options, True
    for switches; what was not given is absent. Raises BadUsage.
    """
    namespace, left = parser(command).parse_known_args(list(words))
    given = {key: value for key, value in vars(namespace).items() if value not in (None, [], False)}
    if "help" in given:
        return given
    if left:
        raise _unknown(command, left)
    for word in command.words:
        if word.needed and word.name not in given:
            raise BadUsage(f"{command.prog} needs {word.metavar}.", hint=f"Usage: {command.usage}")
    return given


def parser(command: Command) -> argparse.ArgumentParser:
    """The argparse parser of a command; it knows structure only, values are read later."""
    made = _Parser(
        prog=command.prog,
        usage=_literal(command.usage),
        description=command.summary,
        add_help=False,
        allow_abbrev=False,
        formatter_class=_HelpFormatter,
    )
    for word in command.words:
        _add_word(made, word)
    groups: dict[str, Any] = {}
    for option in command.options:
        if option.group not in groups:
            groups[option.group] = made.add_argument_group(option.group or "Options")
        _add_option(groups[option.group], option)
    return made


def help_text(command: Command) -> str:
    """What `--help` prints; also the magic's docstring."""
    return parser(command).format_help()


def nearest(word: str, known: Iterable[str]) -> str:
    """`Did you mean X?`, or nothing where no known word is near."""
    near = difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f"Did you mean {near[0]}?" if near else ""


class _HelpFormatter(argparse.HelpFormatter):
    def __init__(self, prog: str) -> None:
        super().__init__(prog, max_help_position=30, width=100)

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        paragraphs = text.split("\n\n")
        return "\n\n".join(
            super(_HelpFormatter, self)._fill_text(p, width, indent) for p in paragraphs
        )


def _literal(text: str) -> str:
    return text.replace("%", "%%")


def _add_word(made: argparse.ArgumentParser, word: Word) -> None:
    made.add_argument(
        word.name, nargs="*" if word.many else "?", metavar=word.metavar, help=_literal(word.help)
    )


def _add_option(group: Any, option: Option) -> None:
    shown = _literal(option.meaning)
    if option.kind == "switch":
        group.add_argument(*option.flags, action="store_true", help=shown)
        return
    group.add_argument(
        *option.flags,
        dest=option.dest,
        action="append" if option.many else "store",
        metavar=option.value,
        help=shown,
    )


def _unknown(command: Command, left: Sequence[str]) -> BadUsage:
    flag = next((word for word in left if word.startswith("-") and word != "-"), None)
    if flag is None:
        return BadUsage(
            f"{command.prog}: '{left[0]}' is one word too many.",
            hint=f"Put quotes around a value with blanks. Usage: {command.usage}",
        )
    name = flag.partition("=")[0]
    hint = _FOREIGN.get(name) if command.option("--build-arg") else None
    hint = hint or nearest(name, command.flags()) or f"{command.prog} --help lists the options."
    return BadUsage(f"{command.prog} has no option {name}.", hint=hint)
