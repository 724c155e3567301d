"""From words to values: one parser for magics, verbs and the command line."""

from __future__ import annotations

import argparse
import functools
import shlex
from collections.abc import Iterable, Sequence
from typing import Any, NoReturn

from ..errors import BadUsage
from .table import Command, Option

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
        hint = "Close the quote, or put a backslash before a quote that is meant as such."
        if "escaped" in str(error):
            hint = "All options stand on this one line: a backslash does not continue it."
        raise BadUsage(
            f"{prog}: the words cannot be told apart ({str(error).lower()}).", hint=hint
        ) from error


def parse(command: Command, words: Sequence[str]) -> dict[str, Any]:
    """What was given, by Python name: strings, lists of strings for repeatable options, True
    for switches; what was not given is absent. Raises BadUsage.
    """
    namespace, left = parser(command).parse_known_args(list(words))
    given = {key: value for key, value in vars(namespace).items() if value not in (None, [], False)}
    if "help" in given:
        return given
    left = [word for word in left if word != "--"]
    if left:
        raise _unknown(command, left)
    for word in command.words:
        if word.needed and word.name not in given:
            raise BadUsage(f"{command.prog} needs {word.metavar}.", hint=f"Usage: {command.usage}")
        if given.get(word.name) == "":  # a variable of a shell or a notebook that holds nothing
            hint = f"Usage: {command.usage}" if word.needed else "Give it, or leave it out."
            raise BadUsage(f"{command.prog}: {word.metavar} is empty.", hint=hint)
    return given


@functools.cache
def parser(command: Command) -> argparse.ArgumentParser:
    """The argparse parser of a command, made once; it knows structure only: values are read
    later, and help is made from the table."""
    made = _Parser(prog=command.prog, usage=argparse.SUPPRESS, add_help=False, allow_abbrev=False)
    for word in command.words:
        made.add_argument(word.name, nargs="*" if word.many else "?", metavar=word.metavar)
    for option in command.options:
        _add_option(made, option)
    return made


def nearest(word: str, known: Iterable[str]) -> str:
    """`Did you mean X?`, or nothing where no known word is near."""
    import difflib

    near = difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f"Did you mean {near[0]}?" if near else ""


def _add_option(made: argparse.ArgumentParser, option: Option) -> None:
    if option.kind == "switch":
        made.add_argument(*option.flags, action="store_true")
        return
    made.add_argument(
        *option.flags,
        dest=option.dest,
        action="append" if option.many else "store",
        metavar=option.value,
    )


def _unknown(command: Command, left: Sequence[str]) -> BadUsage:
    flag = next((word for word in left if word.startswith("-") and word != "-"), None)
    if flag is None:
        return BadUsage(
            f"{command.prog}: '{left[0]}' is one word too many.",
            hint=f"Put quotes around a value with blanks. Usage: {command.usage}",
        )
    name = flag.partition("=")[0]
    if command.option(flag):
        raise BadUsage(
            f"{command.prog}: {name} stands behind --, which ends the options.",
            hint="Leave -- out.",
        )
    hint = _FOREIGN.get(name) if command.option("--build-arg") else None
    hint = hint or nearest(name, command.flags()) or f"{command.prog} --help lists the options."
    return BadUsage(f"{command.prog} has no option {name}.", hint=hint)
