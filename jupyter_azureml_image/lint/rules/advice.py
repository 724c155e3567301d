"""Where no build is needed, and the variables of Python package extensibility."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from ..entry import app_root
from ..links import EXTEND, EXTENSIBILITY, MINIMAL_PY311, START_SCRIPT
from ..no_build import no_build
from ..places import may_make
from ..rule import About, Example, Finding, rule
from ..subject import Subject

_FILES = (
    "AZUREML_EXTRA_PYTHON_LIB_PATH",
    "AZUREML_EXTRA_CONDA_YAML",
    "AZUREML_EXTRA_REQUIREMENTS_TXT",
)
_EXITS = {
    "AZUREML_EXTRA_PYTHON_LIB_PATH": "97",
    "AZUREML_EXTRA_CONDA_YAML": "98",
    "AZUREML_EXTRA_REQUIREMENTS_TXT": "99",
}
_EXTENSIBLE = "FROM mcr.microsoft.com/azureml/curated/mlflow-py312-inference:12\n"


@rule(
    About(
        "AML120",
        "info",
        "This needs no build",
        why="A Dockerfile that only adds pip packages, code and a model to an inference base can "
        "be left out: the base as it is, and a folder of packages beside the code, deploy "
        "faster. Microsoft calls the feature Python package extensibility (preview).",
        remedy="jupyter_azureml_image.extensibility.make() writes the folder and gives the "
        "deployment's arguments.",
        example=Example(
            "FROM mcr.microsoft.com/azureml/minimal-py312-inference:latest\n"
            "COPY requirements.txt /tmp/\n"
            "RUN pip install --no-cache-dir -r /tmp/requirements.txt\n",
            "# no Dockerfile: image= is the base, PYTHONPATH names the folder of packages\n",
        ),
        sources=(EXTEND, EXTENSIBILITY),
    )
)
def needs_no_build(subject: Subject) -> Iterator[Finding]:
    """FROM, COPY, RUN pip and ENV on an inference base, and at least one package."""
    if no_build(subject) is not None:
        yield Finding(
            subject.start_span,
            "Only packages, code and model are added: this could be deployed without a build "
            "(preview)",
        )


def _extra(subject: Subject) -> dict[str, str]:
    """The AZUREML_EXTRA_* variables of the image and of the planned deployment."""
    wish = subject.plans.deployment
    given = {n: subject.variable(n) or "" for n in _FILES if n in subject.environment}
    return given | {n: v for n, v in (wish.variables if wish else {}).items() if n in _FILES}


@rule(
    About(
        "AML121",
        "warning",
        "AZUREML_EXTRA_* on an image that ignores it",
        why="The start script of the current minimal images has no such block any more: the "
        "packages will be missing, without a word.",
        remedy="Put the packages into a folder and name it in PYTHONPATH, or build them in.",
        example=Example(
            "FROM mcr.microsoft.com/azureml/curated/minimal-py311-inference:12\n"
            "ENV AZUREML_EXTRA_PYTHON_LIB_PATH=pkgs\n",
            "FROM mcr.microsoft.com/azureml/curated/minimal-py311-inference:12\n"
            "ENV PYTHONPATH=/var/azureml-app/pkgs\n",
        ),
        sources=(MINIMAL_PY311,),
    )
)
def ignored_variable(subject: Subject) -> Iterator[Finding]:
    """Where the catalog knows the answer."""
    base = subject.base
    if base is None or not base.serves or base.extensibility == "yes":
        return
    for name in _extra(subject):
        known = subject.environment.get(name)
        sure = base.extensibility == "no"
        yield Finding(
            known[0].span if known else subject.start_span,
            f"{base.name} does not read {name}"
            if sure
            else f"Whether {base.name} reads {name} is not published: ask the image",
            severity=None if sure else "info",
        )


@rule(
    About(
        "AML122",
        "error",
        "AZUREML_EXTRA_* names what is not there",
        why="The paths are relative to the entry script's folder. The start script ends with 97 "
        "(folder), 98 (conda file) or 99 (requirements) where there is nothing.",
        remedy="Write the path relative to the entry script, and copy the file there.",
        example=Example(
            _EXTENSIBLE + "ENV AZUREML_EXTRA_REQUIREMENTS_TXT=/tmp/requirements.txt\n",
            _EXTENSIBLE + "COPY code /var/azureml-app\n"
            "ENV AML_APP_ROOT=/var/azureml-app AZUREML_ENTRY_SCRIPT=score.py "
            "AZUREML_EXTRA_REQUIREMENTS_TXT=requirements.txt\n",
        ),
        sources=(EXTENSIBILITY, START_SCRIPT),
    )
)
def missing_extra(subject: Subject) -> Iterator[Finding]:
    """On images that read the variables: an absolute path, or a file no COPY brings."""
    if subject.base is None or subject.base.extensibility != "yes":
        return
    for name, value in _extra(subject).items():
        known = subject.environment.get(name)
        span = known[0].span if known else subject.start_span
        code = _EXITS[name]
        if value.startswith("/"):
            yield Finding(
                span, f"{name}={value} has to be relative to the entry script (exit {code})"
            )
            continue
        if (
            not value
            or "$" in value
            or subject.mounts.code
            or not subject.places.complete(app_root(subject))
        ):
            continue
        entry = subject.variable("AZUREML_ENTRY_SCRIPT") or "main.py"
        folder = posixpath.dirname(posixpath.join(app_root(subject), entry))
        path = posixpath.normpath(posixpath.join(folder, value))
        there = subject.places.context_path(path) or subject.places.below(path)
        if not there and not may_make(subject, app_root(subject)) and subject.copies:
            yield Finding(span, f"{name}: no COPY brings {path} (exit {code})")


@rule(
    About(
        "AML123",
        "warning",
        "Packages from a network that is closed",
        why="With egress disabled an instance reaches no package index when it starts: the start "
        "script ends with 95.",
        remedy="Ship the packages: the folder form, or built in.",
        example=Example(
            "# egress_public_network_access=disabled\n"
            + _EXTENSIBLE
            + "ENV AZUREML_EXTRA_REQUIREMENTS_TXT=requirements.txt\n",
            _EXTENSIBLE + "ENV AZUREML_EXTRA_PYTHON_LIB_PATH=pkgs\n",
        ),
        sources=(EXTENSIBILITY,),
    )
)
def closed_network(subject: Subject) -> Iterator[Finding]:
    """The planned deployment."""
    wish = subject.plans.deployment
    if wish is None or wish.egress:
        return
    for name in _extra(subject):
        if name != "AZUREML_EXTRA_PYTHON_LIB_PATH":
            known = subject.environment.get(name)
            yield Finding(
                known[0].span if known else subject.start_span,
                f"{name} installs at start, and the deployment has no public network",
            )
