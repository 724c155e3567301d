"""Base images: retired, deprecated, unpinned, without a server."""

from __future__ import annotations

import pytest

from jupyter_azureml_image.dockerfile.facts import BaseFacts
from jupyter_azureml_image.dockerfile.parse import parse
from jupyter_azureml_image.lint.check import CheckInput, check
from jupyter_azureml_image.lint.fix import preview
from tests.lint.asking import APP, BASE, LOCAL, Around, codes, found, one

MCR = "mcr.microsoft.com/azureml"
MLFLOW = f"FROM {MCR}/curated/mlflow-py312-inference:12\n"


def test_a_retired_image_is_a_warning_with_its_successor_and_framework() -> None:
    text = f"FROM {MCR}/pytorch-1.6-ubuntu18.04-py37-cpu-inference:latest\n"
    finding = one("AML010", text)
    assert finding.severity == "warning"
    assert "Python 3.7" in finding.message
    assert "minimal-py312-inference" in finding.remedy
    assert [fix.certain for fix in finding.fixes] == [False]
    shown = preview(parse(text), finding.fixes[0])
    assert f"+FROM {MCR}/minimal-py312-inference:latest" in shown
    assert "+RUN pip install --no-cache-dir torch==" in shown


def test_the_successor_keeps_the_users_balance() -> None:
    text = f"FROM {MCR}/sklearn-0.24.1-ubuntu18.04-py37-cpu-inference:latest\n"
    shown = preview(parse(text), one("AML010", text).fixes[0])
    assert shown.index("+USER root:root") < shown.index("+RUN") < shown.index("+USER dockeruser")


def test_an_image_that_is_on_no_list_is_told_from_its_name() -> None:
    text = f"FROM {MCR}/minimal-ubuntu20.04-py39-cpu-inference:latest\n"
    finding = one("AML010", text)
    assert "no list" in finding.message
    assert "no more" not in finding.message + finding.why + finding.remedy


@pytest.mark.parametrize(
    "image",
    [
        "minimal-py312-inference:latest",
        "curated/minimal-py311-inference:12",
        "openmpi5.0-ubuntu24.04:20250701.v1",
    ],
)
def test_current_images_are_neither_retired_nor_deprecated(image: str) -> None:
    assert not {"AML010", "AML011", "AML012", "AML015"} & codes(f"FROM {MCR}/{image}\n")


def test_a_deprecated_base_offers_its_successor() -> None:
    finding = one("AML011", f"FROM {MCR}/openmpi4.1.0-ubuntu20.04:latest\n")
    assert finding.severity == "warning"
    assert finding.fixes[0].edits[0].text == f"{MCR}/openmpi5.0-ubuntu24.04:latest"


def test_a_stage_that_comes_from_another_is_not_told_again() -> None:
    text = f"FROM {MCR}/openmpi4.1.0-ubuntu20.04:latest AS one\nFROM one\n"
    assert one("AML011", text).line == 1


def test_a_base_without_tag_is_a_warning_and_a_pinned_one_is_not() -> None:
    assert one("AML013", "FROM rstudio/plumber\n").severity == "warning"
    for line in ("FROM debian:12", "FROM debian@sha256:" + "a" * 64, "FROM scratch"):
        assert "AML013" not in codes(line + "\n")


def test_a_base_named_by_an_argument_is_read_through_it() -> None:
    assert "AML013" not in codes("ARG TAG=12\nFROM debian:${TAG}\n")
    assert "AML013" in codes("ARG IMAGE=debian\nFROM ${IMAGE}\n")


def test_latest_is_only_a_remark_on_inference_images() -> None:
    assert one("AML014", BASE).severity == "info"
    assert "AML014" not in codes("FROM debian:latest\n")


def test_an_old_tag_is_measured_by_the_newest_known_one() -> None:
    finding = one("AML015", f"FROM {MCR}/openmpi4.1.0-ubuntu22.04:20240101.v1\n")
    assert finding.fixes[0].edits[0].text.endswith(":20250701.v1")
    assert "AML015" not in codes(f"FROM {MCR}/openmpi4.1.0-ubuntu22.04:20250301.v1\n")


def test_a_training_base_with_an_entry_script_has_no_server() -> None:
    text = f"FROM {MCR}/openmpi5.0-ubuntu24.04:20250701.v1\n{APP}"
    assert one("AML016", text).severity == "warning"


@pytest.mark.parametrize(
    "line",
    [
        "RUN pip install azureml-inference-server-http==1.5.1",
        "COPY requirements.txt /tmp/\nRUN pip install -r /tmp/requirements.txt",
        "RUN conda env create -f /tmp/conda.yaml",
    ],
)
def test_a_server_that_may_be_installed_keeps_it_quiet(line: str) -> None:
    text = f"FROM {MCR}/openmpi5.0-ubuntu24.04:20250701.v1\n{line}\n{APP}"
    assert "AML016" not in codes(text)


def test_an_image_in_the_engine_that_has_the_server_beats_the_catalog() -> None:
    base = "example.azurecr.io/mine:1"
    facts = BaseFacts(user="dockeruser", server=True, known_from="image")
    question = CheckInput(parse(f"FROM {base}\n{APP}"), bases={base: facts})
    assert "AML016" not in {d.code for d in check(question)}
    assert "AML016" in codes(f"FROM {base}\n{APP}")


def test_a_gpu_base_is_remarked_on_the_local_engine_only() -> None:
    text = f"FROM {MCR}/curated/minimal-py312-cuda12.4-inference:12\n"
    assert one("AML017", text, Around(abilities=LOCAL)).severity == "info"
    assert "AML017" not in codes(text)


def test_code_beside_the_mlflow_server_is_an_error_with_a_certain_fix() -> None:
    finding = one("AML018", MLFLOW + APP)
    assert finding.severity == "error"
    assert "AML_APP_ROOT=/var/azureml-app" in finding.fixes[0].edits[0].text


def test_an_absolute_entry_script_beside_mlflow_is_no_error() -> None:
    text = (
        MLFLOW + "COPY code /var/azureml-app\nENV AZUREML_ENTRY_SCRIPT=/var/azureml-app/score.py\n"
    )
    assert [d.code for d in found(text) if d.severity == "error"] == []
