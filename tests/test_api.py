"""The public functions: texts and paths are told apart, and runs are come back to."""

from __future__ import annotations

from pathlib import Path

import pytest

from jupyter_azureml_image import api, recording
from jupyter_azureml_image import journal as journals
from jupyter_azureml_image.errors import (
    BadUsage,
    BuildFailed,
    Cancelled,
    CheckFailed,
    ContextError,
    ImageError,
)
from jupyter_azureml_image.events import Event, Findings, Note, RunEnded, RunStarted
from jupyter_azureml_image.lint.diagnostic import Diagnostic

FOUND = Diagnostic("AML050", "error", "A moving tag.", 1, 6, 1, 7)


def kept_run(*events: Event, status: journals.Status = "failed", sentence: str = "") -> str:
    """A run in the journal that told these events and ended so."""
    kept = api.journal()
    run_id = kept.begin("iris", "iris")
    recorder = kept.recorder(run_id)
    for event in (RunStarted(run_id, "iris"), *events):
        recorder.write(event)
    recorder.close()
    kept.end(run_id, status, sentence)
    return run_id


@pytest.fixture
def died(monkeypatch: pytest.MonkeyPatch, state_dir: Path) -> str:
    """A run that says it is under way, and whose process is gone."""
    with monkeypatch.context() as patch:
        patch.setattr(journals, "_owner", lambda: "0:gone")
        return api.journal().begin("iris", "iris")


def test_attaching_to_a_run_that_failed_raises_its_error_after_its_events(
    tmp_path: Path, state_dir: Path
) -> None:
    first = api.start(api.request("iris", "FROM scratch\n", context=str(tmp_path / "nowhere")))
    with pytest.raises(ContextError) as told:
        first.result()
    live = api.attach(first.run_id)
    with pytest.raises(ContextError) as again:
        live.result()
    assert again.value.message == told.value.message
    assert again.value.hint == told.value.hint
    assert again.value.code == told.value.code
    assert list(live.events()) == list(first.events())


def test_attaching_to_a_failed_check_raises_it_with_its_findings(state_dir: Path) -> None:
    ended = RunEnded("failed", 1.0, "1 finding.", "Mend it.", "CheckFailed", "check-failed")
    with pytest.raises(CheckFailed, match="1 finding") as caught:
        api.attach(kept_run(Findings((FOUND,), "FROM x\n"), ended)).result()
    assert caught.value.diagnostics == (FOUND,)
    assert caught.value.hint == "Mend it."


def test_the_code_of_a_failed_build_is_raised_again(state_dir: Path) -> None:
    ended = RunEnded("failed", 1.0, "RUN failed.", "", "BuildFailed", "pip-no-match")
    with pytest.raises(BuildFailed) as caught:
        api.attach(kept_run(ended)).result()
    assert (caught.value.code, caught.value.hint) == ("pip-no-match", None)


def test_attaching_to_a_run_that_was_stopped_raises_cancelled(state_dir: Path) -> None:
    with pytest.raises(Cancelled, match="You stopped it"):
        api.attach(kept_run(RunEnded("cancelled", 1.0, "You stopped it."))).result()


def test_a_run_stopped_after_its_kernel_died_is_cancelled_too(died: str) -> None:
    api.cancel(died)
    live = api.attach(died)
    with pytest.raises(Cancelled, match="The run was stopped"):
        live.result()
    *_, last = live.events()
    assert isinstance(last, RunEnded)
    assert last.outcome == "cancelled"


def test_attaching_to_a_lost_run_raises_what_became_of_it(died: str) -> None:
    for _ in range(2):  # what finds it lost, and what reads that in the journal
        with pytest.raises(ImageError, match="nothing of the run is left") as caught:
            api.attach(died).result()
        assert "cell again" in (caught.value.hint or "")


def test_an_error_kept_without_its_kind_is_raised_all_the_same(state_dir: Path) -> None:
    for kind in ("", "MadeByANewerVersion"):
        run_id = kept_run(RunEnded("failed", 1.0, "It failed.", "Mend it.", kind))
        with pytest.raises(ImageError, match="It failed") as caught:
            api.attach(run_id).result()
        assert caught.value.hint == "Mend it."


