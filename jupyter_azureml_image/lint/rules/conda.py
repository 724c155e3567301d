"""Conda environments: the one that serves, and others that nobody uses."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ...catalog.catalog import find
from ...dockerfile.facts import StageFacts
from ...dockerfile.model import Span
from ...patterns import pattern
from ..installs import CondaCall, CondaFile, PipInstall, conda_file
from ..links import ASSETS, ENVIRONMENTS, EXAMPLES, OLD_PYTHON_ISSUE, START_SCRIPT, VNET_SAMPLE
from ..rule import About, Example, Finding, rule
from ..shell import Command
from ..steps import Step
from ..subject import Subject

_CURATED = "FROM mcr.microsoft.com/azureml/curated/minimal-py311-inference:12\n"
_CHANGES = ("install", "create", "update", "env update", "env create")
_SERVER = "azureml-inference-server-http"
_CONDA_ITSELF = frozenset(("conda", "mamba", "conda-libmamba-solver", "conda-pack", "conda-lock"))
_ENDED = ("3.6", "3.7", "3.8", "3.9")
_WHEEL = pattern(
    r"[\w.+-]*-cp3(\d+)-(?!abi3)\w+-[\w.]*(?:linux|win|macos)\w*\.whl", needs=("-cp3",)
)
_SETTLED = pattern(
    r"tos\s+accept|AUTO_ACCEPT_TOS|override-channels",
    needs=("tos", "AUTO_ACCEPT_TOS", "override-channels"),
)


def _file(subject: Subject, call: CondaCall) -> CondaFile | None:
    text = subject.requirements_text(call.file) if call.file else None
    return conda_file(text) if text is not None else None


def _target(subject: Subject, call: CondaCall) -> str | None:
    """The folder or name of the environment that is changed; None for the current one."""
    if call.prefix:
        return _resolved(subject, call.prefix)
    if call.name:
        return call.name
    if call.file and call.action.startswith("env") and (read := _file(subject, call)):
        return read.name
    return None


def _resolved(subject: Subject, name: str) -> str:
    """A prefix that is a variable of the image, as its value."""
    match = re.fullmatch(r"\$\{?(\w+)\}?", name.strip('"'))
    return (subject.variable(match[1]) or name) if match else name


def _serves_from(subject: Subject, target: str) -> bool:
    """Whether something puts that environment before the image's own."""
    places = {target, f"/opt/miniconda/envs/{target}", f"/azureml-envs/{target}"}
    names = ("PATH", "AZUREML_CONDA_ENVIRONMENT_PATH", "CONDA_DEFAULT_ENV")
    values = " ".join(subject.variable(name) or "" for name in names if name in subject.environment)
    bare = target.rsplit("/", 1)[-1]
    return any(place in values for place in places) or f"/{bare}/bin" in values


@rule(
    About(
        "AML043",
        "error",
        "Packages into an environment that does not serve",
        why="The server runs in one Python prefix. What conda puts into another environment is "
        "on nobody's import path: the entry script fails with ModuleNotFoundError.",
        remedy="conda env update -p $AZUREML_CONDA_ENVIRONMENT_PATH, or set PATH, "
        "AZUREML_CONDA_ENVIRONMENT_PATH and LD_LIBRARY_PATH to the new environment.",
        example=Example(
            _CURATED + "COPY conda.yaml /tmp/\n"
            "RUN conda env update -n amlenv --file /tmp/conda.yaml\n",
            _CURATED + "COPY conda.yaml /tmp/\n"
            "RUN conda env update -p $AZUREML_CONDA_ENVIRONMENT_PATH --file /tmp/conda.yaml\n",
        ),
        sources=(VNET_SAMPLE, EXAMPLES),
    )
)
def unused_environment(subject: Subject) -> Iterator[Finding]:
    """An error where the catalog knows the serving prefix, a warning where it does not."""
    base = subject.base
    if base is None or not base.serves or base.family == "inference-base":
        return
    if any(name in subject.environment for name in ("AZUREML_CONDA_ENVIRONMENT_PATH", "PATH")):
        return
    for command, target in _changed(subject):
        prefix = subject.prefix
        likely = prefix or "/azureml-envs/minimal"
        if target in (likely, likely.rsplit("/", 1)[-1]):
            continue
        where = prefix or f"another prefix, most likely {likely}"
        yield Finding(
            command.span,
            f"The packages go to the environment {target}, but {base.name} serves from {where}",
            severity=None if prefix else "warning",
        )


