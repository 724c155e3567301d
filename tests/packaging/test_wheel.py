"""The wheel: what a user gets, and what it asks of an environment that is already there."""

from __future__ import annotations

import re
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
KERNEL = Path(__file__).with_name("azureml_py310_sdkv2.txt")
UV = (sys.executable, "-m", "uv")


def _run(*command: str) -> str:
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout}{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    _run(sys.executable, "-m", "build", "--no-isolation", "--wheel", "--outdir", str(folder), ".")
    (built,) = folder.glob("*.whl")
    return built


def _pinned(text: str) -> dict[str, str]:
    return dict(re.findall(r"(?m)^([A-Za-z0-9._-]+)==(\S+)", text))


def test_the_wheel_is_typed_and_holds_only_the_package(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert "jupyter_azureml_image/py.typed" in names
    folders = {name.split("/")[0] for name in names}
    kept = {f for f in folders if not f.endswith((".dist-info", ".data"))}
    assert kept == {"jupyter_azureml_image"}
    data = {"/".join(n.split("/")[1:5]) for n in names if n.split("/")[0].endswith(".data")}
    assert data == {"data/share/jupyter/labextensions"}
    licences = [n for n in names if n.endswith("LICENSE")]
    assert licences


def test_the_wheel_holds_every_file_of_the_package(wheel: Path) -> None:
    folder = ROOT / "jupyter_azureml_image"
    files = {
        str(path.relative_to(ROOT))
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert files - set(zipfile.ZipFile(wheel).namelist()) == set()


def test_the_package_imports_in_an_environment_that_holds_nothing_else(
    wheel: Path, tmp_path: Path
) -> None:
    venv = tmp_path / "venv"
    _run(*UV, "venv", "-q", "--python", sys.executable, str(venv))
    python = str(venv / "bin" / "python")
    _run(*UV, "pip", "install", "-q", "--no-deps", "--python", python, str(wheel))
    said = _run(
        python,
        "-Ic",
        "import jupyter_azureml_image as p; print(p.__version__, p.__file__)",
    )
    assert str(venv) in said


def test_a_kernel_of_the_azureml_sdk_gets_the_package_without_moving_a_version(
    wheel: Path, tmp_path: Path
) -> None:
    # Every line of the listing is an exact pin: a resolution at all means that none of them moved.
    asked = tmp_path / "asked.in"
    asked.write_text(f"{KERNEL.read_text()}\njupyter-azureml-image @ {wheel.as_uri()}\n")
    resolved = _pinned(
        _run(*UV, "pip", "compile", "-q", "--no-annotate", "--python-version", "3.10", str(asked))
    )
    there = _pinned(KERNEL.read_text())
    assert {name: resolved.get(name) for name in there} == there
    widgets = {"ipywidgets", "jupyterlab-widgets", "widgetsnbextension"}
    http2 = {"grpclib", "h2", "hpack", "hyperframe", "multidict"}
    assert set(resolved) - set(there) == widgets | http2


def test_the_source_archive_holds_what_its_makefile_and_its_tests_need(tmp_path: Path) -> None:
    _run(sys.executable, "-m", "build", "--no-isolation", "--sdist", "--outdir", str(tmp_path), ".")
    (built,) = tmp_path.glob("*.tar.gz")
    with tarfile.open(built) as archive:
        files = {name.partition("/")[2] for name in archive.getnames()}
    for folder in ("tools", "benchmarks", "tests"):
        here = {str(path.relative_to(ROOT)) for path in (ROOT / folder).rglob("*.py")}
        assert here - files == set()
    assert {"tools/standin/Dockerfile", "tools/witness.sh"} <= files
