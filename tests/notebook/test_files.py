"""Files that a cell names and that cannot be read or written: a sentence, and nothing lost."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from IPython.core.interactiveshell import InteractiveShell

from jupyter_azureml_image import api
from jupyter_azureml_image.errors import BadUsage, ImageError
from jupyter_azureml_image.options import read_text, write_text

UNWRITABLE = "/proc/version"  # a file that not even root may write


class Fixed:
    text = "FROM fixed\n"
    diff = "-FROM x\n+FROM fixed"
    applied = ("one",)
    offers = ""


Run = Callable[[str, str | None], Any]


@pytest.fixture
def magic(shell: InteractiveShell, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs the line or the cell magic; what it raises comes out."""

    def start(request: object) -> None:
        raise ImageError("A run began.")

    def run(line: str, body: str | None = None) -> Any:
        if body is None:
            return shell.run_line_magic("azureml_dockerfile", line)
        return shell.run_cell_magic("azureml_dockerfile", line, body)

    monkeypatch.setattr(api, "start", start)
    monkeypatch.setattr(api, "fix", lambda request: Fixed)
    return run


def test_fix_of_a_file_that_may_not_be_written_shows_the_diff_and_a_sentence(
    magic: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(ImageError, match=rf"--fix: {UNWRITABLE} cannot be written: .*\."):
        magic(f"env --file {UNWRITABLE} --fix", None)
    printed = capsys.readouterr().out
    assert "+FROM fixed" in printed
    assert "applied" not in printed


def test_a_name_that_no_file_can_have_is_a_sentence(magic: Run) -> None:
    with pytest.raises(BadUsage, match=r"a\\x00b' cannot be read: no file can have that name"):
        magic("env --file a\0b", None)
    with pytest.raises(BadUsage, match=r"x\\ud83d' cannot be read: no file can have that name"):
        magic("env --file x\ud83d", None)
    with pytest.raises(ImageError, match=r"--save: .*a\\x00b' cannot be written: no file can"):
        magic("env --save a\0b", "FROM x\n")
    with pytest.raises(BadUsage, match=r"--request-file: .*\\x00.* no file can have that name"):
        magic("env --request-file a\0b", "FROM x\n")


def test_half_a_character_is_named_with_its_line(magic: Run) -> None:
    with pytest.raises(ImageError, match=r"--save: line 2 of the text holds .*\\ud83d"):
        magic("env --save saved", "FROM x\nRUN echo \ud83d\n")
    assert list(Path().iterdir()) == []


def test_what_cannot_be_written_leaves_the_old_text(tmp_path: Path) -> None:
    (tmp_path / "F").write_text("FROM old\n")
    with pytest.raises(ImageError):
        write_text(tmp_path / "F", "FROM new\ud83d\n")
    assert (tmp_path / "F").read_text() == "FROM old\n"
    with pytest.raises(ImageError, match="cannot be written: Is a directory"):
        write_text(tmp_path, "FROM x\n")
    with pytest.raises(ImageError, match="cannot be written: No such file or directory"):
        write_text(tmp_path / "nowhere" / "F", "FROM x\n")
    assert list(tmp_path.iterdir()) == [tmp_path / "F"]


def test_a_file_written_anew_keeps_its_mode_its_owner_and_the_link_to_it(tmp_path: Path) -> None:
    (tmp_path / "F").write_text("FROM old\n")
    (tmp_path / "F").chmod(0o640)
    if os.geteuid() == 0:
        os.chown(tmp_path / "F", 1234, 1234)
    owner = (tmp_path / "F").stat().st_uid
    (tmp_path / "link").symlink_to("F")
    write_text(tmp_path / "link", "FROM new\n")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "F").read_text() == "FROM new\n"
    assert stat.S_IMODE((tmp_path / "F").stat().st_mode) == 0o640
    assert (tmp_path / "F").stat().st_uid == owner


def test_a_file_that_cannot_be_replaced_is_written_in_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def mounted(half: Path, place: Path) -> None:
        raise OSError(16, "Device or resource busy")

    (tmp_path / "F").write_text("FROM old\n")
    monkeypatch.setattr(Path, "replace", mounted)
    write_text(tmp_path / "F", "FROM new\n")
    assert read_text(tmp_path / "F") == "FROM new\n"
    assert list(tmp_path.iterdir()) == [tmp_path / "F"]


def test_a_pipe_is_written_to_and_not_replaced(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    reader = os.open(tmp_path / "pipe", os.O_RDONLY | os.O_NONBLOCK)
    write_text(tmp_path / "pipe", "FROM x\n")
    assert os.read(reader, 100) == b"FROM x\n"
    os.close(reader)
