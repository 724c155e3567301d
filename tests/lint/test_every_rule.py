"""What holds for all rules: their own examples, their data, their pages."""

from __future__ import annotations

import pytest

from jupyter_azureml_image.errors import BadUsage
from jupyter_azureml_image.lint.explain import explain
from jupyter_azureml_image.lint.fix import fix
from jupyter_azureml_image.lint.rule import Rule, all_rules
from tests.lint.asking import codes, found, question
from tools.rule_pages import out_of_date

RULES = all_rules()
# These need facts beyond the text; their topic's tests give them.
NEEDS_MORE = frozenset(
    (
        "AML005", "AML017", "AML044", "AML050", "AML051", "AML052", "AML053", "AML060",
        "AML067", "AML068", "AML069", "AML070", "AML071", "AML072", "AML086", "AML101",
        "AML120", "AML123", "CopyIgnoredFile", "InvalidBaseImagePlatform",
    )
)  # fmt: skip
TEXTS = [
    r
    for r in RULES
    if any(line.startswith(("FROM", "FORM")) for line in r.about.example.bad.splitlines())
    and r.about.code not in NEEDS_MORE
]


def name(rule: Rule) -> str:
    return rule.about.code


@pytest.mark.parametrize("rule", TEXTS, ids=name)
def test_a_rule_catches_its_own_bad_example(rule: Rule) -> None:
    assert rule.about.code in codes(rule.about.example.bad)


@pytest.mark.parametrize("rule", TEXTS, ids=name)
def test_a_rule_is_quiet_on_its_own_good_example(rule: Rule) -> None:
    assert rule.about.code not in codes(rule.about.example.good)


@pytest.mark.parametrize("rule", TEXTS, ids=name)
def test_good_examples_have_no_error_at_all(rule: Rule) -> None:
    assert [d.code for d in found(rule.about.example.good) if d.severity == "error"] == []


@pytest.mark.parametrize("rule", TEXTS, ids=name)
def test_fixing_an_example_is_idempotent_and_never_worse(rule: Rule) -> None:
    before = question(rule.about.example.bad)
    once = fix(before)
    again = fix(question(once.text))
    assert again.text == once.text
    errors = [
        sum(d.severity == "error" for d in f)
        for f in (once.remaining, found(before.dockerfile.text))
    ]
    assert errors[0] <= errors[1]


@pytest.mark.parametrize("rule", RULES, ids=name)
def test_every_rule_says_what_why_and_what_to_do(rule: Rule) -> None:
    about = rule.about
    assert about.title
    assert about.why.endswith((".", ")"))
    assert about.remedy
    assert about.example.bad != about.example.good
    assert all(source.startswith("https://") for source in about.sources)


def test_there_are_82_azure_ml_rules_and_22_of_buildkit() -> None:
    numbered = [r for r in RULES if r.about.code.startswith("AML")]
    build_checks = [r for r in RULES if r.topic.startswith("buildkit")]
    assert (len(numbered), len(build_checks)) == (82, 22)


def test_codes_are_never_used_twice() -> None:
    all_codes = [rule.about.code.lower() for rule in RULES]
    assert len(all_codes) == len(set(all_codes))


def test_the_pages_of_the_rules_are_up_to_date() -> None:
    assert out_of_date() == (), "run `python -m tools.rule_pages`"


def test_explain_shows_a_rule_with_its_example_in_any_case_of_letters() -> None:
    text = explain("aml021")
    assert text.startswith("AML021: A step that needs root runs as dockeruser")
    assert "    USER root:root" in text


def test_explain_knows_where_hadolint_explains_its_own() -> None:
    assert "hadolint/wiki/DL3020" in explain("DL3020")
    assert "shellcheck" in explain("SC2086")


def test_explain_names_the_nearest_code_for_one_that_does_not_exist() -> None:
    with pytest.raises(BadUsage) as caught:
        explain("AML0201")
    assert "AML020" in str(caught.value)
