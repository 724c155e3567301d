"""The model: path, layout, order, size."""

from __future__ import annotations

import pytest

from jupyter_azureml_image.plan.request import Mounts, Rehearsal
from tests.lint.asking import APP, BASE, SCORE, Around, codes, found, one

DIR = "/var/azureml-app/azureml-models"
MODEL = f"COPY model {DIR}\nENV AZUREML_MODEL_DIR={DIR}\n"
LOAD = (
    "import os\n\n\ndef init():\n    path = os.path.join(os.environ['AZUREML_MODEL_DIR'], {})\n"
    "    open(path)\n\n\ndef run(data):\n    return data\n"
)


def files(script: str = SCORE, **more: str | int) -> Around:
    return Around(files={"code/score.py": script, "model/m.pkl": 10, **more})


def test_model_folder_and_copy_that_agree_are_right() -> None:
    assert "AML070" not in codes(BASE + APP + MODEL, files(LOAD.format("'m.pkl'")))


def test_a_model_folder_that_no_copy_creates_is_an_error() -> None:
    text = BASE + APP + MODEL.replace(f"model {DIR}", "model /var/azureml-app/models")
    finding = one("AML070", text, files(LOAD.format("'m.pkl'")))
    assert finding.severity == "error"
    above = MODEL.replace(f"model {DIR}", "model /var/azureml-app/")
    assert "AML070" in codes(BASE + APP + above, files())
    assert f"AZUREML_MODEL_DIR={DIR}" in finding.message
    assert finding.fixes[0].edits[0].text == "/var/azureml-app/models"


@pytest.mark.parametrize(
    "lines",
    [
        f"RUN curl -o {DIR}/m.pkl https://example.org/m.pkl\nENV AZUREML_MODEL_DIR={DIR}\n",
        f"COPY --from=debian:12 /m {DIR}/\nENV AZUREML_MODEL_DIR={DIR}\n",
        "ENV AZUREML_MODEL_DIR=$WHERE\n",
    ],
)
def test_a_folder_that_may_come_from_elsewhere_is_no_error(lines: str) -> None:
    assert "AML070" not in codes(BASE + APP + lines, files())


def test_a_folder_that_the_script_never_uses_is_only_a_warning() -> None:
    text = BASE + APP + MODEL.replace(f"model {DIR}", "model /var/azureml-app/models")
    assert one("AML070", text, files()).severity == "warning"


def test_without_the_files_a_slip_in_the_name_is_a_warning() -> None:
    text = BASE + APP + MODEL.replace(f"model {DIR}", "model /var/azureml-app/models")
    assert one("AML070", text).severity == "warning"
    assert "AML070" not in codes(BASE + APP + MODEL)


def test_a_file_that_the_script_joins_and_nobody_copies_is_an_error() -> None:
    finding = one("AML070", BASE + APP + MODEL, files(LOAD.format("'other.pkl'")))
    assert "m.pkl" in finding.message


@pytest.mark.parametrize(
    "script",
    [
        LOAD.format("NAME"),
        LOAD.format("'other.pkl'") + "\nimport glob\n",
        LOAD.format("'other.pkl'").replace("open(path)", "os.path.exists(path)"),
        SCORE + "\nfrom pathlib import Path\nimport os\n"
        "p = Path(os.environ['AZUREML_MODEL_DIR']) / 'm.pkl'\n",
    ],
)
def test_a_script_that_looks_around_or_is_right_is_left_alone(script: str) -> None:
    assert "AML070" not in codes(BASE + APP + MODEL, files(script))


def test_baked_and_mounted_hide_each_other() -> None:
    mounted = Rehearsal(mounts=Mounts(code="src", scoring_script="score.py", model="model"))
    around = Around(files={"code/score.py": SCORE, "model/m.pkl": 1}, rehearsal=mounted)
    findings = found(BASE + APP + MODEL, around)
    assert [d.line for d in findings if d.code == "AML071"] == [3, 5]
    assert "AML071" not in codes(BASE + APP + MODEL, files())


def test_a_big_model_is_remarked() -> None:
    around = files(**{"model/big.bin": 600_000_000})
    assert one("AML072", BASE + APP + MODEL, around).severity == "info"
    assert "AML072" not in codes(BASE + APP + MODEL, files())


def test_a_model_before_the_packages_is_a_warning() -> None:
    pip = "RUN pip install --no-cache-dir numpy==2.2.3\n"
    assert one("AML073", BASE + MODEL + pip).severity == "warning"
    assert "AML073" not in codes(BASE + pip + MODEL)


def test_the_mounted_layout_wants_the_folders_name() -> None:
    mounted = Rehearsal(mounts=Mounts(code="code", scoring_script="score.py", model="./model"))
    around = Around(files={"code/score.py": LOAD.format("'m.pkl'")}, rehearsal=mounted)
    assert "model/m.pkl" in one("AML074", BASE, around).message
    right = Around(files={"code/score.py": LOAD.format("'model', 'm.pkl'")}, rehearsal=mounted)
    assert "AML074" not in codes(BASE, right)


def test_the_mounted_layout_in_a_baked_image_is_a_warning() -> None:
    around = files(LOAD.format("'model', 'm.pkl'"))
    assert "AML074" in codes(BASE + APP + MODEL, around)
    assert "AML074" not in codes(BASE + APP + MODEL, files(LOAD.format("'m.pkl'")))
