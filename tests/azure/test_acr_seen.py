"""What was seen of a run comes back without gap or repetition, whoever wrote it."""

from __future__ import annotations

from pathlib import Path

import pytest

from jupyter_azureml_image.azure.acr_seen import Seen
from jupyter_azureml_image.events import Event, Note, StepStarted, Transfer


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "seen.jsonl"


def _text(seen: Seen) -> list[tuple[int, bytes]]:
    return [(portion.log, portion.data) for portion in seen.portions()]


def test_a_log_is_read_on_from_where_it_was_left(path: Path) -> None:
    writer, reader = Seen(path), Seen(path)
    writer.take(0, 0, b"one\r\nt\xc3")
    writer.take(0, 7, b"\xbcr\n")
    assert _text(reader) == [(0, b"one\r\nt\xc3"), (0, b"\xbcr\n")]
    assert (reader.log, reader.position, reader.at) == (0, 10, writer.at)


def test_two_kernels_that_read_the_same_log_are_one(path: Path) -> None:
    one, other = Seen(path), Seen(path)
    one.take(0, 0, b"abc")
    other.take(0, 0, b"abcde")
    one.take(0, 3, b"defg")
    assert b"".join(data for _, data in _text(Seen(path))) == b"abcdefg"


def test_what_lies_behind_a_gap_is_read_again(path: Path) -> None:
    writer, reader = Seen(path), Seen(path)
    writer.take(0, 0, b"abc")
    writer.take(0, 5, b"fgh")
    assert _text(reader) == [(0, b"abc")]
    assert reader.position == 3


def test_a_log_that_azure_replaced_goes_on_after_the_first_one(path: Path) -> None:
    writer, late = Seen(path), Seen(path)
    writer.take(0, 0, b"first")
    writer.take(1, 0, b"new")
    late.take(0, 5, b" end")
    reader = Seen(path)
    assert _text(reader) == [(0, b"first"), (1, b"new")]
    assert (reader.log, reader.position) == (1, 3)


def test_a_kernel_that_dies_while_it_writes_spoils_nothing(path: Path) -> None:
    Seen(path).take(0, 0, b"abc")
    with path.open("a") as file:
        file.write('\n{"log": 0, "start": 3, "da')
    Seen(path).take(0, 3, b"def")
    assert b"".join(data for _, data in _text(Seen(path))) == b"abcdef"


def test_the_events_before_the_run_come_back_but_those_of_the_moment(path: Path) -> None:
    heard: list[Event] = []
    emit = Seen(path).telling(heard.append)
    for event in (Note("a"), Transfer("upload", 3), StepStarted("s", "RUN x", 2)):
        emit(event)
    assert len(heard) == 3
    assert list(Seen(path).events()) == [Note("a"), StepStarted("s", "RUN x", 2)]


def test_a_full_disk_stops_nothing() -> None:
    Seen(Path("/dev/null/nowhere")).take(0, 0, b"abc")
    assert list(Seen(None).portions()) == []
