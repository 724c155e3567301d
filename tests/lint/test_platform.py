"""Builder, platform, names, sizes, and the way without a build."""

from __future__ import annotations

from pathlib import Path

import pytest

from jupyter_azureml_image.errors import BadUsage, ImageError
from jupyter_azureml_image.extensibility import advise, make
from jupyter_azureml_image.lint.check import Definition, DeploymentWish, LastBuild, Plans
from jupyter_azureml_image.plan.request import Mounts, Rehearsal
from tests.lint.asking import (
    ACR,
    APP,
    BASE,
    CURATED,
    LOCAL,
    SCORE,
    Around,
    codes,
    fixed,
    one,
    question,
)

MLFLOW = "FROM mcr.microsoft.com/azureml/curated/mlflow-py312-inference:12\n"


def test_an_arm_image_is_an_error_and_becomes_amd64() -> None:
    text = "FROM --platform=linux/arm64 debian:12\n"
    assert one("AML100", text).severity == "error"
    assert fixed(text) == "FROM --platform=linux/amd64 debian:12\n"
    assert one("AML100", BASE, Around(platform="linux/arm64")).severity == "error"


@pytest.mark.parametrize("platform", ["linux/amd64", "$BUILDPLATFORM", "${TARGETPLATFORM}"])
def test_amd64_and_variables_are_right(platform: str) -> None:
    assert "AML100" not in codes(f"FROM --platform={platform} debian:12\n")


def test_an_arm_build_stage_does_not_matter() -> None:
    text = "FROM --platform=linux/arm64 debian:12 AS made\n" + BASE + "COPY --from=made /a /tmp/\n"
    assert "AML100" not in codes(text)
    platform = (
        "FROM --platform=linux/arm64 mcr.microsoft.com/azureml/openmpi5.0-ubuntu24.04:1 AS m\n"
    )
    assert "InvalidBaseImagePlatform" in codes(platform + BASE)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("RUN <<EOF\ntrue\nEOF", "a heredoc"),
        ("RUN --mount=type=cache,target=/x true", "RUN --mount"),
        ("RUN --mount=type=secret,id=a true", "a build secret"),
        ("COPY --chmod=755 a /b", "COPY --chmod"),
        ("COPY --link a /b", "COPY --link"),
    ],
)
def test_what_acr_cannot_do_is_said_before_it_is_asked(line: str, said: str) -> None:
    finding = one("AML101", f"{BASE}{line}\n", Around(abilities=ACR))
    assert said in finding.message
    assert "ACR Tasks" in finding.message
    assert "AML101" not in codes(f"{BASE}{line}\n")


def test_a_cloud_builder_that_cannot_be_asked_is_checked_by_what_is_known_of_it() -> None:
    around = Around(options={"build": "acr"})
    secret = BASE + "RUN --mount=type=secret,id=a true\n"
    assert one("AML101", secret, around).severity == "error"
    heredoc = one("AML101", BASE + "RUN <<EOF\ntrue\nEOF\n", around)
    assert heredoc.severity == "warning"
    assert "az acr build" in heredoc.message
    azureml = Around(options={"build": "azureml"})
    assert one("AML101", BASE + "RUN <<EOF\ntrue\nEOF\n", azureml).severity == "error"


def test_a_builder_that_can_do_it_is_right() -> None:
    assert "AML101" not in codes(BASE + "RUN <<EOF\ntrue\nEOF\n", Around(abilities=LOCAL))


def test_building_in_the_cloud_beside_an_engine_that_could_is_a_remark() -> None:
    finding = one("try-locally", BASE, Around(locally=LOCAL, options={"build": "acr"}))
    assert finding.severity == "info"
    assert "Docker Engine with buildx could build this here" in finding.message


@pytest.mark.parametrize(
    "around",
    [
        Around(locally=LOCAL),
        Around(locally=LOCAL, options={"build": "local"}),
        Around(options={"build": "acr"}),
    ],
    ids=["auto", "local", "no engine that could"],
)
def test_otherwise_nothing_is_said_of_where_it_is_built(around: Around) -> None:
    assert "try-locally" not in codes(BASE, around)


def test_a_big_or_slow_last_build_is_a_warning() -> None:
    big = Around(plans=Plans(last_build=LastBuild(image_bytes=6_000_000_000)))
    assert "6.0 GB" in one("AML102", BASE, big).message
    layers = Around(plans=Plans(last_build=LastBuild(layer_bytes=(1, 2_000_000_000))))
    assert "AML102" in codes(BASE, layers)
    slow = Plans(last_build=LastBuild(seconds=3600))
    assert "AML103" in codes(BASE, Around(plans=slow, abilities=ACR))
    assert "AML103" not in codes(BASE, Around(plans=slow, abilities=LOCAL))
    assert not {"AML102", "AML103"} & codes(BASE)


@pytest.mark.parametrize(
    ("name", "refused"),
    [("AzureML-x", True), ("microsoft_x", True), ("x" * 256, True), ("my-azureml", False)],
)
def test_reserved_names_are_an_error(name: str, refused: bool) -> None:
    assert ("AML110" in codes(BASE, Around(options={"name": name}))) is refused


