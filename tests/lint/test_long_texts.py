"""Twice the text is twice the work: calls are counted, in texts that repeat one thing."""

from __future__ import annotations

import difflib
import sys
from types import FrameType

import pytest

from jupyter_azureml_image.dockerfile.model import Instruction
from jupyter_azureml_image.dockerfile.parse import parse
from jupyter_azureml_image.lint import subject as subject_page
from jupyter_azureml_image.lint.rules import pip
from jupyter_azureml_image.lint.subject import Subject
from tests.lint.asking import BASE, Around, found

START = "FROM x\n"
AROUND = Around(files={"a": "x"})


def work(text: str) -> int:
    """How many calls a check of the text takes; a generator's turns count as well."""
    count = 0

    def profile(frame: FrameType, event: str, arg: object) -> None:
        nonlocal count
        count += event == "call"

    before = sys.getprofile()
    sys.setprofile(profile)
    try:
        found(text, AROUND)
    finally:
        sys.setprofile(before)
    return count


@pytest.mark.parametrize(
    ("start", "repeated", "end"),
    [
        (START + "COPY ", "a ", "/d/\n"),
        (START, "a=b\n", ""),
        (START, "RUN a\nb\n", ""),
        (START, "# hadolint ignore=AML001\nRUN a\n", ""),
        (START + "RUN ", "\u00a0", "\n"),
        (START + "RUN ", "a\u00a0b ", "\n"),
        (START + "RUN ", "pip install a && ", "true\n"),
        (START + "RUN pip install ", "numpy<2 ", "\n"),
        (START + "RUN ", "A=b ", "\n"),
        (START + "EXPOSE ", "1-300 ", "\n"),
        (START, "COPY a /var/azureml-app\n", ""),
        ("", "ARG A=1\n", START),
        ("", "FROM x AS s\n", ""),
    ],
)
def test_twice_the_text_is_about_twice_the_work(start: str, repeated: str, end: str) -> None:
    found(START, AROUND)  # what is made once in a process is made
    once, twice, four = (work(start + repeated * n + end) for n in (300, 600, 1200))
    # Twice as much more, not four times as much.
    assert four - twice < 2.7 * (twice - once)


@pytest.fixture
def compared(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The words for which a near one is looked for; none is near."""
    asked: list[str] = []

    def close(word: str, *others: object, **named: object) -> list[str]:
        asked.append(word)
        return []

    monkeypatch.setattr(difflib, "get_close_matches", close)
    return asked


def test_names_that_nothing_sets_are_compared_while_they_may_be_slips(compared: list[str]) -> None:
    found(START + "".join(f"ENV NAME{n}=$OTHER{n}\n" for n in range(400)))
    assert len(compared) == 100


def test_a_run_is_read_once_for_all_its_installs(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    real = pip._cache_kept_out

    def counted(subject: Subject, step: pip.Step) -> bool:
        asked.append(step.index)
        return real(subject, step)

    monkeypatch.setattr(pip, "_cache_kept_out", counted)
    found(BASE + "RUN " + "pip install a && " * 50 + "true\n" + "RUN pip install b\n")
    assert asked == [1, 2]


@pytest.mark.parametrize("character", ["\u2013", "\0", "A"])
def test_a_huge_word_has_no_instruction_near_it(character: str, compared: list[str]) -> None:
    for text in (character * 1_000 + "\n", START + "COPY --" + character * 1_000 + "=b c d\n"):
        assert parse(START + text).faults
        found(START + text)
    assert compared == []


def test_a_line_of_odd_blanks_is_not_read_again_for_each(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    real = Subject.line_span

    def counted(subject: Subject, number: int) -> object:
        asked.append(number)
        return real(subject, number)

    monkeypatch.setattr(Subject, "line_span", counted)
    found(START + "ENV A=" + "\u00a0" * 500 + "\n" + START + "RUN" + "\u00a0" * 500 + "\n")
    assert len(asked) < 20


def test_what_an_instruction_assigns_is_read_once_for_all_rules(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[int] = []
    real = subject_page.assignments

    def counted(instruction: Instruction) -> object:
        asked.append(instruction.span.start)
        return real(instruction)

    monkeypatch.setattr(subject_page, "assignments", counted)
    found(START + "ENV A=1\nLABEL b=2\nARG C\n" * 20)
    assert len(asked) == len(set(asked)) == 60
