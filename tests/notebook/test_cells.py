"""What a cell does, end to end in a real shell; runs are scripted here, built for real in the
notebooks' tests."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import pytest
from IPython.core.interactiveshell import InteractiveShell

from jupyter_azureml_image import api
from jupyter_azureml_image import events as e
from jupyter_azureml_image.cancellation import Cancellation
from jupyter_azureml_image.errors import (
    BadSettings,
    BadUsage,
    BuildFailed,
    CheckFailed,
    ContextError,
    ImageError,
)
from jupyter_azureml_image.lint.diagnostic import Diagnostic
from jupyter_azureml_image.notebook.fixing import replaced
from jupyter_azureml_image.plan.request import BuildRequest
from jupyter_azureml_image.result import ImageBuild
from jupyter_azureml_image.run import LiveRun

FOUND = Diagnostic("AML050", "warning", "A moving tag.", 1, 6, 1, 7)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[BuildRequest]:
    """The requests that runs were started with; every run goes well at once."""
    requests: list[BuildRequest] = []

    def start(request: BuildRequest) -> LiveRun:
        requests.append(request)

        def work(emit: e.Emit, cancellation: Cancellation) -> ImageBuild:
            emit(e.RunStarted("abcd1234", request.name))
            emit(e.Findings((FOUND,), request.recipe.text))
            if request.recipe.text == "FROM broken\n":
                raise BuildFailed("RUN failed with exit code 1.", hint="See line 2.")
            emit(e.RunEnded("done", 1.0, "Well done."))
            return ImageBuild(request.name, "abcd1234", version="1")

        return LiveRun("abcd1234", cast(Any, work)).start()

    monkeypatch.setattr(api, "start", start)
    monkeypatch.setattr(api, "log_path", lambda run_id: Path("/tmp/build.log"))
    return requests


Run = Callable[[str], Any]


@pytest.fixture
def run(shell: InteractiveShell, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs a cell; gives its result or raises its error."""

    def ran(source: str) -> Any:
        result = shell.run_cell(source)
        result.raise_error()
        return result.result

    return ran


def test_the_cell_gives_the_build_and_binds_it(
    run: Run, shell: InteractiveShell, asked: list[BuildRequest]
) -> None:
    build = run("%%azureml_dockerfile env:1 --as img\nFROM x\n")
    assert isinstance(build, ImageBuild)
    assert shell.user_ns["img"] is build
    assert asked[0].recipe.text == "FROM x\n"


def test_progress_is_printed_where_there_is_no_front_end(
    run: Run, asked: list[BuildRequest], capsys: pytest.CaptureFixture[str]
) -> None:
    run("%%azureml_dockerfile env\nFROM x\n")
    printed = capsys.readouterr().out
    assert "env · run abcd1234" in printed
    assert "✓ done after 1.0 s: Well done." in printed


def test_python_values_reach_the_request(run: Run, asked: list[BuildRequest]) -> None:
    run("tag = 'a b'\nimg = type('I', (), {'v': '7'})")
    run("%%azureml_dockerfile env:{img.v} --build-arg T={tag} --build-arg D=$tag\nFROM {tag}\n")
    assert asked[0].version == "7"
    assert asked[0].recipe.build_args == (("T", "a b"), ("D", "$tag"))
    assert asked[0].recipe.text == "FROM {tag}\n"


def test_the_line_form_takes_the_text_from_a_file(run: Run, asked: list[BuildRequest]) -> None:
    Path("Other").write_text("FROM y\n")
    run("build = %azureml_dockerfile env --file Other")
    assert asked[0].recipe.text == "FROM y\n"
    assert asked[0].recipe.path == str(Path("Other").absolute())


def test_the_line_form_takes_the_text_from_a_spec(run: Run, asked: list[BuildRequest]) -> None:
    run("spec = type('S', (), {'to_dockerfile': lambda self: 'FROM z\\n'})()")
    run("%azureml_dockerfile env --spec spec")
    assert asked[0].recipe.text == "FROM z\n"
    with pytest.raises(BadUsage, match="holds a int, not an ImageSpec"):
        run("n = 1\n%azureml_dockerfile env --spec n")


