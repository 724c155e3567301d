"""Files that a step reads: whether anything above put them into the image."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from ...catalog.catalog import find, split_reference
from ...dockerfile.facts import Copy, StageFacts
from ...dockerfile.words import expand
from ..links import ENVIRONMENTS
from ..places import is_open, is_remote, missing_sources
from ..rule import About, Example, Finding, rule
from ..shell import Command
from ..steps import Step
from ..subject import Subject

_BASE = "FROM mcr.microsoft.com/azureml/minimal-py312-inference:latest\n"
_RUN = "RUN pip install --no-cache-dir -r /tmp/requirements.txt\n"
_MAKES_NO_FILES = frozenset(
    ("apt-get", "apt", "apk", "pip", "pip3", "conda", "mamba", "ls", "rm", "mkdir", "chown",
     "chmod", "useradd", "adduser", "groupadd", "usermod", "pwd", "true", "set")
)  # fmt: skip
_THE_SYSTEMS_OWN = ("/dev/", "/proc/")
_PYTHONS = ("python", "python3")


@rule(
    About(
        "AML055",
        "warning",
        "A step reads a file that nothing put into the image",
        why="pip and conda read from the image, not from the build context: the build stops with "
        "'No such file or directory' unless the base happens to hold a file of that name.",
        remedy="COPY the file before the step, to the path that the step names.",
        example=Example(
            _BASE + "COPY requirements.txt /opt/\n" + _RUN,
            _BASE + "COPY requirements.txt /tmp/\n" + _RUN,
        ),
        sources=(ENVIRONMENTS,),
    )
)
def unmade_file(subject: Subject) -> Iterator[Finding]:
    """Requirements and conda files by their literal path, where every step above is one that
    certainly does not make it; a missing COPY source is AML050's to tell."""
    if missing_sources(subject):
        return
    for step, command, name in _read_files(subject):
        if name.startswith("-") or is_open(name) or is_remote(name) or "{" in name or "`" in name:
            continue
        path = _absolute(subject, step, name) if _plain_base(subject, step) else None
        if (
            path is None
            or path.startswith(_THE_SYSTEMS_OWN)
            or not _nothing_made(subject, step, command, path)
        ):
            continue
        shown = name if name == path else f"{name} ({path})"
        yield Finding(
            command.span, f"{command.name} reads {shown}, and nothing above puts it into the image"
        )


def _read_files(subject: Subject) -> Iterator[tuple[Step, Command, str]]:
    for step, pip in subject.pips:
        for name in pip.files:
            yield step, pip.command, name
    for step, conda in subject.condas:
        if conda.file and conda.action.startswith("env "):
            yield step, conda.command, conda.file


def _chain(subject: Subject, stage: StageFacts) -> list[StageFacts]:
    """The stage and those it is made of by FROM, oldest first."""
    chain = [stage]
    while (parent := chain[0].parent) is not None and parent < chain[0].index:
        chain.insert(0, subject.stages[parent])
    return chain


def _above(subject: Subject, step: Step) -> list[Step]:
    """Every step that runs before this one and leaves its mark on the same image."""
    steps = [
        s for stage in _chain(subject, step.stage) for s in subject.steps_by_stage[stage.index]
    ]
    return steps[: steps.index(step)]


def _plain_base(subject: Subject, step: Step) -> bool:
    """Whether it starts from an image that is no one's own application: listed by Microsoft, or
    an official one of Docker Hub."""
    base = _chain(subject, step.stage)[0].base
    registry, repository, _, _ = split_reference(base)
    official = registry == "docker.io" and "/" not in repository
    return (official or find(base) is not None) and not subject.base_facts(base).onbuild


def _absolute(subject: Subject, step: Step, name: str) -> str | None:
    """The path in the image; None where the working directory is not certain."""
    if name.startswith("/"):
        return posixpath.normpath(name)
    first = _chain(subject, step.stage)[0]
    known = subject.base_facts(first.base)
    here = known.workdir if known.known_from else None
    for above in _above(subject, step):
        if above.instruction.keyword != "WORKDIR":
            continue
        said = expand(above.instruction.text, above.stage.variables, subject.dockerfile.escape)
        if said.unresolved or said.problem:
            return None
        if said.text.startswith("/"):
            here = said.text
        else:
            here = posixpath.join(here, said.text) if here is not None else None
    return posixpath.normpath(posixpath.join(here, name)) if here is not None else None


def _nothing_made(subject: Subject, step: Step, command: Command, path: str) -> bool:
    if any(flag.name == "mount" for flag in step.instruction.flags):
        return False
    same_run = [c for c in step.commands if c.span.start < command.span.start]
    if any(_may_make(c) for c in same_run):
        return False
    for above in _above(subject, step):
        keyword = above.instruction.keyword
        if keyword == "RUN":
            if not above.commands or any(_may_make(c) for c in above.commands):
                return False
        elif keyword in ("COPY", "ADD") and _may_bring(subject, above, path):
            return False
    return True


def _may_make(command: Command) -> bool:
    """Whether a command may write a file of any name: all but a few may."""
    if any(">" in r.operator for r in command.redirects) or command.before == "(":
        return True
    if command.name in _PYTHONS:
        return command.values[:2] != ("-m", "pip")
    return bool(command.words) and command.name not in _MAKES_NO_FILES


def _may_bring(subject: Subject, step: Step, path: str) -> bool:
    """Whether a COPY or ADD may put a file there."""
    copies = [c for c in step.stage.copies if c.instruction == step.index]
    if not copies or step.index in subject.open_instructions:
        return True
    return any(_lands(subject, copy, path) for copy in copies)


def _lands(subject: Subject, copy: Copy, path: str) -> bool:
    target = posixpath.normpath(copy.destination)
    if path != target and not path.startswith(target.rstrip("/") + "/"):
        return False
    if subject.manifest is None or copy.origin != "context" or copy.add or copy.parents:
        return True
    return any(landed.image_path == path for landed in subject.places.of_any(copy))
