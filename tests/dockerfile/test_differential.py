"""The parser against two others: BuildKit's own, bound to Python, and one written in Python."""

from __future__ import annotations

import platform
import re
import sys
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jupyter_azureml_image.dockerfile.model import Dockerfile, Instruction
from jupyter_azureml_image.dockerfile.parse import parse
from tests.dockerfile.edges import EDGES
from tests.dockerfile.generated import REAL, SMALL_FILES, slips

Row = tuple[str, int, int, list[str], bool, list[tuple[str, str]]]
"""Keyword, first and last line, flags, JSON or not, and the heredocs' names and bodies."""


def ours(dockerfile: Dockerfile) -> list[Row]:
    return [_row(dockerfile, each) for each in dockerfile.instructions]


def _row(dockerfile: Dockerfile, instruction: Instruction) -> Row:
    first = dockerfile.line(instruction)
    last, _ = dockerfile.position(max(instruction.span.start, instruction.span.end - 1))
    bodies = [(heredoc.name, heredoc.body) for heredoc in instruction.heredocs]
    flags = [
        f"--{flag.name}" + ("" if flag.value is None else f"={flag.value}")
        for flag in instruction.flags
    ]
    return instruction.keyword, first, last, flags, instruction.json, bodies


JSON_AND_MORE = re.compile(r"\][^\S\n]*\S")
"""A later BuildKit (asked) takes an array with something behind it for no JSON; these do."""


def buildkits_own(text: str) -> list[Row] | None:
    """What BuildKit's parser of early 2025 says, through the Go binding; None: refused."""
    import dockerfile

    if "escape=`" in text and re.search(r"--\S*[\\`]", text):
        return None  # a later BuildKit has the chosen escape character in flags too
    if JSON_AND_MORE.search(text) or re.search(r"<<[ \t\r]|\$\{.*<<", text):
        return None  # a later BuildKit learnt more variables, and `<< NAME` with a blank
    try:
        commands: tuple[Any, ...] = dockerfile.parse_string(text)
    except (dockerfile.GoParseError, AttributeError):
        return None
    except UnicodeDecodeError:
        return None  # BuildKit cut a character in two, and the binding cannot hand that over
    return [
        (
            (each.cmd or "").upper(),
            each.start_line,
            each.end_line,
            [_as_text(flag) for flag in each.flags],
            each.json,
            [(heredoc.name, heredoc.content) for heredoc in each.heredocs],
        )
        for each in commands
    ]


def _as_text(flag: str) -> str:
    """BuildKit has flags byte by byte; ours put characters together again where that goes."""
    try:
        return flag.encode("latin-1").decode()
    except (UnicodeEncodeError, UnicodeDecodeError):
        return flag


def written_in_python(text: str) -> list[Row] | None:
    """What e2b-dockerfile-utils says; None: refused."""
    import e2b_dockerfile_utils as other

    if not text.removeprefix("\ufeff").isascii():
        return None  # it walks over characters where BuildKit walks over bytes
    if JSON_AND_MORE.search(text) or re.search(r"<<-?[ \t\r]*(''|\"\")", text):
        return None  # BuildKit (asked) takes an empty name for no heredoc at all
    try:
        tree = other.parse_dockerfile_ast(text)
    except ValueError:
        return None
    return [
        (
            each.name.upper(),
            each.start_line,
            each.end_line,
            list(each.flags),
            each.json,
            [(heredoc.name, heredoc.content) for heredoc in each.heredocs],
        )
        for each in tree.instructions
    ]


def _agree(mine: list[Row], theirs: list[Row]) -> None:
    assert [row[:3] for row in mine] == [row[:3] for row in theirs]
    # Each of them has the JSON and the heredocs of ONBUILD in a place of its own.
    assert [r for r in mine if r[0] != "ONBUILD"] == [r for r in theirs if r[0] != "ONBUILD"]


# Each stands in the [dev] extra under the same condition.
PARSERS: list[Callable[[str], list[Row] | None]] = []
if sys.platform != "linux" or platform.machine() == "x86_64":
    PARSERS.append(buildkits_own)
if sys.version_info >= (3, 11):
    PARSERS.append(written_in_python)


@pytest.mark.parametrize("other", PARSERS)
def test_real_files_are_taken_apart_alike(other: Callable[[str], list[Row] | None]) -> None:
    for text in REAL:
        theirs = other(text)
        assert theirs is not None
        _agree(ours(parse(text)), theirs)


@pytest.mark.parametrize("other", PARSERS)
@settings(max_examples=150)
@given(text=st.one_of(slips(), SMALL_FILES, st.sampled_from(EDGES)))
def test_what_all_accept_is_taken_apart_alike(
    other: Callable[[str], list[Row] | None], text: str
) -> None:
    theirs = other(text)
    dockerfile = parse(text)
    if theirs is not None and not dockerfile.faults:
        _agree(ours(dockerfile), theirs)
