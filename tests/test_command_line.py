"""The command line: the same options, exit codes, and documents for programs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, NoReturn

import nbformat
import pytest

from jupyter_azureml_image import api
from jupyter_azureml_image.__main__ import main
from jupyter_azureml_image.errors import Cancelled
from jupyter_azureml_image.options.commands import COMMANDS
from jupyter_azureml_image.plan.request import BuildRequest
from jupyter_azureml_image.spec import ImageSpec

GOOD = "FROM scratch\nCOPY a.txt /\n"
BAD = "FROM scratch\nCOPY nowhere.txt /\n"
BROKEN = "FROM scratch\nRUN\u00a0x\n"


@pytest.fixture
def folder(tmp_path: Path, state_dir: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A context in the working directory."""
    place = tmp_path / "ctx"
    place.mkdir()
    (place / "a.txt").write_text("a\n")
    (place / "Dockerfile").write_text(GOOD)
    (place / "Bad").write_text(BAD)
    monkeypatch.chdir(place)
    monkeypatch.delenv("AZUREML_IMAGE_WORKSPACE", raising=False)
    return place


Capture = pytest.CaptureFixture[str]


def program(*words: str, **wishes: Any) -> subprocess.CompletedProcess[str]:
    """The command line as a process of its own."""
    wishes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, **wishes}
    line = [sys.executable, "-m", "jupyter_azureml_image", *words]
    return subprocess.run(line, check=False, **wishes)


def test_check_says_nothing_found_and_gives_zero(folder: Path, capsys: Capture) -> None:
    assert main(["check", "Dockerfile", "--context", "."]) == 0
    assert capsys.readouterr().out == "Nothing found.\n"
    assert main(["check"]) == 0


def test_check_gives_one_where_a_finding_is_bad_enough(folder: Path, capsys: Capture) -> None:
    assert main(["check", "Bad"]) == 1
    shown = capsys.readouterr().out
    assert "COPY nowhere.txt" in shown
    assert "^^^" in shown
    assert main(["check", "Bad", "--fail-on", "never"]) == 0


def test_check_prints_the_json_of_the_contract(folder: Path, capsys: Capture) -> None:
    assert main(["check", "Bad", "--format", "json"]) == 1
    found = json.loads(capsys.readouterr().out)["diagnostics"]
    keys = {"code", "severity", "message", "line", "column", "end_line", "end_column", "syntax"}
    assert all(keys | {"fixes"} <= set(one) for one in found)
    assert any(one["line"] == 2 and not one["syntax"] for one in found)
    (folder / "Broken").write_text(BROKEN)
    assert main(["check", "Broken", "--format", "json"]) == 1
    assert json.loads(capsys.readouterr().out)["diagnostics"][0]["syntax"] is True


def test_check_prints_sarif(folder: Path, capsys: Capture) -> None:
    assert main(["check", "Bad", "--format", "sarif"]) == 1
    document = json.loads(capsys.readouterr().out)
    assert document["version"] == "2.1.0"
    assert document["runs"][0]["results"]


def test_check_with_fix_mends_the_file(folder: Path, capsys: Capture) -> None:
    (folder / "Dash").write_text("FROM python:3.12\nRUN pip install --no-cache-dir \u2013r x.txt\n")
    main(["check", "Dash", "--fix"])
    assert "pip install --no-cache-dir -r x.txt" in (folder / "Dash").read_text()
    assert "+RUN pip install --no-cache-dir -r x.txt" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["frob"], "There is no command 'frob'."),
        (["check", "Dockerfil"], "There is no Dockerfile at Dockerfil."),
        (["check", "--contxt", "."], "has no option --contxt."),
        (["check", "Bad", "--file", "Dockerfile"], "More than one Dockerfile is named."),
        (["check", ""], "DOCKERFILE is empty."),
        (["build", "x", ""], "DOCKERFILE is empty."),
        (["build"], "needs NAME[:VERSION]."),
        (["build", "Dockerfile"], "'Dockerfile' is a file; the environment has no name."),
        (["plan", "x" * 300], "at most 255 characters"),
        (["build", "x", "--as", "y"], "has no option --as."),
        (["check", "Bad", "--format", "xml"], "--format: 'xml' is not one of text, json, sarif."),
        (["check", "Bad", "--format", "JSON"], "--format: 'JSON' is not one of text"),
        (["check", "Bad", "--format", ""], "--format: '' is not one of text, json, sarif."),
        (["check", "Bad", "--progress", "loud"], "--progress: 'loud' is not one of auto"),
        (["plan", "x", "--format", "xml"], "--format: 'xml' is not one of"),
        (["bases", "--format", "xml"], "--format: 'xml' is not one of text, json."),
        (["doctor", "--format", "sarif"], "--format: 'sarif' is not one of text, json."),
        (["run", "nowhere.ipynb"], "There is no notebook at nowhere.ipynb."),
        (["run", "Bad"], "Bad is not a notebook."),
    ],
)
def test_wrong_usage_gives_two_and_a_sentence(
    folder: Path, capsys: Capture, words: list[str], message: str
) -> None:
    assert main(words) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert message in captured.err
    assert len(captured.err.splitlines()) <= 3


