"""BuildKit's 22 checks on our own tree (their examples are tried with all other rules)."""

from __future__ import annotations

import pytest

from jupyter_azureml_image.dockerfile.evaluate import evaluate
from jupyter_azureml_image.dockerfile.facts import BaseFacts
from jupyter_azureml_image.dockerfile.parse import parse
from jupyter_azureml_image.lint.check import CheckInput, check
from tests.lint.asking import Around, codes, fixed, found, one

PY = "FROM python:3.12-slim\n"


def test_a_check_that_the_file_skips_is_left_out() -> None:
    text = PY + "MAINTAINER me\n"
    assert "MaintainerDeprecated" in codes(text)
    assert "MaintainerDeprecated" not in codes("# check=skip=MaintainerDeprecated\n" + text)
    assert "MaintainerDeprecated" not in codes("# check=skip=all\n" + text)
    assert "MaintainerDeprecated" in codes("# check=skip=StageNameCasing\n" + text)


def test_error_true_makes_the_checks_stop_the_build() -> None:
    text = "# check=error=true\n" + PY + "MAINTAINER me\n"
    assert one("MaintainerDeprecated", text).severity == "error"


def test_style_is_advice_and_what_may_hurt_a_warning() -> None:
    text = "FROM python:3.12-slim as Base\nENV A b\nWORKDIR app\nCMD python x.py\nCMD python y.py\n"
    severity = {d.code: d.severity for d in found(text)}
    assert severity["FromAsCasing"] == severity["StageNameCasing"] == "info"
    assert severity["LegacyKeyValueFormat"] == severity["JSONArgsRecommended"] == "info"
    assert severity["WorkdirRelativePath"] == "warning"
    assert severity["MultipleInstructionsDisallowed"] == "warning"


@pytest.mark.parametrize(
    ("text", "after"),
    [
        ("FROM debian:12 as base\n", "FROM debian:12 AS base\n"),
        (PY + "ENV MODE production\n", PY + "ENV MODE=production\n"),
        (PY + "ENV WORDS one two\n", PY + 'ENV WORDS="one two"\n'),
        (PY + "MAINTAINER me\n", PY + 'LABEL org.opencontainers.image.authors="me"\n'),
        (PY + "run true\nRUN true\n", PY + "RUN true\nRUN true\n"),
        (PY + "EXPOSE 80/TCP\n", PY + "EXPOSE 80/tcp\n"),
        (PY + "RUN a && \\\n\n  b\n", PY + "RUN a && \\\n  b\n"),
        (PY + "RUN a && \\\n\n  b && \\\n\n \n  c\n", PY + "RUN a && \\\n  b && \\\n  c\n"),
    ],
)
def test_what_has_one_way_to_be_right_is_put_right(text: str, after: str) -> None:
    assert fixed(text) == after


def test_empty_lines_around_a_comment_go_in_one_fix() -> None:
    text = PY + "RUN a && \\\r\n\r\n# why\r\n \r\n  b\r\n\r\nRUN c\r\n"
    assert fixed(text) == PY + "RUN a && \\\n# why\n  b\n\nRUN c\n"


@pytest.mark.parametrize("start", ["", "# escape=`\n"])
@pytest.mark.parametrize(
    "name", ['John "JD" Doe', "$Name", 'John "JD"', "a\\b", "it's `me` too", '"me" and "you"']
)
def test_a_maintainer_has_the_same_name_in_the_label(start: str, name: str) -> None:
    after = fixed(f"{start}{PY}ARG Name=x\nMAINTAINER {name}\n")
    labels = evaluate(parse(after)).final.labels
    assert labels == {"org.opencontainers.image.authors": name}


def test_the_quotes_around_a_maintainer_are_not_part_of_the_name() -> None:
    assert fixed(PY + "MAINTAINER 'me'\n").endswith('authors="me"\n')


def test_an_empty_line_in_a_heredoc_is_no_empty_continuation() -> None:
    assert "NoEmptyContinuation" not in codes(PY + "RUN <<EOF\na\n\nb\nEOF\n")


def test_a_comment_between_continued_lines_is_no_empty_line() -> None:
    assert "NoEmptyContinuation" not in codes(PY + "RUN a && \\\n  # why\n  b\n")


def test_lower_case_throughout_is_consistent() -> None:
    assert "ConsistentInstructionCasing" not in codes("from debian:12\nrun true\n")


def test_a_variable_that_may_come_from_an_unknown_base_is_left_alone() -> None:
    assert "UndefinedVar" not in codes(PY + "ENV A=$SOMETHING_OF_THE_BASE\n")
    assert "UndefinedVar" not in codes(PY + "ENV PATH=/x:$PATH LD_LIBRARY_PATH=$LD_LIBRARY_PATH\n")


def test_a_near_miss_is_told_on_any_base() -> None:
    finding = one("UndefinedVar", PY + "ENV MODEL_NAME=a\nRUN true\nENV B=$MODEL_NAMES\n")
    assert "did you mean $MODEL_NAME" in finding.message


def test_a_known_base_makes_it_certain() -> None:
    facts = BaseFacts(env={"PATH": "/bin"}, known_from="image")
    question = CheckInput(parse("FROM a:1\nENV B=$NOBODY\n"), bases={"a:1": facts})
    assert "UndefinedVar" in {d.code for d in check(question)}


def test_a_default_makes_a_variable_defined() -> None:
    assert "UndefinedVar" not in codes("FROM scratch\nARG A\nENV B=${A:-x}\n")


def test_a_build_argument_that_is_given_is_declared() -> None:
    assert "UndefinedArgInFrom" in codes("FROM debian:$VERSION\n")
    assert "InvalidDefaultArgInFrom" not in codes("ARG V=12\nFROM debian:${V}\n")


def test_ignored_sources_that_the_build_needs_are_one_finding() -> None:
    around = Around(files={"a": ""}, dropped=("data",), ignore_file=".dockerignore")
    here = {d.code for d in found(PY + "COPY data /x/\n", around) if d.line == 2}
    assert here == {"AML050"}


def test_a_secret_with_a_value_is_told_once() -> None:
    here = [d.code for d in found(PY + "ENV API_KEY=abcdefghijk\n") if d.line == 2]
    assert here == ["AML090"]


def test_a_description_is_checked_only_where_it_is_asked_for() -> None:
    text = "# some words\nFROM debian:12 AS base\n"
    assert "InvalidDefinitionDescription" not in codes(text)