def test_a_spec_says_platform_and_build_arguments_too(run: Run, asked: list[BuildRequest]) -> None:
    run("from jupyter_azureml_image import ImageSpec")
    run("spec = ImageSpec(base='x', platform='linux/arm64', build_args=(('A', '1'),))")
    run("%azureml_dockerfile env --spec spec")
    run("%azureml_dockerfile env --spec spec --platform linux/amd64 --build-arg A=2")
    said = [(request.recipe.platform, request.recipe.build_args) for request in asked]
    assert said == [("linux/arm64", (("A", "1"),)), ("linux/amd64", (("A", "2"),))]


def test_the_sample_may_be_a_variable(run: Run, asked: list[BuildRequest]) -> None:
    run("sample = {'data': [1, 2]}")
    run("%%azureml_dockerfile env --request-file @sample\nFROM x\n")
    assert asked[0].rehearsal.sample == '{"data": [1, 2]}'


def test_the_context_is_where_the_extension_was_loaded(
    run: Run, asked: list[BuildRequest], tmp_path: Path
) -> None:
    loaded = Path.cwd()
    run(f"%cd -q {tmp_path}")
    run("%%azureml_dockerfile env\nFROM x\n")
    assert asked[0].context == str(loaded)


def test_the_notebooks_folder_is_the_context_where_the_front_end_tells_it(
    run: Run, asked: list[BuildRequest], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    notebook = tmp_path / "my.ipynb"
    notebook.write_text("{}")
    monkeypatch.setenv("JPY_SESSION_NAME", str(notebook))
    run("%%azureml_dockerfile env\nFROM x\n")
    assert (asked[0].context, asked[0].notebook) == (str(tmp_path), str(notebook))
    monkeypatch.delenv("JPY_SESSION_NAME")
    run(f"__vsc_ipynb_file__ = {str(notebook)!r}")
    run("%%azureml_dockerfile env\nFROM x\n")
    assert asked[1].context == str(tmp_path)


def test_config_is_a_setting_for_the_kernel(run: Run, asked: list[BuildRequest]) -> None:
    run("%config AzureMLImage.fail_on = 'never'")
    try:
        run("%%azureml_dockerfile env\nFROM x\n")
        assert asked[0].check.fail_on == "never"
    finally:
        run("%config AzureMLImage.fail_on = None")


def test_a_config_that_cannot_be_used_stops_every_cell_until_it_is_set_right(
    run: Run, shell: InteractiveShell, asked: list[BuildRequest]
) -> None:
    run("%config AzureMLImage.until = 'plan'")
    try:
        run("%config AzureMLImage.until = 'pln'")  # IPython only logs what is refused
        assert run("%config AzureMLImage.until") == "plan"
        for _ in range(2):
            with pytest.raises(BadSettings) as caught:
                run("%%azureml_dockerfile env\nFROM x\n")
        assert caught.value.message.startswith(
            "The setting until from %config AzureMLImage.until cannot be used: 'pln' is not one of"
        )
        assert caught.value.hint == (
            "Did you mean plan? %config AzureMLImage.until = None takes it back."
        )
        assert asked == []
        run("%config AzureMLImage.until = 'plan'")  # what it was: no change that is observed
        run("%%azureml_dockerfile env\nFROM x\n")
        assert asked[0].until == "plan"
    finally:
        run("%config AzureMLImage.until = None")


def test_a_refused_config_can_be_taken_back(run: Run, asked: list[BuildRequest]) -> None:
    run("%config AzureMLImage.cpu = 'many'")
    run("%config AzureMLImage.cpu = None")
    run("%%azureml_dockerfile env\nFROM x\n")
    assert asked[0].task.cpu is None


def test_save_writes_the_text_as_it_is(run: Run, asked: list[BuildRequest]) -> None:
    run("%%azureml_dockerfile env --save saved\nFROM x\r\n")
    assert Path("saved").read_bytes() == b"FROM x\r\n"
    with pytest.raises(ImageError, match=r"--save: .*cannot be written"):
        run("%%azureml_dockerfile env --save nowhere/saved\nFROM x\n")


def test_a_context_whose_name_is_too_long_is_a_sentence(run: Run) -> None:
    with pytest.raises(ContextError, match="cannot be read: File name too long"):
        run(f"%%azureml_dockerfile env --until check --context {'n' * 5000}\nFROM scratch\n")


def test_json_is_one_document_for_a_program(
    run: Run, asked: list[BuildRequest], capsys: pytest.CaptureFixture[str]
) -> None:
    run("%%azureml_dockerfile env --format json\nFROM x\n")
    document, _ = json.JSONDecoder().raw_decode(capsys.readouterr().out)
    assert document["diagnostics"][0]["code"] == "AML050"


def test_help_is_printed_and_nothing_is_done(
    run: Run, asked: list[BuildRequest], capsys: pytest.CaptureFixture[str]
) -> None:
    for source in ("%%azureml_dockerfile --help\n", "%azureml_dockerfile -h"):
        assert run(source) is None
        assert "--until check|context" in capsys.readouterr().out
    run("%azureml_image deploy --help")
    assert "--instance-type" in capsys.readouterr().out
    run("%azureml_image")
    assert "doctor" in capsys.readouterr().out
    assert asked == []


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("%%azureml_dockerfile env\n", "There is no Dockerfile text."),
        ("%%azureml_dockerfile env --file F\nFROM x\n", "--file and a cell body are two texts."),
        ("%azureml_dockerfile env", "There is no Dockerfile text."),
        ("%azureml_dockerfile env --file F --spec S", "--file and --spec are two texts."),
        ("%%azureml_dockerfile env --as 1x\nFROM x\n", "--as: '1x' cannot be the name of"),
        ("%%azureml_dockerfile env --request-file @no\nFROM x\n", "--request-file: there is no"),
        ("%azureml_image deploy env:1 --endpoint iris --as 1x", "--as: '1x' cannot be the name of"),
        ("%azureml_image delete ''", "%azureml_image delete: ENDPOINT is empty."),
        ("%azureml_image docter", "%azureml_image has no verb 'docter'."),
        ("%azureml_image cancel", "%azureml_image cancel needs RUN."),
        ("%azureml_image deploy env:1", "deploy needs --endpoint NAME."),
    ],
)
def test_wrong_usage_is_a_sentence(
    run: Run, asked: list[BuildRequest], source: str, message: str
) -> None:
    with pytest.raises(BadUsage) as caught:
        run(source)
    assert caught.value.message.startswith(message)
    assert asked == []


