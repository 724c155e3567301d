"""Suppression, text, JSON and SARIF."""

from __future__ import annotations

import json
from importlib import resources

import pytest

from jupyter_azureml_image.lint.diagnostic import Diagnostic
from jupyter_azureml_image.lint.fix import fix
from jupyter_azureml_image.lint.json_output import as_json, render_json
from jupyter_azureml_image.lint.render import render, shown, summary
from jupyter_azureml_image.lint.sarif import as_sarif
from jupyter_azureml_image.plan.request import CheckPolicy
from tests.lint.asking import BASE, Around, codes, found, question

TEXT = BASE + "RUN pip install \u2013r /tmp/r.txt\n"


@pytest.mark.parametrize(
    "comment",
    [
        "# azureml-image: ignore=AML040",
        "# azureml-image: ignore=aml040,AML041",
        "#azureml-image:ignore=AML041, AML040",
    ],
)
def test_a_comment_leaves_a_code_out_for_the_next_instruction_only(comment: str) -> None:
    text = f"{BASE}{comment}\nRUN pip install numpy\nRUN pip install pandas\n"
    lines = [d.line for d in found(text) if d.code == "AML040"]
    assert lines == [4]


def test_ignore_leaves_a_code_out_everywhere() -> None:
    around = Around(options={"check": CheckPolicy(ignore=("AML040,aml041",))})
    assert not {"AML040", "AML041"} & codes(BASE + "RUN pip install numpy\n", around)


def test_a_fault_of_the_parser_cannot_be_ignored_by_a_comment() -> None:
    text = BASE + "# azureml-image: ignore=AML004\nRUNN true\n"
    assert "AML004" in codes(text)


def test_findings_come_worst_first() -> None:
    text = BASE + "RUN pip install numpy\nRUN apt-get update\n"
    order = [d.severity for d in found(text)]
    assert order == sorted(order, key=("error", "warning", "info").index)


def test_the_text_shows_line_mark_reason_remedy_and_code() -> None:
    lines = render(TEXT, found(TEXT)).split("\n")
    assert lines[0].startswith("line 2  error  '\u2013r' starts with an en dash")
    assert lines[1] == "    2 | RUN pip install \u2013r /tmp/r.txt"
    assert lines[2] == "      |                 ^^"
    assert lines[3].startswith("      why: ")
    assert lines[4] == "      fix: Type the character again. [--fix does it]"
    assert lines[5] == "      AML001  (`%azureml_image explain AML001`)"


def test_the_summary_counts() -> None:
    assert summary(()) == "Nothing found."
    assert summary(found(TEXT)).startswith("1 error, ")


def test_an_invisible_character_is_made_visible() -> None:
    text = BASE + "RUN true && \\\u00a0\n  true\n"
    diagnostic = next(d for d in found(text) if d.code == "AML001")
    assert shown(text, diagnostic).text.endswith("\\\u2423")


def test_a_very_long_line_is_cut_around_the_mark() -> None:
    text = BASE + "RUN echo " + "x" * 500 + " && pip install \u2013r a && echo " + "y" * 500 + "\n"
    one = shown(text, next(d for d in found(text) if d.code == "AML001"))
    assert len(one.text) < 170
    assert one.text[one.mark.index("^") :].startswith("\u2013r")


def test_the_json_has_the_shape_of_the_contract() -> None:
    data = json.loads(render_json(found(TEXT)))
    first = data["diagnostics"][0]
    names = ("code", "severity", "message", "line", "column", "end_line", "end_column", "syntax")
    assert all(name in first for name in names)
    assert first["code"] == "AML001"
    assert (first["line"], first["column"], first["end_line"], first["end_column"]) == (
        2,
        17,
        2,
        19,
    )
    assert first["fixes"] == [{"title": "Write -r", "certain": True}]
    assert as_json(()) == {"diagnostics": []}


def test_syntax_is_true_exactly_for_what_the_parser_refuses() -> None:
    text = BASE + "RUNN true\nRUN pip install numpy\n"
    assert {d.code for d in found(text) if d.syntax} == {"AML004"}


def test_lines_and_columns_always_lie_inside_the_text() -> None:
    for text in (TEXT, "", "FROM", "FROM a b c\n", BASE + "RUN true \\", "\ufeffFROM <a b>"):
        lines = text.split("\n")
        for d in found(text):
            assert 1 <= d.line <= d.end_line <= len(lines)
            assert 1 <= d.column <= len(lines[d.line - 1]) + 1
            assert (d.end_line, d.end_column) >= (d.line, d.column)


def test_sarif_fixes_give_the_fixed_text() -> None:
    text = BASE + "LABEL a='\U0001f600' b=1\nRUN echo '\U0001f600' && pip install \u2013r a\n"
    log = as_sarif(found(text), question(text).dockerfile)
    result = next(r for r in log["runs"][0]["results"] if r["ruleId"] == "AML001")
    change = result["fixes"][0]["artifactChanges"][0]["replacements"][0]
    region = change["deletedRegion"]
    line = text.split("\n")[region["startLine"] - 1].encode("utf-16-le")
    gone = line[(region["startColumn"] - 1) * 2 : (region["endColumn"] - 1) * 2]
    assert gone.decode("utf-16-le") == "\u2013"
    assert change["insertedContent"]["text"] == "-"


def test_hadolint_findings_are_merged_without_doubles() -> None:
    text = BASE + "RUN pip install numpy\nADD a /b\n"
    asked = question(text)
    generic = (
        Diagnostic("DL3042", "info", "Avoid the cache", 2, source="hadolint"),
        Diagnostic("DL3013", "warning", "Pin versions", 2, source="hadolint"),
        Diagnostic("DL3020", "warning", "Use COPY", 3, source="hadolint"),
    )
    import dataclasses

    from jupyter_azureml_image.lint.check import check

    merged = check(dataclasses.replace(asked, generic=generic))
    assert [d.code for d in merged if d.source == "hadolint"] == ["DL3020"]


def test_the_rules_import_nothing_from_outside() -> None:
    assert resources.files("jupyter_azureml_image.lint").joinpath("rules").is_dir()
    assert fix(question(BASE)).diff == ""