def _renews_conda(call: CondaCall) -> bool:
    """Whether it brings conda itself, which lives in an environment of its own, and no more."""
    names = {re.split(r"[\s=<>!~]", package, maxsplit=1)[0] for package in call.packages}
    return bool(names) and not call.file and names <= _CONDA_ITSELF


def _changed(subject: Subject) -> Iterator[tuple[Command, str]]:
    """The environments that conda, or pip by `conda run`, puts packages for the server into."""
    for step, call in subject.condas:
        target = _target(subject, call) if call.action in _CHANGES else None
        if target is None or "$" in target or _renews_conda(call):
            continue
        if subject.in_result(step):
            yield call.command, target
    for step, pip in subject.pips:
        if pip.conda and pip.environment and subject.in_result(step):
            target = _resolved(subject, pip.environment)
            if "$" not in target:
                yield pip.command, target


@rule(
    About(
        "AML044",
        "error",
        "The new environment lacks the inference server",
        why="The start script looks for azureml-inference-server-http in the environment that "
        "is on PATH, and ends with exit code 100 where it is missing.",
        remedy="Add azureml-inference-server-http to the environment, as Microsoft's example does.",
        example=Example(
            _CURATED + "COPY conda.yaml /tmp/\nRUN conda env create -n mine -f /tmp/conda.yaml\n"
            "ENV PATH=/opt/miniconda/envs/mine/bin:$PATH\n",
            _CURATED + "COPY conda.yaml /tmp/\nRUN conda env create -n mine -f /tmp/conda.yaml && "
            "conda run -n mine pip install azureml-inference-server-http==1.5.1\n"
            "ENV PATH=/opt/miniconda/envs/mine/bin:$PATH\n",
        ),
        sources=(START_SCRIPT, EXAMPLES),
    )
)
def server_missing_in_environment(subject: Subject) -> Iterator[Finding]:
    """Only where the environment's file can be read and nothing installs the server later."""
    if subject.base is None or not subject.base.serves or subject.own_start:
        return
    if any(_SERVER in subject.text[c.span.start : c.span.end] for _, c in subject.runs):
        return
    if any(pip.files for _, pip in subject.pips):
        return
    for _, call in subject.condas:
        read = _file(subject, call)
        target = _target(subject, call)
        if call.action not in ("env create", "create") or target is None:
            continue
        if (read is None and call.file) or not _serves_from(subject, target):
            continue
        packages = (*call.packages, *(read.packages if read else ()))
        if any("inference" in p for p in packages) or (
            read and any(r.name == _SERVER for r in read.pip)
        ):
            continue
        yield Finding(
            call.command.span, f"The environment {target} is put on PATH without {_SERVER}"
        )


@rule(
    About(
        "AML045",
        "error",
        "Another Python than the base's",
        why="A wheel for another Python is refused by pip, and a conda file that moves the "
        "serving Python leaves the server's packages behind.",
        remedy="Name the base's Python, or start from a base that has yours.",
        example=Example(
            "FROM mcr.microsoft.com/azureml/minimal-py312-inference:latest\n"
            "RUN pip install --no-cache-dir /tmp/mine-1.0-cp37-cp37m-manylinux1_x86_64.whl\n",
            "FROM mcr.microsoft.com/azureml/minimal-py312-inference:latest\n"
            "RUN pip install --no-cache-dir /tmp/mine-1.0-cp312-cp312-manylinux2014_x86_64.whl\n",
        ),
        sources=(OLD_PYTHON_ISSUE, ENVIRONMENTS),
    )
)
def other_python(subject: Subject) -> Iterator[Finding]:
    """Wheel names, and conda files that update the serving environment in place."""
    for step, pip in subject.pips:
        for span, said, version in _wheels(subject, pip):
            wanted = _python_of(subject, step.stage)
            if wanted not in (None, version) and _takes(pip, wanted):
                yield Finding(span, f"{said} Python {version}, the base has {wanted}")
    for step, call in subject.condas:
        yield from _conda_python(subject, step, call)


