"""Edits of a Dockerfile: applied together, refused where they clash, shown as a diff."""

from __future__ import annotations

import pytest

from jupyter_azureml_image.dockerfile import edits
from jupyter_azureml_image.dockerfile.parse import parse
from jupyter_azureml_image.errors import ImageError
from jupyter_azureml_image.lint.diagnostic import Edit, Fix

TEXT = "FROM a\n# why\nUSER root\nRUN b \\\n  c\nUSER d"


def test_edits_are_made_together_by_the_offsets_of_the_text() -> None:
    assert edits.apply("abcdef", [Edit(4, 5, "E!"), Edit(0, 1, ""), Edit(2, 2, "--")]) == "b--cdE!f"


def test_insertions_at_one_place_keep_their_order() -> None:
    assert edits.apply("ab", [Edit(1, 1, "1"), Edit(1, 1, "2"), Edit(1, 1, "1")]) == "a12b"


@pytest.mark.parametrize("clash", [[Edit(0, 3, ""), Edit(2, 4, "")], [Edit(0, 9, "")]])
def test_edits_that_clash_are_refused(clash: list[Edit]) -> None:
    with pytest.raises(ImageError) as refused:
        edits.apply("abcdef", clash)
    assert refused.value.code == "edit-conflict"


def test_of_clashing_fixes_the_first_is_made_and_the_others_are_left() -> None:
    one = Fix("one", True, (Edit(0, 3, "x"),))
    two = Fix("two", True, (Edit(2, 4, "y"),))
    three = Fix("three", True, (Edit(0, 3, "x"), Edit(5, 6, "z")))
    made, left = edits.together([one, two, three])
    assert (made, left) == ((one, three), (two,))


def test_a_line_is_put_above_an_instruction_and_its_comments() -> None:
    dockerfile = parse(TEXT)
    edit = edits.insert_before(dockerfile, dockerfile.instructions[1], "ENV x=1")
    assert edits.apply(TEXT, [edit]) == TEXT.replace("# why", "ENV x=1\n# why")


def test_lines_are_put_below_an_instruction_of_many_lines() -> None:
    dockerfile = parse(TEXT)
    edit = edits.insert_after(dockerfile, dockerfile.instructions[2], "ENV x=1\nENV y=2\n")
    assert edits.apply(TEXT, [edit]) == TEXT.replace("  c\n", "  c\nENV x=1\nENV y=2\n")


def test_the_last_instruction_needs_no_line_end() -> None:
    dockerfile = parse(TEXT)
    edit = edits.insert_after(dockerfile, dockerfile.instructions[3], "CMD x")
    assert edits.apply(TEXT, [edit]) == TEXT + "\nCMD x"
    assert edits.apply(TEXT, [edits.remove(dockerfile, dockerfile.instructions[3])]) == TEXT[:-6]


def test_an_instruction_is_taken_out_with_all_its_lines() -> None:
    dockerfile = parse(TEXT)
    edit = edits.remove(dockerfile, dockerfile.instructions[2])
    assert edits.apply(TEXT, [edit]) == "FROM a\n# why\nUSER root\nUSER d"


def test_an_instruction_is_replaced_where_it_stands() -> None:
    dockerfile = parse(TEXT)
    edit = edits.replace(dockerfile.instructions[1], "USER root:root")
    assert edits.apply(TEXT, [edit]) == TEXT.replace("USER root\n", "USER root:root\n")


def test_windows_line_ends_are_kept() -> None:
    text = "\ufeffFROM a\r\nUSER b\r\n"
    dockerfile = parse(text)
    first, last = dockerfile.instructions
    above = edits.insert_before(dockerfile, first, "ARG x\nARG y")
    below = edits.insert_after(dockerfile, last, "CMD z")
    assert edits.apply(text, [above, below]) == (
        "\ufeffARG x\r\nARG y\r\nFROM a\r\nUSER b\r\nCMD z\r\n"
    )


def test_a_change_is_shown_as_a_unified_diff() -> None:
    assert edits.diff("FROM a\nUSER b\n", "FROM a\r\nUSER c\r\n").splitlines() == [
        "--- Dockerfile",
        "+++ Dockerfile (fixed)",
        "@@ -1,3 +1,3 @@",
        " FROM a",
        "-USER b",
        "+USER c",
        " ",
    ]
    assert edits.diff("FROM a", "FROM a") == ""
