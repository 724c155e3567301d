"""Fixing: idempotent, never worse, and safe on anything that can be written."""

from __future__ import annotations

import dataclasses

from hypothesis import given, settings
from hypothesis import strategies as st

from jupyter_azureml_image.dockerfile.parse import parse
from jupyter_azureml_image.lint.check import CheckInput, check
from jupyter_azureml_image.lint.diagnostic import Diagnostic
from jupyter_azureml_image.lint.fix import fix
from tests.lint.asking import BASE, Around, fixed, question

LINES = (
    BASE.strip(),
    "FROM debian:12 as Base",
    "FROM --platform=linux/arm64 debian:12",
    "FROM mcr.microsoft.com/azureml/<image_name>:<tag>",
    "USER root:root",
    "USER dockeruser",
    "RUN apt-get update && apt-get install curl python3-opencv",
    "RUN apt-get install -y \\\n    libpng-tools \\\n    python3-opencv && \\\n    true",
    "RUN pip install \u2013r x.txt",
    "RUN pip install numpy>=2 pandas<3",
    "RUN true && \\\n  echo a\n  echo b",
    "RUN true \\\u00a0\n  echo",
    "RUNN true",
    "COPY code var/azureml-app # code",
    "COPY code /var/azureml-app",
    "ENV AZUREML_ENTRY_SCRIPT=score.py",
    "ENV A b c",
    "ENV A=\u201cb\u201d",
    "run true",
    "MAINTAINER me",
    "CMD [\u201crunsvdir\u201d]",
    "CMD python x",
    "EXPOSE 80/TCP",
    "RUN <<EOF\napt-get install x\nEOF",
    "# azureml-image: ignore=AML041",
    "",
)
ENDS = st.sampled_from(["\n", "\r\n"])
TEXTS = st.builds(
    lambda lines, end: end.join(lines).replace("\n", end) + end,
    st.lists(st.sampled_from(LINES), max_size=8),
    st.just("\n"),
)
NOISE = st.text(
    alphabet=" \t\n\r\\#<>&|;$'\"`{}[]()=-\u2013\u00a0\u201cARUNFOMabc/.:\0", max_size=80
)


def errors(found: tuple[Diagnostic, ...]) -> int:
    return sum(d.severity == "error" for d in found)


@settings(max_examples=120)
@given(TEXTS)
def test_a_fixed_file_is_stable_and_no_worse(text: str) -> None:
    before = question(text)
    once = fix(before)
    assert fix(question(once.text)).text == once.text
    faults = [len(parse(t).faults) for t in (text, once.text)]
    assert faults[1] <= faults[0]
    if not faults[0]:
        assert errors(once.remaining) <= errors(check(before))


@settings(max_examples=150)
@given(st.one_of(NOISE, st.builds(lambda a, b: BASE + a + "\n" + b, NOISE, NOISE)))
def test_no_text_makes_the_check_or_the_fixer_fail(text: str) -> None:
    found = check(CheckInput(parse(text)))
    lines = text.split("\n")
    for d in found:
        assert 1 <= d.line <= d.end_line <= len(lines)
    fix(question(text))


def test_what_was_applied_is_told() -> None:
    done = fix(question(BASE + "RUN pip install \u2013r x.txt\n"))
    assert [(a.code, a.title) for a in done.applied] == [
        ("AML001", "Write -r"),
        ("AML041", "Add --no-cache-dir"),
    ]
    assert "-RUN pip install \u2013r x.txt" in done.diff
    assert "+RUN pip install --no-cache-dir -r x.txt" in done.diff


def test_what_is_ignored_is_not_fixed() -> None:
    text = BASE + "# azureml-image: ignore=AML041\nRUN pip install numpy==2.2.3\n"
    assert fixed(text) == text


def test_facts_of_the_old_text_do_not_survive_a_fix() -> None:
    text = BASE + "RUN apt-get update\n"
    from jupyter_azureml_image.lint.subject import Subject

    asked = question(text)
    with_facts = dataclasses.replace(asked, facts=Subject(asked).facts)
    assert "USER dockeruser" in fix(with_facts).text


def test_crlf_files_get_their_fixes_in_their_own_line_ends() -> None:
    from jupyter_azureml_image.plan.request import CheckPolicy

    text = (BASE + "RUN apt-get update\n").replace("\n", "\r\n")
    around = Around(options={"check": CheckPolicy(ignore=("AML006",))})
    assert "\n" not in fixed(text, around).replace("\r\n", "")
