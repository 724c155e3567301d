"""What a user is told where BuildKit's parser says no: what, where, and what to do."""

from __future__ import annotations

import pytest

from jupyter_azureml_image.dockerfile.model import Fault
from jupyter_azureml_image.dockerfile.parse import parse

START = "FROM x\n"


def fault(text: str) -> tuple[Fault, str]:
    """The only fault of a text below FROM, and the characters it points at."""
    (found,) = parse(START + text).faults
    return found, (START + text)[found.span.start : found.span.end]


def test_a_non_breaking_space_behind_a_backslash_is_called_by_name() -> None:
    found, marked = fault("RUN a && \\\u00a0\n    b\n")
    assert found.message == (
        "a non-breaking space (U+00A0) follows the backslash, which therefore does not join lines"
    )
    assert marked == "\u00a0"


def test_a_non_breaking_space_in_env_is_called_by_name() -> None:
    found, marked = fault("ENV A=b\u00a0C=d\u00a0e\n")
    assert "a non-breaking space (U+00A0)" in found.message
    assert (marked, found.remedy) == ("\u00a0", "Put an ordinary space there.")


def test_a_zero_width_space_in_an_instruction_is_called_by_name() -> None:
    found, marked = fault("RU\u200bN a\n")
    assert found.message == "a zero-width space (U+200B) stands in the name of the instruction"
    assert (marked, found.remedy) == ("\u200b", "Remove it.")


def test_a_lost_backslash_is_suspected_on_the_line_above() -> None:
    found, marked = fault("RUN apt-get install -y \\\n    a \\\n    ...\n    b && \\\n    c\n")
    assert found.message == "b is not an instruction"
    assert found.remedy == "If it belongs to the line above, end that line with a backslash."
    assert marked == "b"


def test_a_slip_in_an_instruction_has_a_suggestion() -> None:
    found, marked = fault("WORKDIIR /a\n")
    assert found.message == "WORKDIIR is not an instruction; did you mean WORKDIR?"
    assert marked == "WORKDIIR"


def test_a_slip_in_a_flag_has_a_suggestion() -> None:
    found, marked = fault("COPY --form=build a b\n")
    assert (found.message, found.remedy) == ("COPY has no flag --form", "Did you mean --from?")
    assert marked == "--form=build"


@pytest.mark.parametrize(
    ("text", "message", "marked"),
    [
        ("COPY a\n", "COPY needs a source and a destination", "a"),
        ("COPY --chown=a --chown=b c d", "--chown may be given only once", "--chown=b"),
        ("COPY --from a b", "--from needs a value", "--from"),
        ("COPY --link=maybe a b", "--link is either true or false", "--link=maybe"),
        ("COPY a <<E\nE\n", "the destination of COPY cannot be a heredoc", "<<E"),
        ('CMD ["a", 1]', "a JSON array here may hold strings in double quotes only", '["a", 1]'),
        ("SHELL bash", "SHELL takes a JSON array only", "bash"),
        ("ENV A", "'A' has no value", "A"),
        ("ENV A=b c", "'c' is not of the form name=value", "c"),
        ("LABEL =b", "there is no name before the equals sign", "=b"),
        ("FROM a b", "FROM takes an image, or an image AS a name", "a b"),
        ("FROM a AS 1", "'1' cannot be the name of a stage", "1"),
        ("RUN <<E\na\n", "the heredoc E is opened and never closed", "RUN <<E"),
        ("HEALTHCHECK curl x", "HEALTHCHECK takes CMD or NONE, not curl", "curl"),
        (
            "HEALTHCHECK CMD\u3000curl x",
            "HEALTHCHECK takes CMD or NONE, not CMD\u3000curl",
            "CMD\u3000curl",
        ),
        ("HEALTHCHECK --interval=5 CMD x", "--interval is not a duration: '5'", "--interval=5"),
        ("RUN --network=lan x", "--network is one of default, none, host", "--network=lan"),
        ("ONBUILD FROM x", "FROM may not follow ONBUILD", "FROM"),
        ("USER", "USER takes exactly one argument", "USER"),
        ('VOLUME ["/a", " "]', "a volume has no path", '" "'),
    ],
)
def test_each_refusal_is_a_sentence_with_its_place(text: str, message: str, marked: str) -> None:
    found, shown = fault(text)
    assert (found.message, shown) == (message, marked)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "there is no instruction in this Dockerfile"),
        ("# only a comment\n", "there is no instruction in this Dockerfile"),
        ("ARG A=1\n", "no FROM names a base image"),
        ("RUN a\n", "no FROM names a base image"),
        ("ENV A=1\nFROM x\n", "ENV stands before the first FROM"),
        ("# escape=a\nFROM x", "the escape character 'a' is neither \\ nor `"),
        ("# escape=`\n# escape=`\nFROM x", "the directive escape may stand only once"),
        ("# check=error=maybe\nFROM x", "error is true or false, not 'maybe'"),
        ("FROM x\n#" + "a" * 65_600, "this line is longer than 65,535 bytes"),
    ],
)
def test_faults_of_the_whole_file(text: str, message: str) -> None:
    (found,) = parse(text).faults
    assert found.message == message


@pytest.mark.parametrize(
    ("interval", "taken"),
    [
        ("9223372036854775807ns", True),
        ("9223372036854775808ns", False),
        ("2562047h47m16.854775807s", True),
        ("2562047h47m16.854775808s", False),
        ("0.0000000001s", True),  # no whole nanosecond: none at all
        ("0.0009999999s", False),
        ("0.00100000000000000000000000s", True),
    ],
)
def test_a_duration_is_counted_in_whole_nanoseconds_as_go_does(interval: str, taken: bool) -> None:
    faults = parse(f"{START}HEALTHCHECK --interval={interval} CMD x\n").faults
    assert (faults == ()) is taken


@pytest.mark.parametrize(("digit", "taken"), [("0", True), ("1", False)])
def test_a_number_of_retries_may_have_any_number_of_digits(digit: str, taken: bool) -> None:
    faults = parse(f"{START}HEALTHCHECK --retries={digit * 5_000} CMD x\n").faults
    assert (faults == ()) is taken


@pytest.mark.parametrize("text", ['VOLUME ""', "VOLUME '' /a"])
def test_a_volume_in_empty_quotes_is_no_fault_for_buildkit(text: str) -> None:
    assert parse(START + text).faults == ()


def test_a_placeholder_for_a_tag_is_no_fault_of_the_parser() -> None:
    assert parse("FROM mcr.microsoft.com/azureml/base:{{latest-image-tag}}\n").faults == ()


def test_all_faults_of_a_file_are_told_at_once() -> None:
    dockerfile = parse("FROM x\nRUNN a\nENV b\nCOPY --nope c d\nWORKDIR\n")
    assert [dockerfile.position(found.span.start)[0] for found in dockerfile.faults] == [2, 3, 4, 5]
