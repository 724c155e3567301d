"""What the builder or the platform cannot do."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from ...dockerfile.facts import Need, NeedKind
from ...dockerfile.model import Span
from ..links import (
    ACR_BUILDKIT,
    ACR_TASKS,
    ARM_ISSUE,
    ARM_KEDRO_ISSUE,
    ARM_VSCODE_ISSUE,
    EXTEND,
)
from ..rule import About, Example, Finding, replace, rule
from ..subject import Subject

if TYPE_CHECKING:
    from ...build.ports import Abilities

_BY_TASK: tuple[NeedKind, ...] = ("mount", "chmod", "heredoc", "link", "syntax")
"""What ACR carries by a task file with DOCKER_BUILDKIT=1."""

_SPOKEN: dict[NeedKind, str] = {
    "heredoc": "a heredoc",
    "mount": "RUN --mount",
    "secret": "a build secret",
    "ssh": "an SSH mount",
    "link": "COPY --link",
    "chmod": "COPY --chmod",
    "parents": "COPY --parents",
    "exclude": "COPY --exclude",
    "syntax": "a frontend of its own (# syntax=)",
    "device": "RUN --device",
    "network": "RUN --network",
    "security": "RUN --security",
    "checksum": "ADD --checksum",
}


@rule(
    About(
        "AML100",
        "error",
        "Not an amd64 image",
        why="Azure ML's machines are amd64: an image for another processor ends with "
        "'exec format error' at its start.",
        remedy="Build for linux/amd64 (that is the default here).",
        example=Example(
            "FROM --platform=linux/arm64 mcr.microsoft.com/azureml/openmpi5.0-ubuntu24.04:latest\n",
            "FROM mcr.microsoft.com/azureml/openmpi5.0-ubuntu24.04:latest\n",
        ),
        sources=(ARM_ISSUE, ARM_VSCODE_ISSUE, ARM_KEDRO_ISSUE, ACR_TASKS),
    )
)
def other_platform(subject: Subject) -> Iterator[Finding]:
    """--platform in the stages of the result, or of the run."""
    for stage in subject.lineage:
        platform = stage.platform or ""
        if not platform or "$" in platform or _amd64(platform):
            continue
        instruction = subject.from_of(stage)
        if instruction is None:
            continue
        flag = next((f for f in instruction.flags if f.name == "platform"), None)
        if flag is None or "$" in (flag.value or "$"):
            continue
        span = subject.span_of(re.escape(flag.value or ""), flag.span) or flag.span
        yield Finding(
            flag.span,
            f"{platform} does not run on Azure ML, whose machines are amd64",
            fixes=(replace("Build for linux/amd64", span, "linux/amd64"),),
        )
    asked = subject.request.recipe.platform if subject.request else "linux/amd64"
    if not _amd64(asked):
        yield Finding(
            subject.start_span, f"--platform {asked} does not run on Azure ML, which is amd64"
        )


def _amd64(platform: str) -> bool:
    return platform.lower() in ("linux/amd64", "amd64", "linux/x86_64", "linux", "linux/amd64/v1")


@rule(
    About(
        "AML101",
        "error",
        "The builder cannot do this",
        why="Heredocs, RUN --mount and the newer options of COPY need BuildKit. 'az acr build' "
        "has none, nor have old engines.",
        remedy="Build with an engine that has BuildKit, or write it without the option.",
        example=Example(
            "FROM python:3.12-slim\nRUN <<EOF\npip install --no-cache-dir numpy==2.2.3\nEOF\n",
            "FROM python:3.12-slim\nRUN pip install --no-cache-dir numpy==2.2.3\n",
        ),
        sources=(ACR_BUILDKIT,),
    )
)
def builder_lacks(subject: Subject) -> Iterator[Finding]:
    """Where the builder is known, or is named but cannot be asked; each need once per
    instruction. What only ACR's task files with BuildKit carry is a remark: `az acr build`
    does not."""
    builder = subject.abilities or _named(subject)
    if builder is None or subject.facts is None:
        return
    said: set[tuple[int, str]] = set()
    kinds = {(need.instruction, need.kind) for need in subject.facts.needs}
    missing = {(need.instruction, need.kind) for need in builder.missing(subject.facts.needs)}
    for need in subject.facts.needs:
        lacking = (need.instruction, need.kind) in missing
        more = any((need.instruction, kind) in kinds for kind in ("secret", "ssh"))
        if (need.instruction, need.kind) in said or (need.kind == "mount" and more):
            continue
        if not lacking and builder.builder != "acr":
            continue
        said.add((need.instruction, need.kind))
        what = _SPOKEN.get(need.kind, need.kind)
        if lacking:
            yield Finding(_place(subject, need), f"{builder.title} cannot do this: {what}")
        else:
            yield Finding(
                _place(subject, need),
                f"{what} needs a task file with BuildKit; 'az acr build' cannot do it",
                severity="info" if subject.abilities else "warning",
            )


@rule(
    About(
        "try-locally",
        "info",
        "Built in the cloud before it was tried here",
        why="Microsoft advises to see that a Dockerfile works locally before it is built in the "
        "registry: a mistake shows in seconds, the layers are kept, and the image is rehearsed "
        "before it is pushed.",
        remedy="Leave --build away, or give --build local.",
        example=Example(
            "%%azureml_dockerfile scorer --build acr\n",
            "%%azureml_dockerfile scorer\n",
        ),
        sources=(EXTEND,),
    )
)
def not_tried_here(subject: Subject) -> Iterator[Finding]:
    """--build acr by name, beside an engine that could build this."""
    asked = subject.request.build if subject.request else "auto"
    here = subject.question.locally
    if asked == "acr" and here is not None:
        yield Finding(subject.start_span, f"{here.title} could build this here: try locally first")


def _named(subject: Subject) -> Abilities | None:
    """The cloud builder that the run names, where nobody could be asked what it can do."""
    choice = subject.request.build if subject.request else "auto"
    if choice not in ("acr", "azureml"):
        return None
    from ...build.ports import Abilities

    if choice == "acr":
        return Abilities("acr", "acr-task", "ACR Tasks", _BY_TASK)
    return Abilities("azureml", "azureml", "Azure ML's own build")


def _place(subject: Subject, need: Need) -> Span:
    if need.instruction < 0:
        return subject.line_span(need.line)
    instruction = subject.dockerfile.instructions[need.instruction]
    line = subject.line_span(subject.dockerfile.line(instruction))
    return Span(instruction.span.start, line.end)
