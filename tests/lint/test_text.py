"""Look-alike characters, placeholders, lost backslashes, comments, line ends."""

from __future__ import annotations

import pytest

from tests.lint.asking import AZUREML, BASE, Around, codes, fixed, found, one


def test_an_en_dash_before_an_option_is_named_with_its_place() -> None:
    finding = one("AML001", BASE + "RUN pip install \u2013r /tmp/requirements.txt\n")
    assert finding.severity == "error"
    assert (finding.line, finding.column, finding.end_column) == (2, 17, 19)
    assert "en dash" in finding.message
    assert not finding.syntax


@pytest.mark.parametrize(
    ("written", "plain"),
    [
        ("pip install \u2013r r.txt", "pip install --no-cache-dir -r r.txt"),
        ("pip install \u2014\u2014no-cache-dir -r r.txt", "pip install --no-cache-dir -r r.txt"),
        ("pip install \u2014no-cache-dir -r r.txt", "pip install --no-cache-dir -r r.txt"),
        (
            "pip install --no-cache-dir \u201cnumpy==2.2.3\u201d",
            'pip install --no-cache-dir "numpy==2.2.3"',
        ),
        (
            "pip install\u00a0--no-cache-dir numpy==2.2.3",
            "pip install --no-cache-dir numpy==2.2.3",
        ),
    ],
)
def test_the_plain_character_takes_its_place(written: str, plain: str) -> None:
    assert fixed(f"{BASE}RUN {written}\n") == f"{BASE}RUN {plain}\n"


@pytest.mark.parametrize(
    "line",
    [
        "RUN echo 'a \u2013 b'",
        "RUN echo a \u2013 b",
        "# a comment \u2013 with \u201cquotes\u201d",
        'LABEL description="It\u2019s \u2013 fine"',
        "COPY r\u00e9sum\u00e9.txt /tmp/",
        "RUN cat <<EOF\nit\u2019s \u2013 text\nEOF",
    ],
)
def test_such_characters_in_prose_are_left_alone(line: str) -> None:
    assert "AML001" not in codes(f"{BASE}{line}\n")


def test_a_non_breaking_space_after_a_backslash_is_the_one_fault() -> None:
    text = BASE + "RUN true && \\\u00a0\n    echo done\n"
    faults = [d for d in found(text) if d.syntax]
    assert [(d.code, d.line) for d in faults] == [("AML001", 2)]
    assert fixed(text) == BASE + "RUN true && \\\n    echo done\n"


def test_curly_quotes_in_a_start_command_are_an_error() -> None:
    assert one("AML001", "FROM debian:12\nCMD [\u201cls\u201d]\n").severity == "error"
    assert fixed("FROM debian:12\nCMD [\u201cls\u201d]\n") == 'FROM debian:12\nCMD ["ls"]\n'


def test_a_placeholder_in_from_is_one_finding_with_both_names() -> None:
    finding = one("AML002", "FROM mcr.microsoft.com/azureml/<image_name>:<tag>\n")
    assert finding.severity == "error"
    assert "<image_name> and <tag>" in finding.message
    assert finding.fixes
    assert not any(fix.certain for fix in finding.fixes)


def test_a_placeholder_of_several_words_is_a_syntax_fault_told_once() -> None:
    findings = [
        d for d in found("FROM <prebuilt docker image from MCR>\n") if d.severity == "error"
    ]
    assert [(d.code, d.syntax) for d in findings] == [("AML002", True)]


def test_a_placeholder_copy_offers_the_folder_of_the_context() -> None:
    around = Around(files={"code/score.py": ""})
    finding = one("AML002", BASE + "COPY <local_code_directory> /var/azureml-app\n", around)
    assert finding.fixes[0].edits[0].text == "code"
    assert "AML050" not in codes(BASE + "COPY <local_code_directory> /var/azureml-app\n", around)


@pytest.mark.parametrize(
    "line",
    ["RUN cat <in >out", "RUN echo '<html>' > /tmp/x", "RUN sort < /tmp/in > /tmp/out"],
)
def test_redirections_are_no_placeholders(line: str) -> None:
    assert "AML002" not in codes(f"{BASE}{line}\n")


def test_a_template_with_a_pattern_in_it_is_told_whole() -> None:
    template = r"{{latest-image-tag:biweekly\.\d{6}\.\d{1}.*}}"
    finding = one("AML002", f"FROM mcr.microsoft.com/aifx/acpt/stable:{template}\n")
    assert finding.severity == "warning"
    assert finding.message.startswith(f"{template} is a template")


def test_a_template_is_only_a_warning_and_told_once() -> None:
    text = "FROM mcr.microsoft.com/azureml/inference-base-2204:{{latest-image-tag}}\nENV A={{b}}\n"
    assert one("AML002", text).severity == "warning"


def test_dots_among_packages_are_an_error() -> None:
    text = BASE + "USER root\nRUN apt-get update && apt-get install -y curl ... wget\n"
    assert one("AML002", text).severity == "error"


def test_a_lost_backslash_is_said_with_the_line_that_lost_it() -> None:
    text = BASE + "RUN true && \\\n    echo one\n    echo two\n"
    finding = one("AML003", text)
    assert finding.syntax
    assert finding.line == 4
    assert finding.fixes[0].title == "End the line above with a backslash"
    assert fixed(text) == BASE + "RUN true && \\\n    echo one \\\n    echo two\n"


def test_a_misspelt_instruction_is_corrected() -> None:
    finding = one("AML004", BASE + "RUNN true\n")
    assert finding.remedy == "Write RUN."
    assert finding.syntax
    assert fixed(BASE + "RUNN true\n") == BASE + "RUN true\n"