def test_a_comment_above_the_magic_is_refused_in_a_sentence(
    run: Run, asked: list[BuildRequest]
) -> None:
    for source in ("# Build it\n\n%%azureml_dockerfile env\nFROM x\n", "#\n%%azureml_dockerfile e"):
        with pytest.raises(BadUsage, match="stands below a comment") as caught:
            run(source)
        assert caught.value.hint == "Make it the first line of its cell."
    assert asked == []


def test_places_are_those_of_the_cell_with_its_blank_lines(
    run: Run, asked: list[BuildRequest]
) -> None:
    run("%%azureml_dockerfile env\nFROM x\n")
    run("\n \n%%azureml_dockerfile env\nFROM x\n")
    assert [request.recipe.first_line for request in asked] == [2, 4]
    assert {request.recipe.text for request in asked} == {"FROM x\n"}


def test_a_failure_is_shown_in_two_lines_and_in_full_where_asked(
    shell: InteractiveShell, asked: list[BuildRequest], capsys: pytest.CaptureFixture[str]
) -> None:
    shell.run_cell("%%azureml_dockerfile env --until nowhere\nFROM x\n")
    short = capsys.readouterr()
    lines = (short.out + short.err).strip().splitlines()
    assert lines[0].startswith("BadUsage: --until: 'nowhere' is not one of")
    assert len(lines) <= 3
    shell.run_cell("%%azureml_dockerfile env --until nowhere --traceback\nFROM x\n")
    full = capsys.readouterr()
    assert "Traceback" in full.out + full.err