@pytest.mark.parametrize(
    ("code", "definition"),
    [
        ("AML111", Definition(image="x", build_path=".")),
        ("AML111", Definition()),
        ("AML112", Definition(build_path="env", dockerfile_path="env/Dockerfile")),
        ("AML113", Definition(image="x", taken=True)),
    ],
)
def test_definitions_that_are_refused_are_caught(code: str, definition: Definition) -> None:
    assert code in codes(BASE, Around(plans=Plans(definition=definition)))
    right = Definition(build_path="env", dockerfile_path="Dockerfile")
    assert code not in codes(BASE, Around(plans=Plans(definition=right)))


@pytest.mark.parametrize("name", ["1st", "a", "my_endpoint", "ends-", "two--dashes", "x" * 33])
def test_endpoint_names_that_are_refused_are_an_error(name: str) -> None:
    assert "AML114" in codes(BASE, Around(plans=Plans(deployment=DeploymentWish(endpoint=name))))


@pytest.mark.parametrize("name", ["abc", "my-endpoint-1", "x" * 32])
def test_endpoint_names_that_are_taken_are_right(name: str) -> None:
    wish = DeploymentWish(endpoint=name, deployment="blue")
    assert "AML114" not in codes(BASE, Around(plans=Plans(deployment=wish)))


def test_the_local_mode_of_the_sdk_is_warned_about() -> None:
    local = Plans(deployment=DeploymentWish(local=True))
    assert "no model" in one("AML130", BASE, Around(plans=local)).message
    mounts = Mounts(code="code", scoring_script="score.py", model="model")
    fine = Around(plans=local, rehearsal=Rehearsal(mounts=mounts))
    assert "AML130" not in codes(BASE, fine)


ONLY_PACKAGES = BASE + "RUN pip install --no-cache-dir six==1.17.0\n" + APP
FILES = {"code/score.py": SCORE}


def test_packages_and_code_alone_need_no_build() -> None:
    assert one("AML120", ONLY_PACKAGES, Around(files=FILES)).severity == "info"
    plan = advise(question(ONLY_PACKAGES, Around(files=FILES)))
    assert plan is not None
    assert (plan.requirements, plan.code, plan.python) == (("six==1.17.0",), "code", "3.12")


@pytest.mark.parametrize(
    "line",
    ["RUN apt-get update", 'CMD ["bash"]', "RUN make", "EXPOSE 5001", "RUN pip install ./mine"],
)
def test_anything_else_needs_one(line: str) -> None:
    assert "AML120" not in codes(f"{ONLY_PACKAGES}{line}\n", Around(files=FILES))


def test_extra_variables_are_ignored_by_the_minimal_images() -> None:
    text = CURATED + "ENV AZUREML_EXTRA_PYTHON_LIB_PATH=pkgs\n"
    assert one("AML121", text).severity == "warning"
    assert "AML121" not in codes(text.replace(CURATED, MLFLOW))


def test_extra_variables_on_an_image_that_says_nothing_are_a_remark() -> None:
    assert one("AML121", BASE + "ENV AZUREML_EXTRA_PYTHON_LIB_PATH=p\n").severity == "info"


def test_extra_paths_are_relative_and_exist() -> None:
    absolute = MLFLOW + "ENV AZUREML_EXTRA_REQUIREMENTS_TXT=/tmp/r.txt\n"
    assert "exit 99" in one("AML122", absolute).message
    text = (
        MLFLOW + "COPY code /var/azureml-app\nENV AML_APP_ROOT=/var/azureml-app "
        "AZUREML_ENTRY_SCRIPT=score.py AZUREML_EXTRA_REQUIREMENTS_TXT=r.txt\n"
    )
    assert "AML122" in codes(text, Around(files=FILES))
    assert "AML122" not in codes(text, Around(files={**FILES, "code/r.txt": "six"}))


def test_a_closed_network_installs_nothing() -> None:
    closed = Around(plans=Plans(deployment=DeploymentWish(egress=False)))
    text = MLFLOW + "ENV AZUREML_EXTRA_REQUIREMENTS_TXT=r.txt\n"
    assert "AML123" in codes(text, closed)
    assert "AML123" not in codes(text)


def test_a_dockerfile_that_needs_a_build_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadUsage, match="needs a build"):
        make(BASE + "RUN make\n", tmp_path, tmp_path / "out")


def test_an_environment_without_pip_says_how_to_get_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "score.py").write_text(SCORE)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(ImageError, match="has no pip") as caught:
        make(ONLY_PACKAGES, tmp_path, tmp_path / "serving")
    assert "ensurepip" in str(caught.value.hint)


def test_the_folder_form_is_made_with_wheels_for_the_base(tmp_path: Path) -> None:
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "score.py").write_text(SCORE)
    ready = make(ONLY_PACKAGES, tmp_path, tmp_path / "serving")
    assert (ready.code / "score.py").is_file()
    assert (ready.code / "pkgs" / "six.py").is_file()
    assert ready.variables == {"PYTHONPATH": "/var/azureml-app/serving/pkgs"}
    assert ready.scoring_script == "score.py"
    assert ready.image == BASE.split()[1]
    assert "preview" in ready.warnings[0]
