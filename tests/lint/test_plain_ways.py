"""What is told by plain string methods, beside the regular expression that says the same."""

from __future__ import annotations

import fnmatch
import re

from hypothesis import given, settings
from hypothesis import strategies as st

from jupyter_azureml_image.dockerfile import blanks, shell
from jupyter_azureml_image.lint import installs
from jupyter_azureml_image.lint.rules import apt, secret, text

quick = settings(max_examples=150, derandomize=True, deadline=None, database=None)


def made_of(*parts):
    return st.lists(st.sampled_from(parts), max_size=8).map("".join)


@quick
@given(made_of("-", "--", "y", "q", "-y", "--yes", "--assume-yes", "-qq", "f", "é", "7", "="))
def test_an_option_that_says_yes(option):
    plain = re.fullmatch(r"-[a-z]*y[a-z]*|--yes|--assume-yes|-qq\S*", option)
    assert installs._says_yes(option) == (plain is not None)


@quick
@given(made_of("git+", "https:", "http:", "file:", "hg+", ".", "/", "$", "-", "<", "a", "_", "--"))
def test_what_is_no_requirement_and_how_a_name_is_written(name):
    elsewhere = re.match(r"(?:git\+|https?:|file:|hg\+|\.|/|\$|-|<)", name)
    assert name.startswith(installs._ELSEWHERE) == (elsewhere is not None)
    assert installs.normalised(name) == re.sub(r"[-_.]+", "-", name).lower()


@quick
@given(made_of("=", "==", "~", "~=", "@", "<", "$", ">", "1", "!"))
def test_what_is_pinned(rest):
    assert installs.Requirement("a", rest).pinned == bool(re.search(r"==|~=|@|<|\$", rest))


@quick
@given(made_of("numpy", "==1", " #", "#", ";", " ;x", "\\\n", "\\\r\n", "\n", "\x0b", " ", "-r a"))
def test_the_lines_of_a_requirements_file(lines):
    joined = re.sub(r"\\\r?\n", " ", lines).splitlines()
    kept = (re.sub(r"(^|\s)#.*", "", line).strip() for line in joined)
    assert installs.requirement_lines(lines) == tuple(
        found for line in kept if line and (found := installs.requirement(line)) is not None
    )


@quick
@given(made_of("a", " ", "\t", "\n", "\x0b", "\x1c", "\x85", "\xa0", "\u2003", "b", "\x00", "\x7f"))
def test_blanks_and_characters_that_nobody_sees(said):
    splitter = shell._Splitter()
    splitter.add(said)
    assert splitter.finish() == [w for w in re.split(f"[{blanks.SPACE_CLASS}]", said) if w]
    assert blanks.suspects(said) == [
        (match.start(), match.group()) for match in blanks._SUSPECT.finditer(said)
    ]


@quick
@given(made_of(".env", ".", "local", "id_rsa", "kubeconfig", "service-account", "-1", ".json", "x"))
def test_the_names_of_credential_files(name):
    plain = any(fnmatch.fnmatchcase(name, each) for each in secret._FILES)
    assert secret._looks_secret(name) == plain


@quick
@given(made_of("apt", "apt-get", " ", "-y", "clean", "autoclean", "/var/lib/apt/lists", "\n", "x"))
def test_a_run_that_cleans(run):
    plain = re.search(r"/var/lib/apt/lists|apt(?:-get)?\s+(?:-\S+\s+)*clean|autoclean", run)
    assert apt._cleaned(run) == (plain is not None)


@quick
@given(made_of("a", "\ud800", "\udcff", "\udfff", "\ue000", "é", "\U0001f600"))
def test_a_byte_that_is_no_text(said):
    plain = re.search(r"[\ud800-\udfff]", said)
    assert text._no_text(said) == (plain.start() if plain else None)
