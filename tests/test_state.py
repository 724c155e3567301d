"""A state folder that cannot be used is a sentence, wherever it is met."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from jupyter_azureml_image import api, doctor, state
from jupyter_azureml_image.errors import BadSettings, ImageError
from jupyter_azureml_image.journal import Journal

TEXT = "FROM scratch\n"


@pytest.fixture(params=["a plain file", "below a plain file", "below /proc", "nobody's home"])
def unusable(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> str:
    """AZUREML_IMAGE_STATE as it should not be."""
    plain = tmp_path / "plain"
    plain.write_text("")
    places = {
        "a plain file": str(plain),
        "below a plain file": str(plain / "state"),
        "below /proc": "/proc/nope/state",
        "nobody's home": "~nobody-of-this-name/state",
    }
    place = places[request.param]
    monkeypatch.setenv(state.VARIABLE, place)
    monkeypatch.chdir(tmp_path)
    return place


@pytest.fixture
def read_only(state_dir: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a journal, on a file system that has become read-only.

    SQLite is told so itself: root may write into any folder, and may not mount everywhere.
    """
    api.journal()
    opened = sqlite3.connect

    def reading(path: Path, **options: object) -> sqlite3.Connection:
        return opened(f"file:{path}?mode=ro", uri=True, **options)  # type: ignore[call-overload,no-any-return]

    def refused(*_: object, **__: object) -> None:
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(sqlite3, "connect", reading)
    monkeypatch.setattr("tempfile.TemporaryFile", refused)
    monkeypatch.chdir(state_dir.parent)
    return state_dir


@pytest.mark.parametrize(
    "ask",
    [
        lambda: api.build("iris", TEXT),
        lambda: api.plan("iris", TEXT),
        lambda: api.check(TEXT),
        api.runs,
        lambda: api.attach("1234"),
        api.prune,
    ],
    ids=["build", "plan", "check", "runs", "attach", "prune"],
)
def test_a_folder_that_cannot_be_made_is_named_with_its_setting(
    unusable: str, ask: Callable[[], object]
) -> None:
    with pytest.raises(BadSettings) as caught:
        ask()
    assert unusable in caught.value.message
    assert caught.value.message.startswith("AZUREML_IMAGE_STATE: ")
    assert "may be written" in (caught.value.hint or "")


def test_the_doctor_shows_a_folder_that_cannot_be_made(unusable: str) -> None:
    (row,) = (row for row in doctor.examine() if row.what == "journal")
    assert row.state == "bad"
    assert unusable in row.detail
    assert "AZUREML_IMAGE_STATE" in row.remedy


def test_the_users_own_data_folder_is_named_without_a_setting_nobody_set(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "plain").write_text("")
    monkeypatch.delenv(state.VARIABLE, raising=False)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "plain"))
    with pytest.raises(BadSettings, match=r"^The state folder ") as caught:
        api.runs()
    assert "AZUREML_IMAGE_STATE" in (caught.value.hint or "")


def test_a_read_only_folder_is_named_by_what_has_to_write(read_only: Path) -> None:
    with pytest.raises(BadSettings, match="readonly database") as caught:
        api.build("iris", TEXT)
    assert str(read_only) in caught.value.message
    assert api.runs() == ()  # reading goes on


def test_a_check_needs_no_folder_that_may_be_written(read_only: Path) -> None:
    assert isinstance(api.check(TEXT), tuple)


def test_the_doctor_tries_a_write(read_only: Path) -> None:
    (row,) = (row for row in doctor.examine() if row.what == "journal")
    assert row.state == "bad"
    assert "Read-only file system" in row.detail
    assert "AZUREML_IMAGE_STATE" in row.remedy


def test_the_doctor_leaves_nothing_in_a_folder_that_is_well(state_dir: Path) -> None:
    (row,) = (row for row in doctor.examine() if row.what == "journal")
    assert row.state == "good"
    assert list(state_dir.iterdir()) == []


def test_a_database_that_is_a_folder_is_a_sentence(state_dir: Path) -> None:
    (state_dir / "journal.db").mkdir()
    with pytest.raises(BadSettings, match="unable to open database file"):
        Journal(state_dir)


def test_a_damaged_database_that_cannot_be_put_aside_is_a_sentence(state_dir: Path) -> None:
    (state_dir / "journal.db").write_bytes(b"half of a page" * 400)
    (state_dir / "journal.db.damaged").mkdir()
    with pytest.raises(BadSettings, match="Is a directory"):
        Journal(state_dir)


def test_a_run_that_has_no_room_for_its_files_leaves_no_row(state_dir: Path) -> None:
    (state_dir / "runs").write_text("")
    kept = api.journal()
    with pytest.raises(BadSettings, match="AZUREML_IMAGE_STATE"):
        kept.begin("iris", "iris")
    assert kept.runs() == ()


def test_a_journal_another_process_holds_is_asked_for_again(state_dir: Path) -> None:
    kept = api.journal()
    with pytest.raises(ImageError, match="is locked") as caught, kept._connect():
        raise sqlite3.OperationalError("database is locked")
    assert "again" in (caught.value.hint or "")
