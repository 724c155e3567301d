"""Where commands and words of a RUN begin and end."""

from __future__ import annotations

import pytest

from jupyter_azureml_image.dockerfile.model import Span
from jupyter_azureml_image.lint.installs import conda_file, requirement_lines
from jupyter_azureml_image.lint.shell import Command, commands


def split(text: str) -> list[Command]:
    return list(commands(text, Span(0, len(text))))


def words(text: str) -> list[list[str]]:
    return [[w.value for w in command.words] for command in split(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a b && c", [["a", "b"], ["c"]]),
        ("a; b | c || d &", [["a"], ["b"], ["c"], ["d"]]),
        ("a 'b c' \"d e\" f\\ g", [["a", "b c", "d e", "f g"]]),
        ("a \\\n  b \\\n# comment\n  c", [["a", "b", "c"]]),
        ("a \\\n\n  b", [["a", "b"]]),
        ("ab\\\ncd", [["abcd"]]),
        ("a # the rest", [["a"]]),
        ("a b#c", [["a", "b#c"]]),
        ("(cd /x; ls)", [["cd", "/x"], ["ls"]]),
        ("A=1 B=2 sudo -E env C=3 run it", [["run", "it"]]),
        ("echo $(a b; c) ${X:-d e} `f g`", [["echo", "$(a b; c)", "${X:-d e}", "`f g`"]]),
        ("if a; then b; fi", [["a"], ["b"], ["fi"]]),
        ("a\u00a0b c", [["a\u00a0b", "c"]]),
        ("a 'open", [["a", "open"]]),
    ],
)
def test_commands_and_words(text: str, expected: list[list[str]]) -> None:
    assert words(text) == expected


def test_every_word_has_its_place() -> None:
    text = "apt-get install \\\n  'lib a' x"
    for word in split(text)[0].words:
        assert text[word.span.start : word.span.end] == word.raw


def test_redirections_know_whether_they_are_glued_to_a_word() -> None:
    command = split("pip install a>=1 b > /dev/null 2>&1")[0]
    assert [(r.operator, r.target, r.glued) for r in command.redirects] == [
        (">", "=1", True),
        (">", "/dev/null", False),
        ("2>&", "1", False),
    ]


def test_operators_around_a_command_are_known() -> None:
    first, second = split("a || b")
    assert (first.after, second.before) == ("||", "||")


def test_requirements_are_read_as_pip_does() -> None:
    text = (
        "numpy==2.2.3\n# no\n-r other.txt\nScikit_Learn >= 1  # why\n"
        "pandas[all]~=2 ; python_version > '3'\n"
    )
    assert [(r.name, r.pinned) for r in requirement_lines(text)] == [
        ("numpy", True),
        ("scikit-learn", False),
        ("pandas", True),
    ]


def test_a_conda_file_is_read_in_its_usual_form() -> None:
    read = conda_file(
        "name: mine\nchannels:\n  - conda-forge\ndependencies:\n  - python=3.11.4\n"
        "  - numpy  # array\n  - pip:\n    - torch==2.6.0\n    - azureml-inference-server-http\n"
    )
    assert (read.name, read.channels, read.python) == ("mine", ("conda-forge",), "3.11")
    assert [r.name for r in read.pip] == ["torch", "azureml-inference-server-http"]
    assert read.packages == ("python=3.11.4", "numpy")
