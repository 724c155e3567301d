"""Command output becomes clean lines."""

import pytest

from jupyter_azureml_image.build.dialects.text import Lines, clean


@pytest.mark.parametrize(
    ("raw", "seen"),
    [
        ("plain", "plain"),
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x1b]8;;http://a\x07link\x1b]8;;\x07", "link"),
        ("  1%\r 50%\r100%", "100%"),
        ("100%\r", "100%"),
        ("windows\r", "windows"),
        ("a\x08b\x00c", "abc"),
        ("tab\tstays  ", "tab\tstays"),
        ("\x1b[2K\x1b[1A", ""),
        ("ü€", "ü€"),
    ],
)
def test_a_line_shows_what_a_terminal_would_show_last(raw, seen):
    assert clean(raw) == seen


def test_bytes_are_cut_into_lines_wherever_they_break():
    lines = Lines()
    data = "erste Zeile ü\nzweite\r\nrest".encode()
    found = [line for at in range(len(data)) for line in lines.feed(data[at : at + 1])]
    assert found == ["erste Zeile ü", "zweite"]
    assert lines.end() == ["rest"]
    assert lines.end() == []


def test_bytes_that_are_no_text_are_replaced_and_not_refused():
    assert Lines().feed(b"\xff\xfe ok\n") == ["�� ok"]


def test_a_progress_bar_without_line_ends_does_not_fill_the_memory():
    lines = Lines()
    for number in range(30_000):
        lines.feed(f"\rprogress {number:06d}".encode())
    assert lines.feed(b"\n") == ["progress 029999"]
    assert len(lines._rest) == 0
