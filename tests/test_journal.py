"""The journal keeps runs, their events and their logs."""

import json
import sqlite3
import subprocess
import sys

import pytest

from jupyter_azureml_image import events
from jupyter_azureml_image.build.ports import RunToken
from jupyter_azureml_image.errors import BadUsage
from jupyter_azureml_image.events import (
    LogLine,
    Note,
    RunEnded,
    RunStarted,
    StageStarted,
    StepStarted,
)
from jupyter_azureml_image.journal import Journal
from jupyter_azureml_image.recording import Recorder, line_of


@pytest.fixture
def journal(tmp_path):
    return Journal(tmp_path)


def write(journal, run_id, *events):
    recorder = journal.recorder(run_id)
    for event in events:
        recorder.write(event)
    recorder.close()


def test_events_come_back_as_they_were_written(journal):
    run_id = journal.begin("iris", "iris")
    told = (
        RunStarted(run_id, "iris"),
        StepStarted("1", "RUN pip install numpy", 3),
        LogLine("ü\\n", "1"),
    )
    write(journal, run_id, *told)
    assert tuple(journal.events(run_id)) == told


def test_the_log_file_holds_every_line_for_people(journal):
    run_id = journal.begin("iris", "iris")
    write(journal, run_id, LogLine("one", "1"), LogLine("two"))
    assert journal.log_path(run_id).read_text() == "one\ntwo\n"


def test_the_last_line_before_a_silence_can_be_read_by_others(journal):
    run_id = journal.begin("iris", "iris")
    recorder = journal.recorder(run_id)
    recorder.write(LogLine("Solving environment: ..."))
    seen = next(event for event in journal.follow(run_id, lambda: False))
    recorder.close()
    assert seen == LogLine("Solving environment: ...")


def test_a_line_half_written_when_the_kernel_died_is_left_out(journal):
    run_id = journal.begin("iris", "iris")
    write(journal, run_id, LogLine("whole"))
    with (journal.run_folder(run_id) / "events.jsonl").open("a") as file:
        file.write('{"event": "LogLine", "te')
    assert list(journal.events(run_id)) == [LogLine("whole")]


def test_an_event_of_a_newer_version_is_left_out(journal):
    run_id = journal.begin("iris", "iris")
    with (journal.run_folder(run_id) / "events.jsonl").open("a") as file:
        file.write('{"event": "Teleported", "at": 1}\n')
    write(journal, run_id, LogLine("after"))
    assert list(journal.events(run_id)) == [LogLine("after")]


def test_records_are_kept_with_the_run_and_replaced_by_name(journal):
    run_id = journal.begin("iris", "iris")
    journal.note(run_id, token=RunToken("buildx", {"pid": 7}), other=1)
    journal.note(run_id, other=2)
    assert journal.run(run_id).facts == {
        "token": {"way": "buildx", "details": {"pid": 7}},
        "other": 2,
    }


def test_a_fact_is_read_without_the_large_ones_beside_it(journal):
    first, second = journal.begin("iris", "iris"), journal.begin("iris", "iris")
    for run_id, key in ((first, "old"), (second, "new")):
        journal.note(run_id, rehearsal=key, verdict={"outcome": "served"}, plan=["large"] * 100)
    journal.note(journal.begin("iris", "iris"), rehearsal="without a verdict")
    journal.note(journal.begin("other", "other"), rehearsal="of another", verdict={})
    assert list(journal.noted("rehearsal", "verdict", of="iris")) == [
        {"rehearsal": "new", "verdict": {"outcome": "served"}},
        {"rehearsal": "old", "verdict": {"outcome": "served"}},
    ]


def test_a_forgotten_run_leaves_no_facts(journal):
    run_id = journal.begin("iris", "iris")
    journal.note(run_id, image="one")
    journal.forget(run_id)
    assert list(journal.noted("image")) == []


def test_a_damaged_database_is_put_aside_and_a_new_one_begun(tmp_path):
    (tmp_path / "journal.db").write_bytes(b"half of a page" * 400)
    assert Journal(tmp_path).runs() == ()
    assert (tmp_path / "journal.db.damaged").read_bytes().startswith(b"half of a page")


def test_a_kernel_that_saw_the_damage_late_keeps_what_another_began_anew(tmp_path, monkeypatch):
    prepare = Journal._prepare

    def overtaken(journal):
        monkeypatch.setattr(Journal, "_prepare", prepare)
        Journal(tmp_path).begin("iris", "iris")
        raise sqlite3.DatabaseError("file is not a database")

    monkeypatch.setattr(Journal, "_prepare", overtaken)
    assert [run.name for run in Journal(tmp_path).runs()] == ["iris"]


