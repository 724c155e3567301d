"""Paths that a user wrote and nothing can stand behind are paths where nothing is."""

from __future__ import annotations

from pathlib import Path

import pytest

from jupyter_azureml_image.paths import from_home, is_file, is_folder, is_there


@pytest.mark.parametrize("path", ["n" * 5000, "a\0b", "~nobody-of-this-name/file", "missing"])
def test_what_nobody_can_have_is_not_there_and_no_error(path: str) -> None:
    place = from_home(path)
    assert str(place) == path
    assert not is_there(place)
    assert not is_file(place)
    assert not is_folder(place)


def test_a_file_is_a_file_and_a_folder_a_folder(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    assert (is_there(file), is_file(file), is_folder(file)) == (True, True, False)
    assert (is_there(tmp_path), is_file(tmp_path), is_folder(tmp_path)) == (True, False, True)


def test_a_tilde_is_the_home_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert from_home("~/a") == tmp_path / "a"
