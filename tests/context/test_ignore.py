"""Ignore files as a user meets them."""

from __future__ import annotations

import pytest

from jupyter_azureml_image.context.ignore import IgnoreRules, find_ignore_file, read_ignore_file
from jupyter_azureml_image.errors import ContextError


def test_the_rule_with_the_last_word_is_named_with_its_line():
    rules = IgnoreRules.read("# models\n\n*.pt\n!best.pt\n")
    decision = rules.decide("last.pt")
    assert decision.excluded
    assert decision.rule is not None
    assert (decision.rule.line, decision.rule.text) == (3, "*.pt")
    kept = rules.decide("best.pt")
    assert not kept.excluded
    assert kept.rule is not None
    assert kept.rule.line == 4
    assert rules.decide("score.py").rule is None


def test_what_is_decided_for_a_folder_holds_for_everything_below_it():
    rules = IgnoreRules.read("data\n!data/sample")
    assert rules.excluded("data/train/1.csv")
    assert not rules.excluded("data/sample/deep/1.csv")
    decision = rules.decide("data/train/1.csv")
    assert decision.rule is not None
    assert decision.rule.text == "data"


def test_a_folder_is_only_pruned_where_no_exception_can_lie_below():
    rules = IgnoreRules.read("*\n!src/app/*.py\n!**/keep.txt")
    assert not rules.may_prune("anything")  # **/keep.txt may be anywhere
    rules = IgnoreRules.read("*\n!src/app/*.py\n!models/[a-c]*")
    assert not rules.may_prune("src")
    assert not rules.may_prune("src/app")
    assert rules.may_prune("src/other")
    assert rules.may_prune("data")
    assert not rules.may_prune("models")
    assert IgnoreRules.read("node_modules").may_prune("node_modules")


@pytest.mark.parametrize(
    ("text", "line", "word"),
    [
        ("a\n[b", 2, "never closed"),
        ("!", 1, "excepts nothing"),
        ("a\n\n! \n", 3, "excepts nothing"),
        ("x\\", 1, "backslash"),
        ("[z-a]x", 1, "backwards"),
        ("[\\M]akefile", 1, "\\M"),
        ("a\n" + "b" * 70_000, 2, "longer"),
    ],
)
def test_a_malformed_line_is_refused_and_named(text, line, word):
    with pytest.raises(ContextError, match=rf"^\.dockerignore, line {line}: ") as caught:
        IgnoreRules.read(text)
    assert word in caught.value.message


def test_backslashes_and_brackets_mean_what_they_mean_to_docker():
    assert IgnoreRules.read(r"\d*.csv").excluded("7.csv")
    assert not IgnoreRules.read(r"\d*.csv").excluded("d.csv")
    assert IgnoreRules.read("[[:digit:]].csv").excluded("7.csv")
    assert IgnoreRules.read(r"\x41").excluded("A")
    assert not IgnoreRules.read("^caret*").excluded("^caret1")  # an anchor, as in Go
    assert IgnoreRules.read("^caret").excluded("^caret")
    assert IgnoreRules.read("**name").excluded("a/othername")


def test_line_ends_marks_and_blanks_are_read_as_docker_reads_them():
    rules = IgnoreRules.read("\ufeffa\r\n  b  \r\n #c\n#d\n/e\n".encode())
    assert [rule.pattern.text for rule in rules.rules] == ["a", "b", "#c", "e"]


def test_names_that_are_no_text_can_be_matched():
    rules = IgnoreRules.read(b"caf\xe9*\n")
    assert rules.excluded(b"caf\xe9.txt".decode("utf-8", "surrogateescape"))


def test_an_ignore_file_beside_the_dockerfile_goes_before_the_common_one(tree):
    root = tree(
        {".dockerignore": "a", "docker/Dockerfile": "", "docker/Dockerfile.dockerignore": "b"}
    )
    assert find_ignore_file(root, None) == root / ".dockerignore"
    assert find_ignore_file(root, "Dockerfile") == root / ".dockerignore"
    rules = read_ignore_file(root, "docker/Dockerfile")
    assert rules.source == "docker/Dockerfile.dockerignore"
    assert rules.excluded("b")
    assert not rules.excluded("a")
    outside = root.parent / "Other"
    outside.with_name("Other.dockerignore").write_text("c")
    assert read_ignore_file(root, outside).excluded("c")


def test_without_an_ignore_file_everything_is_sent(tree):
    rules = read_ignore_file(tree({"a": ""}), None)
    assert rules.source == ""
    assert not rules.excluded("a")