def test_a_run_is_found_by_the_first_digits_of_its_id(journal):
    run_id = journal.begin("iris", "iris")
    assert journal.run(run_id[:4]).run_id == run_id


def test_an_unknown_run_is_a_sentence_that_names_the_latest(journal):
    run_id = journal.begin("iris", "iris")
    with pytest.raises(BadUsage, match="No run begins with 'nope'") as caught:
        journal.run("nope")
    assert run_id in (caught.value.hint or "")


@pytest.mark.parametrize("word", ["%", "_", ""])
def test_no_sign_stands_for_a_run(journal, word):
    journal.begin("iris", "iris")
    with pytest.raises(BadUsage, match="begins with"):
        journal.run(word)


def test_the_newest_run_comes_first(journal):
    first, second = journal.begin("iris", "iris"), journal.begin("iris", "iris")
    assert [row.run_id for row in journal.runs(name="iris")] == [second, first]


def test_two_names_with_one_repository_are_seen(journal):
    made = journal.begin("My_Env", "my-env")
    assert journal.other_name("my-env", "my-env") is None  # nothing was made yet
    journal.note(made, image="one")
    assert journal.other_name("my-env", "my-env") == "My_Env"
    assert journal.other_name("My_Env", "my-env") is None


def test_a_run_of_this_process_has_an_owner_that_lives(journal):
    row = journal.run(journal.begin("iris", "iris"))
    assert row.owned_here
    assert row.owner_lives


def test_a_run_whose_process_ended_has_none(journal, tmp_path):
    begin = (
        "from pathlib import Path; from jupyter_azureml_image.journal import Journal;"
        f"print(Journal(Path({str(tmp_path)!r})).begin('iris', 'iris'))"
    )
    run_id = subprocess.run(
        [sys.executable, "-c", begin], check=True, capture_output=True, text=True
    ).stdout.strip()
    assert not journal.run(run_id).owner_lives


def test_rewinding_keeps_what_came_before_the_stage_and_empties_the_files(journal):
    run_id = journal.begin("iris", "iris")
    started = RunStarted(run_id, "iris")
    write(journal, run_id, started, StageStarted("build"), LogLine("old"))
    assert journal.rewind(run_id, "build") == (started,)
    assert list(journal.events(run_id)) == []
    assert journal.log_path(run_id).read_text() == ""


def test_following_a_finished_run_ends_with_its_end(journal):
    run_id = journal.begin("iris", "iris")
    write(journal, run_id, LogLine("one"), RunEnded("done", 1.0, "Built."))
    journal.end(run_id, "done", "Built.")
    assert list(journal.follow(run_id, lambda: False))[-1] == RunEnded("done", 1.0, "Built.")


def test_following_a_run_whose_kernel_died_says_how_it_stands(journal):
    run_id = journal.begin("iris", "iris")
    write(journal, run_id, LogLine("one"))
    journal.end(run_id, "lost", "The kernel ended.")
    assert list(journal.follow(run_id, lambda: False))[-1] == RunEnded(
        "failed", 0.0, "The kernel ended.", "Run its cell again."
    )


def test_a_forgotten_run_leaves_nothing(journal):
    run_id = journal.begin("iris", "iris")
    write(journal, run_id, LogLine("one"))
    journal.forget(run_id)
    assert journal.runs() == ()
    assert not journal.run_folder(run_id).exists()


@pytest.mark.parametrize("text", ["plain", 'quote " and \\ and \n', "é\u2028–"])
@pytest.mark.parametrize("step", [None, "2"])
def test_a_log_line_is_written_by_the_short_way_as_by_the_long_one(text, step):
    event = events.LogLine(text, step)
    written = json.loads(line_of(event))
    assert written.pop("at") > 0
    assert written == events.to_json(event)


def test_a_disk_without_room_ends_the_record_and_not_the_run(tmp_path):
    for name in ("events.jsonl", "build.log"):
        (tmp_path / name).symlink_to("/dev/full")
    recorder = Recorder(tmp_path)
    told = [recorder.write(Note(str(number))) for number in range(3)]
    recorder.close()
    assert [note.level for note in told if note] == ["warning"]
    assert "No space left on device" in told[0].text
