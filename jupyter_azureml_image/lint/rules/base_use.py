"""The base image, and what the file takes it for."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ...dockerfile.model import Span
from ..diagnostic import Edit, Fix
from ..installs import conda_file, requirement_lines
from ..links import ASSETS, NO_SERVER_ISSUE, START_SCRIPT, TROUBLESHOOT_IMAGES
from ..rule import About, Example, Finding, rule
from ..subject import APP_ROOT, Subject
from .base import listed_bases

_SERVER = "azureml-inference-server-http"


@rule(
    About(
        "AML016",
        "warning",
        "An entry script, but no inference server",
        why="Training bases and ordinary images bring no server: the container ends with "
        "'azureml-inference-server-http is missing'.",
        remedy="Start from a minimal inference image, or install azureml-inference-server-http "
        "and give routes and a CMD that starts it.",
        example=Example(
            "FROM mcr.microsoft.com/azureml/openmpi5.0-ubuntu24.04:latest\n"
            "COPY code /var/azureml-app\nENV AZUREML_ENTRY_SCRIPT=score.py\n",
            "FROM mcr.microsoft.com/azureml/minimal-py312-inference:latest\n"
            "COPY code /var/azureml-app\nENV AZUREML_ENTRY_SCRIPT=score.py\n",
        ),
        sources=(NO_SERVER_ISSUE, START_SCRIPT),
    )
)
def no_server(subject: Subject) -> Iterator[Finding]:
    """Quiet where a requirements or conda file that cannot be read may bring the server."""
    entry = subject.environment.get("AZUREML_ENTRY_SCRIPT")
    if entry is None or subject.known_base.server or (subject.base and subject.base.serves):
        return
    if subject.final is None or re.search(r"\$|<|\{\{", subject.root_of(subject.final)):
        return
    if _server_may_come(subject):
        return
    name = subject.base.name if subject.base else subject.root_of(subject.final)
    yield Finding(entry[0].span, f"{name} has no inference server, and nothing here installs one")


def _server_may_come(subject: Subject) -> bool:
    """Whether anything installs the server, or installs what cannot be seen."""
    for _, pip in subject.pips:
        if any(r.name == _SERVER for r in pip.requirements):
            return True
        for file in pip.files:
            text = subject.requirements_text(file)
            if text is None or any(r.name == _SERVER for r in requirement_lines(text)):
                return True
    for _, conda in subject.condas:
        text = subject.requirements_text(conda.file) if conda.file else None
        if conda.file and text is None:
            return True
        if text and any(r.name == _SERVER for r in conda_file(text).pip):
            return True
    return any(_SERVER in subject.text[c.span.start : c.span.end] for _, c in subject.runs)


@rule(
    About(
        "AML017",
        "info",
        "A GPU base on the local engine",
        why="GPU inference images are supported for local runs only on an Azure ML compute "
        "instance; without a GPU the server may start, the model may not.",
        remedy="Rehearse on the CPU twin, or go on and read the rehearsal with that in mind.",
        example=Example(
            "FROM mcr.microsoft.com/azureml/curated/minimal-py312-cuda12.4-inference:12\n",
            "FROM mcr.microsoft.com/azureml/minimal-py312-inference:latest\n",
        ),
        sources=(TROUBLESHOOT_IMAGES,),
    )
)
def gpu_base_here(subject: Subject) -> Iterator[Finding]:
    """Where the local engine builds."""
    if subject.abilities is None or subject.abilities.builder != "local":
        return
    for image, stage, word in listed_bases(subject):
        if image.serves and image.accelerator == "gpu" and stage in subject.lineage:
            yield Finding(word.span, f"{image.name} needs a GPU; this engine may have none")


@rule(
    About(
        "AML018",
        "error",
        "Code beside an MLflow server",
        why="The MLflow images start their own script in /var/mlflow_resources: a score.py in "
        "/var/azureml-app is never read.",
        remedy="Set AML_APP_ROOT=/var/azureml-app and AZUREML_ENTRY_SCRIPT, or start from a "
        "minimal image.",
        example=Example(
            "FROM mcr.microsoft.com/azureml/curated/mlflow-py312-inference:12\n"
            "COPY code /var/azureml-app\nENV AZUREML_ENTRY_SCRIPT=score.py\n",
            "FROM mcr.microsoft.com/azureml/curated/mlflow-py312-inference:12\n"
            "COPY code /var/azureml-app\n"
            "ENV AML_APP_ROOT=/var/azureml-app AZUREML_ENTRY_SCRIPT=score.py\n",
        ),
        sources=(ASSETS,),
    )
)
def code_beside_mlflow(subject: Subject) -> Iterator[Finding]:
    """An error where an entry script is named that cannot be found there, else a warning."""
    if subject.variable("AML_APP_ROOT") != "/var/mlflow_resources" or not subject.serving:
        return
    if subject.environment.get("AML_APP_ROOT") is not None:
        return
    copy = next((c for c in subject.copies if _inside(c.destination)), None)
    if copy is None:
        return
    entry = subject.environment.get("AZUREML_ENTRY_SCRIPT")
    named = entry is not None and not (subject.variable(entry[0].name) or "/").startswith("/")
    end = subject.end_of(subject.dockerfile.instructions[copy.instruction])
    fix = Fix(
        "Set AML_APP_ROOT",
        named,
        (Edit(end, end, f"{subject.newline}ENV AML_APP_ROOT={APP_ROOT}"),),
    )
    span = subject.dockerfile.instructions[copy.instruction].span
    yield Finding(
        Span(span.start, end),
        "The server of this base starts in /var/mlflow_resources and will not see this code",
        severity=None if named else "warning",
        fixes=(fix,),
    )


def _inside(destination: str) -> bool:
    return destination.rstrip("/") == APP_ROOT or destination.startswith(APP_ROOT + "/")
