"""Reading a Dockerfile: instructions, words, flags and heredocs, each in its exact place."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jupyter_azureml_image.dockerfile.model import Dockerfile, Instruction, Span
from jupyter_azureml_image.dockerfile.parse import parse
from jupyter_azureml_image.dockerfile.words import assignments
from tests.dockerfile.edges import EDGES
from tests.dockerfile.generated import REAL, SMALL_FILES, slips


def cut(dockerfile: Dockerfile, span: Span) -> str:
    return dockerfile.text[span.start : span.end]


def only(text: str) -> Instruction:
    (instruction,) = parse(text).instructions
    return instruction


def words(text: str) -> list[str]:
    return [word.raw for word in only(text).words]


@given(text=st.one_of(slips(), SMALL_FILES, st.sampled_from(EDGES), st.text()))
def test_the_pieces_joined_give_the_text_and_blanks_are_blank(text: str) -> None:
    dockerfile = parse(text)
    pieces = dockerfile.pieces()
    assert "".join(cut(dockerfile, span) for _, span in pieces) == text
    for kind, span in pieces:
        assert span.start < span.end
        if kind == "blank":
            assert cut(dockerfile, span).strip("\ufeff").strip() == ""


@settings(max_examples=50)
@given(text=st.sampled_from(REAL))
def test_a_word_stands_where_its_span_says(text: str) -> None:
    dockerfile = parse(text)
    for instruction in dockerfile.instructions:
        for word in instruction.words:
            joined = cut(dockerfile, word.span)
            assert joined.startswith(word.raw[:1])
            assert joined.endswith(word.raw[-1:])
            if "\n" not in joined:
                assert joined == word.raw


def test_a_continued_instruction_is_one_line_without_its_comments() -> None:
    text = "RUN a && \\\n  # why\n\n  b \\\n  c\nUSER x\n"
    dockerfile = parse(text)
    run, user = dockerfile.instructions
    assert run.text == "a &&   b   c"
    assert cut(dockerfile, run.span) == "RUN a && \\\n  # why\n\n  b \\\n  c"
    assert [cut(dockerfile, comment) for comment in dockerfile.comments] == ["# why"]
    assert dockerfile.line(user) == 6


def test_a_place_in_the_joined_text_is_found_in_the_file() -> None:
    dockerfile = parse("FROM a\nRUN pip install \\\n    –r x\n")
    run = dockerfile.instructions[1]
    dash = run.text.index("–")
    assert cut(dockerfile, run.at(dash, dash + 2)) == "–r"
    assert dockerfile.position(run.at(dash, dash + 1).start) == (3, 5)


def test_line_ends_and_a_byte_order_mark_do_not_count() -> None:
    dockerfile = parse("\ufeffFROM a \\\r\n  AS b\r\nUSER c\r\n")
    assert [i.text for i in dockerfile.instructions] == ["a   AS b", "c"]
    assert dockerfile.faults == ()


def test_directives_are_read_at_the_top_only() -> None:
    dockerfile = parse("# Syntax = a/b:1 \n#escape=`\n# check=skip=all\n# syntax=late\nFROM x")
    assert [(d.name, d.value) for d in dockerfile.directives] == [
        ("syntax", "a/b:1"),
        ("escape", "`"),
        ("check", "skip=all"),
    ]
    assert parse("\n# escape=`\nFROM x").directives == ()
    assert parse("# a comment\n# escape=`\nFROM x").directives == ()


@pytest.mark.parametrize("line", ["# escape\u00a0=`", "#\u2003escape=`", "#\vescape=`"])
def test_only_plain_blanks_stand_in_a_directive(line: str) -> None:
    dockerfile = parse(f"{line}\nFROM x\nRUN a \\\n b")
    assert dockerfile.directives == ()
    assert dockerfile.faults == ()
    assert [i.keyword for i in dockerfile.instructions] == ["FROM", "RUN"]


def test_an_odd_blank_behind_a_directive_is_part_of_its_value() -> None:
    (fault,) = parse("# escape=`\u00a0\nFROM x").faults
    assert "\\xa0" in fault.message
    assert parse("# escape=` \t\f\nFROM x").escape == "`"


def test_the_escape_directive_changes_what_joins_lines() -> None:
    dockerfile = parse("# escape=`\nFROM x\nRUN a `\n b\\\nUSER c")
    assert [i.text for i in dockerfile.instructions] == ["x", "a  b\\", "c"]


def test_flags_stand_before_the_arguments_with_their_places() -> None:
    text = "COPY --from=build --chown='a b' --link x y"
    dockerfile = parse(text)
    copy = dockerfile.instructions[0]
    assert [(f.name, f.value) for f in copy.flags] == [
        ("from", "build"),
        ("chown", "a b"),
        ("link", None),
    ]
    assert [cut(dockerfile, f.span) for f in copy.flags] == [
        "--from=build",
        "--chown='a b'",
        "--link",
    ]
    assert copy.flag("from") == "build"
    assert copy.flag("chmod") is None
    assert copy.text == "x y"


def test_a_json_array_gives_its_strings() -> None:
    dockerfile = parse('FROM x\nCMD [ "a\\"b", \\\n "c\\u00e9" ]')
    command = dockerfile.instructions[1]
    assert command.json
    assert [word.value for word in command.words] == ['a"b', "cé"]
    assert [cut(dockerfile, word.span) for word in command.words] == ['"a\\"b"', '"c\\u00e9"']


@pytest.mark.parametrize("written", ['["a"', "['a']", '["a"] b', "[NaN]", '{"a": 1}', "[1e999]"])
def test_what_is_no_json_array_is_a_shell_command(written: str) -> None:
    command = only(f"CMD {written}")
    assert not command.json
    assert [word.value for word in command.words] == [written]


def test_env_label_and_arg_have_one_pair_a_word() -> None:
    assert words("ENV A=\"x y\" B='z' C=1\\ 2") == ['A="x y"', "B='z'", "C=1\\ 2"]
    assert [w.value for w in only("ENV A=\"x y\" B='z' C=1\\ 2").words] == ["A=x y", "B=z", "C=1 2"]
    assert words("ARG A B=1 C=$A") == ["A", "B=1", "C=$A"]
    assert [(a.name, a.value) for a in assignments(only("ARG A B=1"))] == [("A", None), ("B", "1")]


def test_the_old_form_of_env_takes_the_rest_of_the_line() -> None:
    (pair,) = assignments(only("ENV NAME  two  words"))
    assert (pair.name, pair.value, pair.legacy) == ("NAME", "two  words", True)


def test_heredocs_are_read_with_their_bodies() -> None:
    text = "RUN <<A cat <<-'B'\none\nA\n\ttwo $x\n\tB\nUSER u\n"
    dockerfile = parse(text)
    run, user = dockerfile.instructions
    first, second = run.heredocs
    assert (first.name, first.body, first.expand, first.chomp) == ("A", "one\n", True, False)
    assert (second.name, second.body, second.expand, second.chomp) == (
        "B",
        "\ttwo $x\n",
        False,
        True,
    )
    assert cut(dockerfile, second.span) == second.body
    assert cut(dockerfile, run.span).endswith("\tB")
    assert user.text == "u"


def test_a_blank_may_stand_before_the_name_of_a_heredoc() -> None:
    assert only("RUN cat << EOF\nx\nEOF").heredocs[0].body == "x\n"
    assert only("RUN cat <<\n").heredocs == ()


def test_onbuild_holds_an_instruction_with_its_own_places() -> None:
    text = "FROM x\nONBUILD COPY --from=a b \\\n  c\n"
    dockerfile = parse(text)
    inner = dockerfile.instructions[1].inner
    assert inner is not None
    assert (inner.keyword, inner.flag("from")) == ("COPY", "a")
    assert [cut(dockerfile, word.span) for word in inner.words] == ["b", "c"]
    assert cut(dockerfile, inner.span) == "COPY --from=a b \\\n  c"


def test_positions_count_lines_and_columns_from_one() -> None:
    dockerfile = parse("FROM a\n  USER b\n")
    user = dockerfile.instructions[1]
    assert dockerfile.position(user.keyword_span.start) == (2, 3)
    assert dockerfile.position(user.words[0].span.start) == (2, 8)


def test_reading_goes_on_after_a_fault() -> None:
    dockerfile = parse("FROM a\nNOPE b\nCOPY c\nUSER d\n")
    assert [i.keyword for i in dockerfile.instructions] == ["FROM", "NOPE", "COPY", "USER"]
    assert [dockerfile.position(f.span.start)[0] for f in dockerfile.faults] == [2, 3]
