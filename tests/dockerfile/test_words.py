"""Expansion of words: variables with all operations, quotes and escapes."""

from __future__ import annotations

import pytest

from jupyter_azureml_image.dockerfile.words import expand, expand_split, unquote, variables

ENV = {"A": "value", "EMPTY": "", "PATHS": "/one/two/three.txt", "STAR": "a*b"}


@pytest.mark.parametrize(
    ("word", "text"),
    [
        ("plain", "plain"),
        ("$A-${A}", "value-value"),
        ("$AB", ""),
        ("${NONE:-x}${EMPTY:-y}", "xy"),
        ("${NONE-x}${EMPTY-y}", "x"),
        ("${A:+x}${EMPTY:+y}${NONE:+z}", "x"),
        ("${A+x}${EMPTY+y}${NONE+z}", "xy"),
        ("${A:?needed}", "value"),
        ("${NONE:-${A}}", "value"),
        ("${PATHS#*/}", "one/two/three.txt"),
        ("${PATHS##*/}", "three.txt"),
        ("${PATHS%/*}", "/one/two"),
        ("${PATHS%%/*}", ""),
        ("${PATHS%.???}", "/one/two/three"),
        ("${PATHS/two/2}", "/one/2/three.txt"),
        ("${PATHS//t?/T}", "/one/To/Tree.Tt"),
        ("${STAR#a\\*}", "b"),
        ("${PATHS/\\//:}", ":one/two/three.txt"),
        ("'$A'", "$A"),
        ('"$A b"', "value b"),
        ('"a\\"b\\$A\\c"', 'a"b$A\\c'),
        ("a\\ b\\$A", "a b$A"),
        ("$", "$"),
        ("a$/b", "a$/b"),
        ("$1", ""),
        ("it''s", "its"),
    ],
)
def test_a_word_expands_as_in_a_shell(word: str, text: str) -> None:
    assert expand(word, ENV).text == text


@pytest.mark.parametrize(
    ("word", "problem"),
    [
        ('"a', "a double quote is opened and never closed"),
        ("'a", "a single quote is opened and never closed"),
        ("${A", "a `${` has no closing `}`"),
        ("${}", "a `${` is not followed by a name"),
        ("${A:=b}", "`:=` is not an operation on a variable that BuildKit knows"),
        ("${A^^}", "`^` is not an operation on a variable that BuildKit knows"),
        ("${NONE:?is needed}", "the variable NONE is not set: is needed"),
        ("${EMPTY:?}", "the variable EMPTY is empty"),
    ],
)
def test_a_word_that_cannot_be_expanded_says_why_and_stays(word: str, problem: str) -> None:
    result = expand(word, ENV)
    assert (result.text, result.problem) == (word, problem)


def test_variables_without_a_value_are_named() -> None:
    assert expand("$A $B ${C}x ${D:-default} ${E+f}", ENV).unresolved == ("B", "C")


def test_the_escape_character_may_be_a_backtick() -> None:
    assert expand("a`$A C:\\x", ENV, "`").text == "a$A C:\\x"


def test_a_list_of_ports_is_split_after_expansion() -> None:
    assert expand_split('80 $P "a b"', {"P": "81 82"}) == ("80", "81", "82", "a b")


def test_unquoting_leaves_variables_alone() -> None:
    assert unquote("\"$A b\"'c'\\ d${E:-f}") == "$A bc d${E:-f}"
    assert unquote('"open') == '"open'


def test_the_variables_of_a_word_are_listed() -> None:
    assert variables("a/$B/${C:-$D}/\\$E/$1") == ("B", "C", "D", "E")
