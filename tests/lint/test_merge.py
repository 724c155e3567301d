"""One cause is told once: what BuildKit's checks, our rules and hadolint say of the same thing."""

from __future__ import annotations

import dataclasses

import pytest

from jupyter_azureml_image.lint.check import check
from jupyter_azureml_image.lint.hadolint import findings
from tests.lint.asking import question

SHELL_FORM = "FROM python:3.12-slim\nCMD python -m app\n"
# No WORKDIR of one letter: hadolint 2.15 crashes on it.
MANY = (
    "FROM debian:12 AS a\nMAINTAINER me\nWORKDIR app\nCMD c\nCMD d\nENTRYPOINT e\nENTRYPOINT f\n"
    "HEALTHCHECK CMD g\nHEALTHCHECK CMD h\nFROM debian:12 AS a\n"
)
TWINS = {"DL3000", "DL3012", "DL3024", "DL3025", "DL4000", "DL4003", "DL4004"}


def told(text: str) -> list[tuple[str, int]]:
    """Every code with its line, hadolint's own findings included."""
    asked = dataclasses.replace(question(text), generic=findings(text, seconds=60))
    return [(d.code, d.line) for d in check(asked)]


def codes(text: str) -> set[str]:
    return {code for code, _ in told(text)}


def test_a_check_that_is_skipped_does_not_come_back_under_hadolints_code() -> None:
    assert "JSONArgsRecommended" in codes(SHELL_FORM)
    skipped = codes("# check=skip=JSONArgsRecommended\n" + SHELL_FORM)
    assert not {"JSONArgsRecommended", "DL3025"} & skipped


def test_skipping_all_checks_leaves_out_every_twin_of_theirs() -> None:
    assert not TWINS & codes("# check=skip=all\n" + MANY)


def test_skipping_one_check_leaves_the_others_in() -> None:
    text = "# check=skip=MaintainerDeprecated\n" + SHELL_FORM + "ADD a /b\nMAINTAINER me\n"
    assert {"JSONArgsRecommended", "DL3020"} <= codes(text)


def test_what_a_stage_has_once_is_told_at_one_place() -> None:
    text = 'FROM debian:12\nCMD ["a"]\nCMD ["b"]\nENTRYPOINT ["a"]\nENTRYPOINT ["b"]\n'
    said = [one for one in told(text) if one[0] in ("MultipleInstructionsDisallowed", *TWINS)]
    assert said == [("MultipleInstructionsDisallowed", 2), ("MultipleInstructionsDisallowed", 4)]


def test_nothing_that_a_check_says_already_is_said_by_hadolint() -> None:
    assert not TWINS & codes(MANY)


@pytest.mark.parametrize("place", ["/d", "d"])
def test_a_comment_behind_copy_is_no_fault_of_its_destination(place: str) -> None:
    said = codes(f"FROM debian:12\nCOPY data {place} # x\n")
    assert "AML007" in said
    assert not {"DL3021", "DL3045"} & said


@pytest.mark.parametrize(
    ("text", "told_of"),
    [
        ('FROM debian:12\nSHELL ["/bin/bash", "-c"]\nCMD a\n', False),
        ('FROM debian:12 AS one\nSHELL ["/bin/bash", "-c"]\nFROM one\nCMD a\n', False),
        ('FROM debian:12\nCMD a\nSHELL ["/bin/bash", "-c"]\n', True),
        ('FROM debian:12 AS one\nSHELL ["/bin/bash", "-c"]\nFROM debian:12\nCMD a\n', True),
    ],
)
def test_a_shell_of_ones_own_allows_the_shell_form(text: str, told_of: bool) -> None:
    assert bool({"DL3025", "JSONArgsRecommended"} & codes(text)) is told_of
