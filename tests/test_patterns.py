"""Patterns that are compiled late, beside the same ones compiled at once."""

from __future__ import annotations

import importlib
import pkgutil
import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import jupyter_azureml_image
from jupyter_azureml_image import patterns
from jupyter_azureml_image.lint.rule import all_rules
from jupyter_azureml_image.patterns import pattern

ROOMS = ("dockerfile", "lint", "context", "plan", "notebook")


def _written(name, value):
    """The patterns of a module: by themselves, or as the values of a table."""
    values = value.values() if isinstance(value, dict) else [value]
    return {(name, each._text): each for each in values if isinstance(each, patterns._Later)}


def _all():
    package, found = jupyter_azureml_image.__name__, {}
    for module in pkgutil.walk_packages(jupyter_azureml_image.__path__, f"{package}."):
        if module.name.split(".")[1] in ROOMS and not module.name.endswith("__main__"):
            for name, value in vars(importlib.import_module(module.name)).items():
                found |= _written(f"{module.name.removeprefix(package + '.')}.{name}", value)
    return found


ALL = _all()
WAITING = {key: each for key, each in ALL.items() if isinstance(each, patterns._Waiting)}
TEXTS = sorted(
    {
        text
        for rule in all_rules()
        for whole in (rule.about.example.bad, rule.about.example.good)
        for text in (whole, *whole.splitlines(), *whole.split())
    }
)


def _told(matches):
    return [(match.span(), match.groups(), match.groupdict()) for match in matches if match]


def test_there_are_patterns_to_compare():
    assert len(ALL) > 40
    assert len(WAITING) > 10


@pytest.mark.parametrize("key", ALL, ids=lambda key: key[0])
def test_a_late_pattern_finds_what_a_compiled_one_finds(key):
    late, plain = ALL[key], re.compile(ALL[key]._text, ALL[key]._flags)
    for text in TEXTS:
        assert _told(late.finditer(text)) == _told(plain.finditer(text))
        assert _told([late.search(text, 2)]) == _told([plain.search(text, 2)])
        assert _told([late.match(text)]) == _told([plain.match(text)])
        assert _told([late.fullmatch(text)]) == _told([plain.fullmatch(text)])


@pytest.mark.parametrize("key", WAITING, ids=lambda key: key[0])
def test_whatever_matches_holds_what_the_pattern_needs(key):
    source = WAITING[key]

    @settings(
        max_examples=25,
        derandomize=True,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(st.from_regex(re.compile(source._text, source._flags)))
    def check(text):
        fresh = pattern(source._text, source._flags, needs=source._needs)
        assert fresh.search(text) is not None

    check()


def test_a_pattern_is_compiled_with_the_first_text_that_may_match(monkeypatch):
    compiled = []
    real = re.compile
    monkeypatch.setattr(patterns.re, "compile", lambda *a: compiled.append(a) or real(*a))
    late = pattern(r"(?:a|b)key", re.IGNORECASE, needs=("key",))
    assert late.search("nothing") is None
    assert list(late.finditer("nothing")) == []
    assert compiled == []
    assert late.search("an aKEY")[0] == "aKEY"
    assert late.search("a bkey")[0] == "bkey"
    assert late.pattern == r"(?:a|b)key"
    assert len(compiled) == 2


def test_a_pattern_that_cannot_be_compiled_says_so_at_its_first_use():
    with pytest.raises(re.error, match="unterminated"):
        pattern("(a").search("a")


def test_a_long_text_without_the_words_is_read_once_however_often_it_is_searched():
    class Counted(str):
        __slots__ = ()

        def __contains__(self, words):
            read.append(words)
            return super().__contains__(words)

    read = []
    found = pattern("(secret) of", needs=("secret",))
    text = Counted("a long text " * 100)
    assert not any(found.search(text, at) for at in range(100))
    assert not list(found.finditer(text))
    assert read == ["secret"]
    assert found.search("the secret of it")