def test_who_stops_watching_a_run_of_another_kernel_is_told_that_it_goes_on(
    state_dir: Path,
) -> None:
    live = api.attach(api.journal().begin("iris", "iris"))  # nobody ends it
    live.cancel()
    with pytest.raises(Cancelled, match="goes on where it runs") as caught:
        live.result()
    assert f"attach {live.run_id}" in (caught.value.hint or "")


def test_attaching_to_a_run_that_went_well_gives_its_build(state_dir: Path) -> None:
    run_id = kept_run(RunEnded("done", 1.0, "Built."), status="done", sentence="Built.")
    assert api.attach(run_id).result().run_id == run_id


def listed(run_id: str) -> journals.RunRow:
    return next(row for row in api.runs() if row.run_id == run_id)


def test_a_run_whose_process_died_is_listed_as_lost(died: str) -> None:
    assert listed(died).status == "lost"
    assert "nothing of the run is left" in listed(died).sentence
    assert api.journal().run(died).status == "running"  # listing writes nothing


@pytest.mark.parametrize("left", ["token", "image"])
def test_a_run_that_outlived_its_process_is_listed_with_the_way_back(died: str, left: str) -> None:
    plan = {"builder": {"survives_kernel": True}}
    api.journal().note(died, plan=plan, **{left: {"way": "buildx"}})
    assert listed(died).status == "detached"
    assert f"%azureml_image attach {died} goes on with it" in listed(died).sentence


def test_a_build_that_cannot_outlive_its_process_is_listed_as_lost(died: str) -> None:
    plan = {"builder": {"survives_kernel": False}}
    api.journal().note(died, plan=plan, token={"way": "engine-api"})
    assert listed(died).status == "lost"


def test_a_run_whose_process_lives_is_listed_as_running(state_dir: Path) -> None:
    assert listed(api.journal().begin("iris", "iris")).status == "running"


@pytest.mark.parametrize(
    "text",
    ["", "  \n", "\n", "FROM\n", "FROM scratch # " + "x" * 300, "a\0b"],
    ids=["empty", "blank", "a newline", "one word and a newline", "one long line", "a null byte"],
)
def test_what_cannot_be_a_path_is_taken_as_text(
    text: str, state_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    asked = api.request("iris", text)
    assert (asked.recipe.text, asked.recipe.path) == (text, None)
    assert all(found.code for found in api.check(text))


def test_one_word_is_the_path_of_a_file(
    state_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("A Dockerfile").write_text("FROM scratch\n")
    for path in ("A Dockerfile", Path("A Dockerfile"), str(tmp_path / "A Dockerfile")):
        asked = api.request("iris", path)
        assert asked.recipe.text == "FROM scratch\n"
        assert asked.recipe.path == str(tmp_path / "A Dockerfile")
    with pytest.raises(BadUsage, match="There is no Dockerfile at Dockerfile"):
        api.check("Dockerfile")


def test_a_path_below_the_home_is_found_there_as_a_context_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "Dockerfile").write_text("FROM scratch\n")
    asked = api.request("iris", "~/Dockerfile", context="~")
    assert asked.recipe.text == "FROM scratch\n"
    assert (asked.recipe.path, asked.context) == (str(tmp_path / "Dockerfile"), str(tmp_path))


def test_a_path_that_no_file_can_have_is_a_sentence(state_dir: Path) -> None:
    for path in ("x" * 300, Path("a\0b")):
        with pytest.raises(BadUsage, match="cannot be read"):
            api.check(path)


def test_a_full_disk_under_the_journals_files_is_told_once_and_the_run_ends_as_it_would(
    monkeypatch: pytest.MonkeyPatch, state_dir: Path
) -> None:
    usual = recording._append
    monkeypatch.setattr(recording, "_append", lambda path: usual(Path("/dev/full")))
    seen: list[Event] = []
    with pytest.raises(CheckFailed, match="RUM is not an instruction"):
        api.build("iris", "FROM scratch\nRUM x\n", until="check", on_event=seen.append)
    told = [event.text for event in seen if isinstance(event, Note) and event.level == "warning"]
    assert told == ["The record of this run ends here: No space left on device."]
    assert isinstance(seen[-1], RunEnded)