@pytest.mark.parametrize(
    ("words", "platform", "arguments"),
    [
        ([], "linux/arm64", (("A", "1"),)),
        (["--platform", "linux/amd64", "--build-arg", "A=2"], "linux/amd64", (("A", "2"),)),
    ],
)
def test_a_spec_says_platform_and_build_arguments_too(
    folder: Path, monkeypatch: pytest.MonkeyPatch, words: list[str], platform: str, arguments: Any
) -> None:
    spec = ImageSpec(base="scratch", platform="linux/arm64", build_args=(("A", "1"),))
    (folder / "spec.json").write_text(json.dumps(spec.to_json()))
    monkeypatch.setenv("AZUREML_IMAGE_PLATFORM", "linux/riscv64")
    asked: list[BuildRequest] = []

    def start(request: BuildRequest) -> NoReturn:
        asked.append(request)
        raise Cancelled("Enough is seen.")

    monkeypatch.setattr(api, "start", start)
    main(["plan", "env", "--spec", "spec.json", *words])
    assert (asked[0].recipe.platform, asked[0].recipe.build_args) == (platform, arguments)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('{"base": 5}', "ImageSpec: base is no text."),
        ('{"env": ["x"]}', "ImageSpec: env is no mapping of names to texts."),
        ('{"layout": ["nope"]}', "ImageSpec: layout names 'nope', and there is no such part."),
        ('{"foo": 1}', "An ImageSpec has no field 'foo'."),
        ("[]", "An ImageSpec is a JSON object, and this is a list."),
        ("{", "It is no JSON: Expecting property name"),
        ("[" * 100_000, "It is no JSON: maximum recursion depth"),
        ("1" * 5000, "It is no JSON: Exceeds the limit"),
        ("\udcff", "It is no UTF-8 text."),
        (None, "No such file or directory."),
    ],
)
def test_a_file_that_holds_no_spec_is_refused_with_why(
    folder: Path, capsys: Capture, text: str | None, why: str
) -> None:
    if text is not None:
        (folder / "spec.json").write_bytes(text.encode(errors="surrogateescape"))
    assert main(["check", "--spec", "spec.json"]) == 2
    told = capsys.readouterr().err.splitlines()
    assert told[0] == "BadUsage: --spec: spec.json holds no ImageSpec as JSON."
    assert told[1].strip().startswith(why)
    assert len(told) <= 3


def test_a_context_that_is_missing_is_a_failure_in_a_sentence(
    folder: Path, capsys: Capture
) -> None:
    assert main(["check", "Dockerfile", "--context", "nowhere"]) != 0
    assert "nowhere" in capsys.readouterr().err


@pytest.mark.parametrize("option", ["--context", "--code", "--model"])
def test_a_folder_that_cannot_be_looked_at_is_a_failure_in_a_sentence(
    folder: Path, capsys: Capture, option: str
) -> None:
    """A name too long stands for a folder of somebody else's, which root may enter."""
    words = ["plan", "iris", "Dockerfile", option, "x" * 300, "--scoring-script", "score.py"]
    assert main(words) in (1, 2)
    assert "xxx" in capsys.readouterr().err.splitlines()[0]