def test_a_text_without_from_is_told_once() -> None:
    assert [d.code for d in found("RUN true\n") if d.severity == "error"] == ["AML004"]
    assert one("AML004", "").syntax


def test_bytes_that_are_no_text_are_an_error() -> None:
    assert "AML004" in codes(BASE + "RUN echo \udcff\n")


def test_a_fault_that_nothing_else_explains_has_the_parsers_own_sentence() -> None:
    finding = one("syntax", BASE + "COPY only\n")
    assert finding.syntax
    assert finding.line == 2


def test_what_only_fails_when_it_builds_is_no_syntax_fault() -> None:
    finding = one("cannot-build", "FROM debian:12\nCOPY --from=7 /a /b\n")
    assert finding.severity == "error"
    assert not finding.syntax


def test_a_big_dockerfile_matters_only_where_azure_ml_builds_it() -> None:
    text = BASE + "RUN echo " + "x" * 101_000 + "\n"
    assert "AML005" not in codes(text)
    assert one("AML005", text, Around(abilities=AZUREML)).severity == "error"
    nearly = BASE + "RUN echo " + "x" * 95_000 + "\n"
    assert one("AML005", nearly, Around(abilities=AZUREML)).severity == "warning"


def test_windows_line_ends_are_one_warning_and_go_away() -> None:
    text = "FROM debian:12\r\nRUN true\r\n"
    assert one("AML006", text).severity == "warning"
    assert fixed(text) == "FROM debian:12\nRUN true\n"


def test_a_copied_script_with_windows_line_ends_is_named() -> None:
    around = Around(files={"start.sh": "#!/bin/sh\r\ntrue\r\n", "other.sh": "#!/bin/sh\n"})
    finding = one("AML006", BASE + "COPY start.sh other.sh /tmp/\n", around)
    assert "start.sh" in finding.message


def test_a_comment_behind_copy_moves_to_its_own_line() -> None:
    text = BASE + "COPY code /app # the code\n"
    assert fixed(text) == BASE + "# the code\nCOPY code /app\n"


CONTINUED = BASE + "COPY a.txt b.txt \\\n  # keep these\n  c.txt /dst/  # trailing\n"


def test_a_comment_line_inside_a_continued_copy_is_not_the_one_behind_it() -> None:
    finding = one("AML007", CONTINUED)
    assert (finding.line, finding.column, finding.end_line) == (4, 16, 4)
    kept = "COPY a.txt b.txt \\\n  # keep these\n  c.txt /dst/\n"
    assert fixed(CONTINUED) == BASE + "# trailing\n" + kept


def test_a_continuation_behind_a_comment_stays_where_the_comment_goes() -> None:
    text = BASE + "COPY a.txt # first \\\n  b.txt /dst/\n"
    assert fixed(text) == BASE + "# first\nCOPY a.txt \\\n  b.txt /dst/\n"


def test_a_number_sign_in_a_value_is_not_the_comment_behind_it() -> None:
    text = BASE + 'ENV A="x #y" # one\n'
    assert fixed(text) == BASE + '# one\nENV A="x #y"\n'


def test_a_comment_behind_copy_is_an_error_where_no_such_files_exist() -> None:
    around = Around(files={"code/a.py": ""})
    findings = found(BASE + "COPY code /app # the code\n", around)
    assert [d.code for d in findings if d.severity == "error"] == ["AML007"]


def test_a_comment_behind_env_is_the_cause_of_the_fault() -> None:
    finding = one("AML007", BASE + "ENV A=1 # one\n")
    assert finding.syntax
    assert fixed(BASE + "ENV A=1 # one\n") == BASE + "# one\nENV A=1\n"


def test_a_number_sign_inside_a_word_is_no_comment() -> None:
    assert "AML007" not in codes(BASE + "COPY c#/score.cs /app/\n")


@pytest.mark.parametrize(
    "line", ["CMD {}", "ENTRYPOINT {}", "RUN {}", "CMD [ 'ls' ,\\\n  '/tmp' ]"]
)
def test_an_array_in_single_quotes_is_no_json_and_gets_double_ones(line: str) -> None:
    text = "FROM debian:12\n" + line.format("['ls', '/tmp']") + "\n"
    finding = one("AML001", text)
    assert (finding.severity, finding.line) == ("error", 2)
    assert "double quotes" in finding.message
    assert fixed(text) == text.replace("'", '"')


@pytest.mark.parametrize(
    "line",
    ["CMD [ 'a' = b ] && ls", "RUN [ 'a' ]x", "CMD ['a', \"b\"]", "CMD [ -f 'a' ]", "CMD ['$A'"],
)
def test_a_test_of_the_shell_is_no_array(line: str) -> None:
    assert "AML001" not in codes(f"FROM debian:12\n{line}\n")


@pytest.mark.parametrize("line", ['CMD ["ls"]', 'ENTRYPOINT [ "ls", "/tmp" ]', 'VOLUME ["/a"]'])
def test_a_comment_behind_an_array_makes_it_no_array(line: str) -> None:
    text = f"FROM debian:12\n{line} # list\n"
    assert one("AML007", text).severity == "error"
    assert fixed(text) == f"FROM debian:12\n# list\n{line}\n"


def test_a_comment_behind_a_command_of_the_shell_is_one() -> None:
    for line in ("CMD ls # list", 'CMD [ "$A" = b ] # list', 'RUN ["ls"] #list && ls'):
        assert ("AML007" in codes(f"FROM debian:12\n{line}\n")) is line.startswith("RUN")