def test_a_failed_run_binds_nothing(
    run: Run, shell: InteractiveShell, asked: list[BuildRequest]
) -> None:
    with pytest.raises(BuildFailed):
        run("%%azureml_dockerfile env --as img\nFROM broken\n")
    assert "img" not in shell.user_ns


class Fixed:
    text = "FROM fixed\n"
    diff = "-FROM x\n+FROM fixed"
    applied = ("one",)
    offers = "Not applied, look at it first: Move to y"


def test_fix_raises_with_the_diff_where_no_cell_can_be_replaced(
    run: Run, asked: list[BuildRequest], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api, "fix", lambda request: Fixed)
    with pytest.raises(CheckFailed, match=r"\+FROM fixed\n\nNot applied, look at it first: Move"):
        run("%%azureml_dockerfile env --fix\nFROM x\n")
    assert asked == []


def test_fix_replaces_the_cell_and_takes_itself_out(
    run: Run, shell: InteractiveShell, monkeypatch: pytest.MonkeyPatch
) -> None:
    replaced: list[tuple[str, bool]] = []
    monkeypatch.setattr(api, "fix", lambda request: Fixed)
    monkeypatch.setattr("jupyter_azureml_image.notebook.frontend.is_live", lambda shell: True)
    monkeypatch.setattr(
        shell, "set_next_input", lambda text, replace: replaced.append((text, replace))
    )
    assert run("%%azureml_dockerfile env --fix --until plan\nFROM x\n") is None
    assert replaced == [("%%azureml_dockerfile env --until plan\nFROM fixed", True)]


def test_fix_takes_only_the_option_out_of_the_line() -> None:
    line = """env --fix --description "uses --fix here" --env-tag 'a= --fix '"""
    rest = """env --description "uses --fix here" --env-tag 'a= --fix '"""
    assert replaced(line, "FROM x\n") == f"%%azureml_dockerfile {rest}\nFROM x"


def test_fix_of_a_file_writes_the_file(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("Dockerfile").write_text("FROM x\n")
    monkeypatch.setattr(api, "fix", lambda request: Fixed)
    run("%azureml_dockerfile env --file Dockerfile --fix")
    assert Path("Dockerfile").read_text() == "FROM fixed\n"


def test_detach_returns_at_once_and_says_how_to_attach(
    run: Run, asked: list[BuildRequest], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("%%azureml_dockerfile env --detach\nFROM x\n") is None
    assert "%azureml_image attach abcd1234" in capsys.readouterr().out
    assert asked[0].detach


def test_detach_says_how_the_variable_of_as_gets_its_value(
    run: Run, asked: list[BuildRequest], capsys: pytest.CaptureFixture[str]
) -> None:
    run("%%azureml_dockerfile env --detach --as img\nFROM x\n")
    assert (
        "; img = %azureml_image attach abcd1234 shows it and binds it." in capsys.readouterr().out
    )


def test_attach_to_a_run_that_failed_fails_the_cell(run: Run) -> None:
    kept = api.journal()
    run_id = kept.begin("env", "env")
    recorder = kept.recorder(run_id)
    recorder.write(e.RunEnded("failed", 1.0, "RUN failed.", "See line 2.", "BuildFailed"))
    recorder.close()
    kept.end(run_id, "failed", "RUN failed.")
    with pytest.raises(BuildFailed, match="RUN failed"):
        run(f"%azureml_image attach {run_id}")


def test_runs_shows_what_is_left_of_a_run_whose_kernel_died(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("jupyter_azureml_image.journal._owner", lambda: "0:gone")
        run_id = api.journal().begin("env", "env")
    (row,) = run("%azureml_image runs").rows
    assert row[:3] == (run_id, "env", "lost")
