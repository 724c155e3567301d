"""The labextension's files, how they are installed, and the kernel's half of the squiggles."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from IPython.core.interactiveshell import InteractiveShell

from jupyter_azureml_image import __version__
from jupyter_azureml_image.__main__ import main
from jupyter_azureml_image.labextension import install
from jupyter_azureml_image.notebook.squiggles import _Answers

SCRIPT = install.FILES / "static" / "remoteEntry.js"


def test_it_is_installed_where_a_server_of_any_python_looks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path))
    assert main(["labextension", "install", "--user"]) == 0
    place = tmp_path / "labextensions" / "jupyter-azureml-image"
    assert str(place) in capsys.readouterr().out
    package = json.loads((place / "package.json").read_text())
    assert (place / package["jupyterlab"]["_build"]["load"]).is_file()
    assert main(["labextension", "install"]) == 0  # again is no harm
    assert main(["labextension", "uninstall"]) == 0
    assert not place.exists()


def test_what_is_not_there_is_not_said_to_be_removed(tmp_path: Path) -> None:
    told = install.do("uninstall", to=str(tmp_path))
    assert told == f"There is nothing at {tmp_path / install.NAME}."


def test_an_action_that_does_not_exist_is_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["labextension", "instal"]) == 2


def test_its_version_is_the_packages() -> None:
    package = json.loads((install.FILES / "package.json").read_text())
    assert package["version"] == __version__


def test_nothing_becomes_html_in_the_page() -> None:
    script = SCRIPT.read_text()
    for way in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval("):
        assert way not in script
    assert not re.search(r"https?://", script)


def test_the_script_is_javascript() -> None:
    node = shutil.which("node")
    if node is None:  # the browser's tests run it for real
        return
    subprocess.run([node, "--check", str(SCRIPT)], check=True)


@pytest.fixture
def answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> _Answers:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("JPY_SESSION_NAME", raising=False)
    InteractiveShell.clear_instance()
    shell = InteractiveShell()
    shell.user_ns["tag"] = "1"
    return _Answers(shell, None)


def codes(answers: _Answers, cell: str) -> list[tuple[int, str]]:
    return [(item["line"], item["code"]) for item in answers.findings(cell)]


def test_findings_stand_in_the_lines_of_the_cell(answers: _Answers) -> None:
    cell = "\n%%azureml_dockerfile env\nFROM scratch\nCOPY nowhere /\n"
    assert (4, "AML050") in codes(answers, cell)


def test_the_magic_line_is_checked_too(answers: _Answers) -> None:
    assert codes(answers, "%%azureml_dockerfile env --unti x\nFROM scratch\n") == [(1, "bad-usage")]
    assert codes(answers, "%%azureml_dockerfile env:{tag} --target {later}\nFROM scratch\n") == []


def test_options_of_the_line_hold(answers: _Answers) -> None:
    cell = "%%azureml_dockerfile env --ignore AML050\nFROM scratch\nCOPY nowhere /\n"
    assert (3, "AML050") not in codes(answers, cell)


def test_other_cells_have_no_findings(answers: _Answers) -> None:
    assert codes(answers, "FROM x\n") == []
    assert codes(answers, "") == []


def test_a_line_that_asks_for_help_has_no_findings_and_the_text_below_is_checked(
    answers: _Answers,
) -> None:
    assert codes(answers, "%%azureml_dockerfile --help\nFROM scratch\n") == []
    assert codes(answers, "%%azureml_dockerfile --help\nFROM scratch\nRUM x\n") == [(3, "AML004")]


def test_a_context_that_no_folder_can_be_stops_no_check(answers: _Answers) -> None:
    for folder in ("n" * 5000, "a\0b"):
        cell = f"%%azureml_dockerfile env --context {folder}\nFROM scratch\nCOPY . /\nRUM x\n"
        assert (4, "AML004") in codes(answers, cell)
