"""COPY and ADD: sources that are missing, destinations that depend on WORKDIR."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator

from ...dockerfile.facts import Copy
from ...dockerfile.model import Instruction, Span
from ...dockerfile.words import assignments
from ..diagnostic import Fix
from ..links import ENVIRONMENTS, SDK
from ..places import clean_source, dropped_by, is_glob, is_open, is_remote
from ..rule import About, Example, Finding, replace, rule
from ..spelling import nearest
from ..subject import Subject

_BASE = "FROM mcr.microsoft.com/azureml/minimal-py312-inference:latest\n"
_ROOTS = ("var/", "opt/", "usr/", "etc/", "tmp/", "home/", "root/", "srv/", "mnt/")


def context_sources(subject: Subject) -> Iterator[tuple[Copy, Instruction, str]]:
    """Every source that is taken from the context, with its instruction."""
    for stage in subject.built_stages:
        for copy in stage.copies:
            if copy.origin != "context" or copy.instruction in subject.open_instructions:
                continue
            for source in copy.sources:
                if not is_remote(source) and not is_open(source):
                    yield copy, subject.dockerfile.instructions[copy.instruction], source


def place_of(subject: Subject, instruction: Instruction, source: str) -> Span:
    """The word that names a source; the instruction where a variable stands in its place."""
    named = subject.sources_of.get(instruction.span.start, {}).get(clean_source(source))
    return named or Span(instruction.span.start, subject.end_of(instruction))


@rule(
    About(
        "AML050",
        "error",
        "A COPY source is not in the build context",
        why="The build stops at this line. The context is the folder that is sent (--context), "
        "without what .dockerignore leaves out; nothing above it can be reached.",
        remedy="Correct the path, or the ignore rule; `--until context` shows what is sent.",
        example=Example(
            _BASE + "COPY modle /var/azureml-app/azureml-models\n",
            _BASE + "COPY model /var/azureml-app/azureml-models\n",
        ),
        sources=(ENVIRONMENTS,),
    )
)
def missing_source(subject: Subject) -> Iterator[Finding]:
    """Needs the manifest; says which ignore rule dropped the source, if one did."""
    if subject.manifest is None:
        return
    for copy, instruction, source in context_sources(subject):
        severity = subject.places.lack(copy, source)
        if severity is None:
            continue
        span = place_of(subject, instruction, source)
        word = subject.text[span.start : span.end]
        if "<" in word or instruction.span.start in subject.commented:
            continue
        found = _missing(subject, instruction.keyword, source, span)
        if severity == "warning":
            goes_on = "nothing is copied, and a builder without BuildKit stops here"
            found = dataclasses.replace(
                found, severity=severity, message=f"{found.message}: {goes_on}"
            )
        yield found


def _missing(subject: Subject, keyword: str, source: str, span: Span) -> Finding:
    assert subject.manifest is not None
    path = clean_source(source)
    drop = dropped_by(subject.manifest, path)
    if drop is not None:
        file = (subject.manifest.ignore_file or ".dockerignore").rsplit("/", 1)[-1]
        return Finding(
            span,
            f"{keyword} {source}: line {drop.line} of {file} ({drop.rule}) leaves it out",
            remedy=f"Add '!{path}' below that line of {file}.",
        )
    kind = "nothing matches it" if is_glob(source) else "no such file or folder"
    above = subject.text[span.start : span.end].lstrip("\"'").startswith("../")
    where = " (nothing above the context can be copied)" if above else ""
    meant = _near(subject, path)
    asked = f"; did you mean {meant}?" if meant else ""
    return Finding(
        span,
        f"{keyword} {source}: {kind} in the build context{where}{asked}",
        fixes=(replace(f"Copy {meant}", span, meant, certain=False),) if meant else (),
    )


def _near(subject: Subject, path: str) -> str | None:
    """The path of the context that was most likely meant."""
    manifest = subject.manifest
    known = [entry.path for entry in manifest.entries] if manifest else []
    name = path.rsplit("/", 1)[-1]
    same_name = [p for p in known if p.rsplit("/", 1)[-1] == name]
    if not path.strip():
        return None
    return same_name[0] if len(same_name) == 1 else nearest(path, known)


@rule(
    About(
        "AML053",
        "warning",
        "An empty folder is not uploaded",
        why="Azure ML's own upload leaves empty folders out, so the COPY fails there although "
        "it works locally.",
        remedy="Put a file with some content into the folder, or make it with RUN mkdir.",
        example=Example(
            _BASE + "COPY empty /var/azureml-app/cache\n",
            _BASE + "RUN mkdir -p /var/azureml-app/cache\n",
        ),
        sources=(SDK,),
    )
)
def empty_folder(subject: Subject) -> Iterator[Finding]:
    """Where Azure ML builds."""
    if subject.manifest is None or not subject.uploads:
        return
    folders = {e.path for e in subject.manifest.entries if e.kind == "directory"}
    for _, instruction, source in context_sources(subject):
        path = clean_source(source)
        holds = any(e.path.startswith(path + "/") for e in subject.manifest.entries)
        if path in folders and not holds:
            yield Finding(
                place_of(subject, instruction, source), f"{source} is empty and is not uploaded"
            )


@rule(
    About(
        "AML054",
        "warning",
        "A path without its first slash",
        why="A relative path starts at WORKDIR. The prebuilt images set /, the SDK's local build "
        "sets /var/azureml-app: the same file lands in two places.",
        remedy="Write the whole path, from / on.",
        example=Example(
            _BASE + "COPY code var/azureml-app\n", _BASE + "COPY code /var/azureml-app\n"
        ),
        sources=(SDK,),
    )
)
def relative_paths(subject: Subject) -> Iterator[Finding]:
    """Destinations that look absolute, or have no WORKDIR before them; the two variables."""
    for step in subject.steps:
        instruction = step.instruction
        if instruction.keyword not in ("COPY", "ADD") or len(instruction.words) < 2:
            continue
        word = instruction.words[-1]
        if word.value.startswith(("/", "$", "<", "{", "~")) or "\\" in word.value:
            continue
        looks_absolute = word.value.startswith(_ROOTS)
        open_workdir = subject.serving and not step.workdir_set and step.stage in subject.lineage
        if not looks_absolute and not open_workdir:
            continue
        workdir = "/" if not step.workdir_set else None
        fixed = "/" + word.value.removeprefix("./").lstrip(".")
        fixes: tuple[Fix, ...] = (replace(f"Write {fixed}", word.span, fixed),)
        if workdir is None or word.raw[:1] in ("'", '"') or not subject.serving:
            fixes = ()
        yield Finding(word.span, f"{word.value} depends on WORKDIR", fixes=fixes)
    yield from _relative_variables(subject)


def _relative_variables(subject: Subject) -> Iterator[Finding]:
    for name in ("AZUREML_MODEL_DIR", "AML_APP_ROOT"):
        if name not in subject.environment:
            continue
        assignment, step = subject.environment[name]
        value = subject.variable(name) or "/"
        if value.startswith(("/", "$", "<", "{")):
            continue
        same = any(a.name == name for a in assignments(step.instruction))
        match = subject.span_of(re.escape(value), assignment.span) if same else None
        fixed = f"/{value}"
        fixes: tuple[Fix, ...] = ()
        if match and value.startswith(_ROOTS):
            fixes = (replace(f"Write {fixed}", match, fixed),)
        yield Finding(assignment.span, f"{name}={value} depends on WORKDIR", fixes=fixes)
