"""The five samples of Microsoft's page "Extend a prebuilt Docker image", as printed there."""

from __future__ import annotations

from jupyter_azureml_image.dockerfile.parse import parse
from jupyter_azureml_image.lint.fix import fix, preview
from tests.lint.asking import SCORE, Around, codes, fixed, found, one, question
from tools.page_samples import APT, BUILT_IN, EXAMPLE, PIP, REQUIREMENTS

CONTEXT = Around(files={"code/score.py": SCORE, "model/model.onnx": 10})


def test_the_first_sample_has_its_en_dash_mended_and_its_placeholders_kept() -> None:
    assert [d.code for d in found(REQUIREMENTS) if d.severity == "error"] == ["AML002", "AML001"]
    after = fixed(REQUIREMENTS)
    assert after.endswith("RUN pip install --no-cache-dir -r /tmp/requirements.txt\n")
    assert after.startswith("FROM mcr.microsoft.com/azureml/<image_name>:<tag>\n")


def test_the_apt_sample_gets_its_backslash_back() -> None:
    finding = one("AML003", APT)
    assert (finding.line, finding.syntax) == (10, True)
    after = fixed(APT)
    assert "    ... \\\n    <package-n> && \\\n" in after
    assert "# Switch back to non-root user\nUSER dockeruser\n" in after
    assert "AML003" not in codes(after)


def test_every_placeholder_of_the_apt_sample_is_named() -> None:
    named = " ".join(d.message for d in found(fixed(APT)) if d.code == "AML002")
    for placeholder in ("<prebuilt docker image from MCR>", "<package-1>", "<package-n>", "'...'"):
        assert placeholder in named


def test_the_pip_sample_is_a_part_of_a_dockerfile() -> None:
    assert {"AML002", "AML004"} <= codes(PIP)


def test_the_placeholders_of_the_code_and_model_sample_are_named() -> None:
    lines = [d.line for d in found(BUILT_IN) if d.code == "AML002"]
    assert lines == [1, 4, 5, 8]
    assert fixed(BUILT_IN) == BUILT_IN
    assert "AML016" not in codes(BUILT_IN), "of a base without a name nothing is known"


def test_the_full_example_builds_and_so_has_no_error() -> None:
    assert [d.code for d in found(EXAMPLE, CONTEXT) if d.severity == "error"] == []
    assert {"AML010", "AML034"} <= codes(EXAMPLE, CONTEXT)


def test_the_full_example_gets_an_opencv_that_the_server_can_import() -> None:
    after = fixed(EXAMPLE, CONTEXT)
    assert "    libpng-tools && \\\n    apt-get clean -y && \\\n" in after
    assert "RUN pip install --no-cache-dir opencv-python-headless==" in after
    assert "AML034" not in codes(after, CONTEXT)


def test_the_retired_base_of_the_full_example_is_offered_a_successor_as_a_diff() -> None:
    finding = one("AML010", EXAMPLE)
    shown = preview(parse(EXAMPLE), finding.fixes[0])
    assert "+FROM mcr.microsoft.com/azureml/minimal-py312-inference:latest" in shown
    assert "+RUN pip install --no-cache-dir torch==" in shown
    assert "FROM mcr.microsoft.com/azureml/pytorch-1.6" in fixed(EXAMPLE, CONTEXT)


def test_fixing_shows_what_it_leaves_to_decide_as_diffs() -> None:
    offers = fix(question(EXAMPLE)).offers
    told = "Not applied, look at it first: Start from azureml/minimal-py312-inference and install"
    assert offers.count(told) == 1
    assert "[AML010]\n--- Dockerfile\n" in offers
    assert "-FROM mcr.microsoft.com/azureml/pytorch-1.6-ubuntu18.04" in offers
    assert "opencv" not in "".join(line for line in offers.splitlines() if line[:1] in "+-")


def test_comments_and_layout_survive() -> None:
    after = fixed(EXAMPLE, CONTEXT)
    for line in EXAMPLE.splitlines():
        if line.startswith(("#", "COPY", "ENV", "USER")):
            assert line in after.splitlines()


def test_fixing_twice_changes_nothing_more() -> None:
    for sample in (REQUIREMENTS, APT, PIP, BUILT_IN, EXAMPLE):
        once = fix(question(sample)).text
        assert fix(question(once)).text == once
