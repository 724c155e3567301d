"""The check while typing says what a check says, as far as nobody outside is asked."""

from __future__ import annotations

from pathlib import Path

import pytest

from jupyter_azureml_image import api
from jupyter_azureml_image.lint.diagnostic import Diagnostic
from jupyter_azureml_image.notebook.glance import Glance

MLFLOW = "mcr.microsoft.com/azureml/curated/mlflow-py312-inference:12"
MINIMAL = "mcr.microsoft.com/azureml/minimal-py312-inference:latest"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/nobody.sock")
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub/a.py").write_text("def init():\n    pass\n\n\ndef run(data):\n    return 1\n")
    (tmp_path / "id_rsa").write_text("-----BEGIN OPENSSH PRIVATE KEY-----\n")
    return tmp_path


@pytest.mark.parametrize(
    "text",
    [
        f"FROM {MLFLOW}\nCOPY sub /var/azureml-app\nENV AZUREML_ENTRY_SCRIPT=a.py\n",
        f"FROM {MLFLOW}\nCOPY sub /var/mlflow_resources\nENV AZUREML_ENTRY_SCRIPT=a.py\n",
        f"FROM {MINIMAL}\nCOPY sub /var/azureml-app\nENV AZUREML_ENTRY_SCRIPT=b.py\n",
        f"FROM {MINIMAL}\nCOPY id_rsa missing /x/\nRUN pip install –r a\nBOGUS\n",
        f"FROM {MINIMAL}\nCOPY sub /x # why\nRUM true\n",
        "",
        "COPY a b\n",
    ],
)
def test_both_say_the_same(folder: Path, text: str) -> None:
    seen = {(d.code, d.severity, d.line, d.message) for d in Glance(str(folder)).check(text)}
    assert seen == {(d.code, d.severity, d.line, d.message) for d in _checked(text, folder)}


def _checked(text: str, folder: Path) -> tuple[Diagnostic, ...]:
    source = folder.parent / "Dockerfile"
    source.write_text(text)
    return api.check(source, context=folder)


@pytest.mark.parametrize("folder", ["nowhere", "a\0b", "n" * 5000, "~nobody-of-this-name/x"])
def test_a_folder_that_cannot_be_listed_stops_no_check(folder: str) -> None:
    found = Glance(folder).check("FROM scratch\nCOPY a /\nRUM true\n")
    assert "RUM" in " ".join(d.message for d in found)
