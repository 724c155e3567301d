"""Deploying without a build: the base image as it is, and a folder of packages beside the code.

Microsoft calls it Python package extensibility, and calls it a preview. The folder form with
PYTHONPATH works on every inference base; AZUREML_EXTRA_PYTHON_LIB_PATH only on those whose
start script reads it, so it is used only where that is known.

Source: "Add Python packages to a prebuilt image" (how-to-prebuilt-docker-images-inference-
python-extensibility), and the start script of mlflow-model-inference in Azure/azureml-assets.
"""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from .catalog.catalog import find
from .dockerfile.parse import parse
from .errors import BadUsage, ImageError
from .lint.no_build import NoBuild, no_build
from .lint.question import CheckInput
from .lint.subject import Subject

PACKAGES = "pkgs"
_BIG = 100_000_000
_LAST_LINES = 6
_PLATFORMS = ("manylinux2014_x86_64", "manylinux_2_17_x86_64", "manylinux_2_28_x86_64")


@dataclass(frozen=True, slots=True)
class Prepared:
    """A code folder that is ready, and what the deployment has to be told.

    `image` goes into the environment (nothing is built), `code` and `scoring_script` into
    code_configuration, `variables` into environment_variables; `size` is that of the packages
    in bytes, `warnings` are sentences. `state` is Microsoft's word for the feature.
    """

    image: str
    code: Path
    scoring_script: str
    variables: Mapping[str, str]
    size: int
    warnings: tuple[str, ...] = ()
    model: str | None = None
    state: str = "preview"


def advise(question: CheckInput) -> NoBuild | None:
    """What would replace the build; None where the Dockerfile does more than add packages."""
    return no_build(Subject(question))


def make(
    dockerfile: str, context: Path | str, folder: Path | str, *, force: bool = False
) -> Prepared:
    """Write the code folder with its packages into `folder`.

    The packages are wheels for the base's Python on Linux, whatever runs here. Raises
    BadUsage where the Dockerfile needs a build or the folder is taken, ImageError where pip
    finds no wheel.
    """
    root, target = Path(context), Path(folder)
    plan = advise(_question(dockerfile, root))
    if plan is None:
        raise BadUsage(
            "This Dockerfile needs a build.",
            hint="Only FROM an inference base, COPY, RUN pip install and ENV can do without one.",
        )
    if target.exists() and any(target.iterdir()) and not force:
        raise BadUsage(f"{target} is not empty.", hint="Name another folder, or give force=True.")
    target.mkdir(parents=True, exist_ok=True)
    _copy_code(plan, root, target)
    size = _install(plan, target / PACKAGES)
    return Prepared(
        image=plan.image,
        code=target,
        scoring_script=plan.entry_script or "score.py",
        variables=_variables(plan, target),
        size=size,
        warnings=_warnings(plan, size),
        model=plan.model,
    )


def _question(dockerfile: str, root: Path) -> CheckInput:
    from .context.manifest import resolve_context

    def read(path: str) -> bytes | None:
        file = root / path
        return file.read_bytes() if file.is_file() else None

    manifest = resolve_context(root)
    return CheckInput(parse(dockerfile), manifest=manifest, read=read)


def _copy_code(plan: NoBuild, root: Path, target: Path) -> None:
    if plan.code is None:
        return
    source = root / plan.code
    if source.is_dir():
        ignored = shutil.ignore_patterns("__pycache__", ".git")
        shutil.copytree(source, target, dirs_exist_ok=True, ignore=ignored)
    else:
        shutil.copy2(source, target / source.name)


def _install(plan: NoBuild, folder: Path) -> int:
    """Installs with this Python's pip, for the base's; gives the bytes it took."""
    if importlib.util.find_spec("pip") is None:
        raise ImageError(
            f"{sys.executable} has no pip, which is what fetches the packages.",
            hint="Install it into this environment ('python -m ensurepip', or 'uv pip install "
            "pip'), or build the image instead.",
            code="no-pip",
        )
    version = plan.python or "3.12"
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    command += ["--target", str(folder), "--upgrade", "--only-binary=:all:"]
    command += ["--python-version", version, "--implementation", "cp"]
    for platform in _PLATFORMS:
        command += ["--platform", platform]
    done = subprocess.run(
        [*command, *plan.requirements], capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        last = [line for line in done.stderr.splitlines() if line.strip()][-_LAST_LINES:]
        raise ImageError(
            f"pip finds no wheels for Python {version} on Linux: {(last or ['no reason'])[0]}",
            hint="\n".join(last[1:]) or "Build the image instead.",
            code="no-wheels",
        )
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


def _variables(plan: NoBuild, target: Path) -> dict[str, str]:
    if plan.reads_extra:
        return {"AZUREML_EXTRA_PYTHON_LIB_PATH": PACKAGES}
    # A deployment's code folder keeps its name below /var/azureml-app.
    return {"PYTHONPATH": f"/var/azureml-app/{target.name}/{PACKAGES}"}


def _warnings(plan: NoBuild, size: int) -> tuple[str, ...]:
    said = ["Python package extensibility is a preview feature of Azure ML."]
    if size > _BIG:
        said.append(
            f"The packages are {size / 1e6:.0f} MB: they are uploaded as code and downloaded by "
            "every instance. A build may be the better way."
        )
    base = find(plan.image)
    if base is not None and base.status != "current":
        said.append(f"{base.name} is {base.status}.")
    return tuple(said)