def _wheels(subject: Subject, pip: PipInstall) -> Iterator[tuple[Span, str, str]]:
    """Each wheel's place, how it is spoken of, and the one Python that it is for."""
    for word in pip.command.words:
        if match := _WHEEL.search(word.value):
            yield word.span, "This wheel is for", f"3.{match[1]}"
    for file in pip.files:
        if match := _WHEEL.search(subject.requirements_text(file) or ""):
            yield pip.command.span, f"{file.rsplit('/', 1)[-1]} names a wheel for", f"3.{match[1]}"


def _takes(pip: PipInstall, wanted: str | None) -> bool:
    """Whether the packages are for the base's own Python, as far as the command says."""
    named = re.search(r"3\.\d+$", pip.command.name)
    if pip.environment is not None or "--python-version" in pip.options:
        return False
    return named is None or named[0] == wanted


def _python_of(subject: Subject, stage: StageFacts) -> str | None:
    """The Python of a stage's base: what the catalog says, or an official image's tag."""
    root = subject.root_of(stage)
    image = find(root)
    if image is not None and image.serves:
        return image.python_minor
    match = re.match(r"(?:docker\.io/)?(?:library/)?python:(3\.\d+)", root)
    return match[1] if match else None


def _conda_python(subject: Subject, step: Step, call: CondaCall) -> Iterator[Finding]:
    read = _file(subject, call)
    if read is None or read.python is None or not subject.in_result(step):
        return
    wanted = _python_of(subject, step.stage)
    in_place = call.action in ("env update", "update", "install")
    if in_place and wanted and read.python != wanted:
        brings = any(r.name == _SERVER for r in read.pip)
        yield Finding(
            call.command.span,
            f"The conda file asks for Python {read.python}, the base serves with {wanted}",
            severity="warning" if brings else None,
        )
    elif read.python in _ENDED:
        yield Finding(
            call.command.span,
            f"Python {read.python} of the conda file has ended",
            severity="warning",
            remedy="Move to Python 3.11 or newer.",
        )


@rule(
    About(
        "AML047",
        "warning",
        "A conda channel with terms to accept",
        why="Newer conda stops with 'terms of service have not been accepted' when it meets "
        "Anaconda's own channels in a build, where nobody can accept them.",
        remedy="Use conda-forge only, or accept the terms in the build as Microsoft's images do.",
        example=Example(
            _CURATED + "RUN conda install -y -c defaults -p $AZUREML_CONDA_ENVIRONMENT_PATH "
            "numpy=2.2\n",
            _CURATED + "RUN conda install -y -c conda-forge --override-channels "
            "-p $AZUREML_CONDA_ENVIRONMENT_PATH numpy=2.2\n",
        ),
        sources=(ASSETS,),
    )
)
def channels_with_terms(subject: Subject) -> Iterator[Finding]:
    """Channels named `defaults`, `anaconda` or `main`, in the command or in its file."""
    if not subject.condas or _SETTLED.search(subject.text):
        return
    for _, call in subject.condas:
        if call.action not in _CHANGES:
            continue
        read = _file(subject, call)
        channels = (*call.channels, *(read.channels if read else ()))
        bad = next((c for c in channels if c in ("defaults", "anaconda", "main", "r")), None)
        if bad:
            yield Finding(
                call.command.span, f"The channel {bad} has terms that nobody accepts here"
            )