def test_plan_prints_what_build_would_do(
    folder: Path, capsys: Capture, engine_host: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_HOST", engine_host)
    assert main(["plan", "faces-cli"]) == 0
    shown = capsys.readouterr().out
    assert "docker build --platform linux/amd64 -t faces-cli:" in shown
    assert "1 file" in shown
    assert main(["plan", "Dockerfile", "--context", ".", "--format", "json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["plan"]["name"] == "ctx"
    assert document["diagnostics"] == []


def test_build_without_a_workspace_fails_before_anything_is_built(
    folder: Path, capsys: Capture, engine_host: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_HOST", engine_host)
    assert main(["build", "faces-cli"]) == 1
    captured = capsys.readouterr()
    assert "build" not in captured.out.partition("plan failed")[2].partition("Stop before")[0]
    assert captured.err.startswith("NotConnected: ")
    assert "--until rehearse" in captured.err


def test_run_runs_the_image_cells_only(
    folder: Path, capsys: Capture, engine_host: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_HOST", engine_host)
    cells = [
        "%load_ext jupyter_azureml_image",
        "open('python-ran', 'w').close()",
        "%%azureml_dockerfile faces-cli --until plan\nFROM scratch\nCOPY a.txt /\n",
        "%azureml_image deploy x --endpoint y",
    ]
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(c) for c in cells])
    nbformat.write(book, folder / "n.ipynb")
    done = program("run", "n.ipynb")
    assert done.returncode == 0, done.stderr
    assert "1 image cell of n.ipynb ran." in done.stdout
    assert "✓ plan done" in done.stdout
    assert not (folder / "python-ran").exists()


def test_run_stops_at_the_first_failure(folder: Path) -> None:
    cell = nbformat.v4.new_code_cell("%%azureml_dockerfile x --until chck\nFROM scratch\n")
    nbformat.write(nbformat.v4.new_notebook(cells=[cell]), folder / "n.ipynb")
    done = program("run", "n.ipynb")
    assert done.returncode == 2
    assert done.stderr.startswith("BadUsage: --until: 'chck'")
    assert done.stdout == ""


@pytest.mark.parametrize(
    "book",
    [
        {"cells": 5},
        {"cells": ["x"]},
        {"cells": [{"cell_type": "code", "source": 5}]},
        {"cells": [{"cell_type": "code", "source": ["FROM x\n", 5]}]},
        [],
    ],
    ids=json.dumps,
)
def test_run_names_a_file_that_has_not_the_shape_of_a_notebook(
    folder: Path, capsys: Capture, book: object
) -> None:
    (folder / "w.ipynb").write_text(json.dumps(book))
    assert main(["run", "w.ipynb"]) == 2
    assert "w.ipynb is not a notebook" in capsys.readouterr().err


def test_a_text_from_a_pipe_is_read_once_and_shown_and_saved(folder: Path) -> None:
    done = program("check", "/dev/stdin", "--save", "saved", input=BAD)
    assert done.returncode == 1, done.stderr
    assert "COPY nowhere.txt /" in done.stdout
    assert "^^^" in done.stdout
    assert (folder / "saved").read_text() == BAD
    done = program("plan", "/dev/stdin", "--fail-on", "never", input=BAD)
    assert "COPY nowhere.txt /" in done.stdout


def test_fix_of_a_text_from_a_pipe_shows_the_diff_and_says_that_it_is_not_applied(
    folder: Path,
) -> None:
    text = "FROM python:3.12\nRUN pip install --no-cache-dir \u2013r x.txt\n"
    done = program("check", "/dev/stdin", "--fix", input=text)
    assert done.returncode == 1
    assert "+RUN pip install --no-cache-dir -r x.txt" in done.stderr
    assert "CheckFailed: 1 fix to apply, and no file to put the text into." in done.stderr


def test_findings_of_a_file_below_the_folder_are_placed_by_its_relative_name(
    folder: Path, capsys: Capture
) -> None:
    for words in (["Bad"], ["--file", "Bad"], [str(folder / "Bad")]):
        assert main(["check", *words, "--format", "sarif"]) == 1
        found = json.loads(capsys.readouterr().out)["runs"][0]["results"][0]
        assert found["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "Bad"


@pytest.mark.parametrize("save", ["nowhere/saved", ".", "a\0b"])
def test_a_text_that_cannot_be_saved_is_a_failure_in_a_sentence(
    folder: Path, capsys: Capture, save: str
) -> None:
    assert main(["check", "Dockerfile", "--save", save]) == 1
    captured = capsys.readouterr()
    assert "ImageError: --save: " in captured.err
    assert "cannot be written" in captured.err
    assert len(captured.err.splitlines()) == 2


def test_fix_of_a_file_that_may_not_be_written_is_a_failure_in_a_sentence(
    folder: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Fixed:
        text, diff, offers, applied = "FROM fixed\n", "+FROM fixed", "", ("one",)

    monkeypatch.setattr("jupyter_azureml_image.api.fix", lambda asked: Fixed)
    assert main(["check", "/proc/version", "--fix"]) == 1
    told = capsys.readouterr().err
    assert "+FROM fixed" in told
    assert "--fix: /proc/version cannot be written" in told


def test_bases_lists_the_catalog(capsys: Capture) -> None:
    assert main(["bases", "minimal-py312-inference"]) == 0
    shown = capsys.readouterr().out
    assert "mcr.microsoft.com/azureml/minimal-py312-inference" in shown
    assert shown.splitlines()[-1].startswith("Catalog of 20")
    assert main(["bases", "minimal-py312-inference", "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["base_images"][0]["supported_until"]


def test_doctor_is_a_table(state_dir: Path, capsys: Capture) -> None:
    assert main(["doctor", "--format", "json"]) in (0, 1)
    rows = json.loads(capsys.readouterr().out)["doctor"]
    assert {"kernel", "Docker", "journal"} <= {row["what"] for row in rows}


def test_help_of_everything(capsys: Capture) -> None:
    assert main(["--help"]) == 0
    shown = capsys.readouterr().out
    for command in COMMANDS:
        assert command.verb in shown
        if command.verb != "sandbox":
            assert main([command.verb, "--help"]) == 0
    assert main([]) == 2


def test_the_sandbox_is_a_program_of_its_own(capsys: Capture) -> None:
    assert main(["sandbox", "--help"]) == 0
    assert "--port-file" in capsys.readouterr().out


def test_a_folder_that_the_sandbox_cannot_make_is_a_sentence(tmp_path: Path) -> None:
    for flag, words in (
        ("--state", ["--stop", "--state", "/proc/nowhere"]),
        ("--port-file", ["--port-file", "/proc/nowhere/x.json", "--state", str(tmp_path)]),
    ):
        done = program("sandbox", *words)
        assert done.returncode == 1
        first, second = done.stderr.splitlines()
        assert first.startswith(f"{flag}: /proc/nowhere cannot be made: ")
        assert second == "  Name a folder that may be written."


def test_an_interrupt_is_one_line_and_130(
    folder: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(path: object) -> str:
        raise KeyboardInterrupt

    monkeypatch.setattr("jupyter_azureml_image.options.read_text", interrupted)
    assert main(["check", "Dockerfile"]) == 130
    assert capsys.readouterr().err == "Interrupted.\n"


def test_an_interrupted_cell_of_run_is_one_line_and_130(folder: Path) -> None:
    source = "raise KeyboardInterrupt  # \n%azureml_dockerfile x --file Dockerfile --until check"
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source)])
    nbformat.write(book, folder / "n.ipynb")
    done = program("run", "n.ipynb")
    assert (done.returncode, done.stderr) == (130, "Interrupted.\n")


@pytest.mark.parametrize("words", [["check"], ["plan", "x"], ["doctor"], ["run", "n.ipynb"]])
def test_a_working_directory_that_was_deleted_is_a_sentence(
    folder: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch, words: list[str]
) -> None:
    (folder / "gone").mkdir()
    monkeypatch.chdir(folder / "gone")
    (folder / "gone").rmdir()
    assert main(words) == 2
    assert capsys.readouterr().err.startswith("BadUsage: The working directory was deleted.")


@pytest.mark.parametrize("encoding", ["cp1252", "latin-1", "ascii"])
def test_a_sign_that_the_output_cannot_hold_becomes_a_question_mark(
    folder: Path, encoding: str
) -> None:
    (folder / "Signs").write_text("FROM scratch\nCOPY \u2713 nowhere.txt /x/\n")
    wishes = {"env": {**os.environ, "PYTHONIOENCODING": encoding}, "encoding": encoding}
    done = program("check", "Signs", **wishes)
    assert done.returncode == 1, done.stderr
    assert "COPY ? nowhere.txt /x/" in done.stdout


def test_output_that_cannot_be_written_is_a_sentence(folder: Path) -> None:
    for words in (["check"], ["bases", "--format", "json"]):
        with Path("/dev/full").open("w") as full:
            done = program(*words, stdout=full)
        assert done.stderr == "Nothing more can be written: No space left on device.\n"
        assert done.returncode == 1


def test_a_closed_output_is_no_failure(folder: Path) -> None:
    line = 'exec "$0" -m jupyter_azureml_image check "$1" '
    for file, closed, code in (("Dockerfile", ">&-", 0), ("Bad", ">&-", 1), ("No", "2>&-", 2)):
        done = subprocess.run(
            ["sh", "-c", line + closed, sys.executable, file],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert (done.returncode, done.stdout, done.stderr) == (code, "", "")


def test_a_reader_that_has_seen_enough_is_no_failure() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        [sys.executable, "-m", "jupyter_azureml_image", "bases"],
        stdout=writing, stderr=subprocess.PIPE, check=False,
    )  # fmt: skip
    os.close(writing)
    assert (done.returncode, done.stderr) == (141, b"")
