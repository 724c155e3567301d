"""Placeholders that nobody filled in: <names>, dots, {{templates}}."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ...dockerfile.model import Instruction, Span
from ...dockerfile.words import assignments
from ...patterns import pattern
from ..diagnostic import Fix
from ..faults import PLACEHOLDER, Classified
from ..links import EXTEND
from ..rule import About, Example, Finding, replace, rule
from ..shell import Command
from ..subject import Subject

_INSTALLERS = ("pip", "pip3", "apt-get", "apt", "conda", "mamba")
# A template may hold a pattern, braces and all: {{latest-image-tag:biweekly\.\d{6}.*}}
_TEMPLATE = pattern(r"\{\{(?:[^{}\n]|\{[^{}\n]*\})*\}\}", needs=("{{",))
_DEFAULT_BASE = "mcr.microsoft.com/azureml/minimal-py312-inference:latest"


@rule(
    About(
        "AML002",
        "error",
        "A placeholder was not filled in",
        why="The samples on Microsoft's page hold <names> to replace; Docker takes them as they "
        "stand, and no image, file or package has such a name.",
        remedy="Put the real name in its place.",
        example=Example(
            "FROM mcr.microsoft.com/azureml/<image_name>:<tag>\n",
            "FROM mcr.microsoft.com/azureml/minimal-py312-inference:latest\n",
        ),
        sources=(EXTEND,),
    )
)
def placeholders(subject: Subject) -> Iterator[Finding]:
    """Placeholders in faulty lines, in instructions and in commands; templates once."""
    for one in subject.faults:
        if one.code == "AML002":
            yield _faulty_placeholder(subject, one)
    for instruction in subject.dockerfile.instructions:
        if subject.dockerfile.line(instruction) in subject.faulty_lines:
            continue
        if instruction.keyword in ("FROM", "COPY", "ADD", "ENV", "EXPOSE", "WORKDIR", "USER"):
            yield from _in_instruction(subject, instruction)
    for _, command in subject.runs:
        yield from _in_command(subject, command)
    yield from _template(subject)


def _faulty_placeholder(subject: Subject, one: Classified) -> Finding:
    line = subject.line_span(subject.line_of(one.fault.span.start))
    match = PLACEHOLDER.search(subject.text, line.start, line.end)
    span = Span(*match.span()) if match else one.fault.span
    fixes: tuple[Fix, ...] = ()
    if match and subject.text[line.start : line.end].lstrip().upper().startswith("FROM"):
        fixes = (_base_fix(Span(span.start, line.end)),)
    name = subject.text[span.start : span.end]
    return Finding(span, f"Fill in {name} before building", fixes=fixes, syntax=True)


def _base_fix(span: Span) -> Fix:
    return replace("Start from the current CPU image", span, _DEFAULT_BASE, certain=False)


def _in_instruction(subject: Subject, instruction: Instruction) -> Iterator[Finding]:
    span = instruction.span
    end = instruction.heredocs[0].span.start if instruction.heredocs else span.end
    found = list(PLACEHOLDER.finditer(subject.text, span.start, end))
    if not found:
        if instruction.keyword in ("COPY", "ADD"):
            for word in instruction.words:
                if word.value == "...":
                    yield Finding(word.span, "'...' stands for something: name the files")
        return
    keyword = instruction.keyword
    certain = keyword in ("FROM", "COPY", "ADD", "EXPOSE")
    if keyword == "ENV":
        names = {a.name for a in assignments(instruction)}
        certain = bool(names & {"AZUREML_ENTRY_SCRIPT", "AZUREML_MODEL_DIR"})
    names_text = " and ".join(dict.fromkeys(match[0] for match in found))
    fixes: tuple[Fix, ...] = ()
    if keyword == "FROM" and instruction.words:
        fixes = (_base_fix(instruction.words[0].span),)
    elif keyword == "COPY" and (folder := _candidate(subject, found[0][0])):
        fixes = (replace(f"Copy {folder}", Span(*found[0].span()), folder, certain=False),)
    yield Finding(
        Span(found[0].start(), found[-1].end()),
        f"Fill in {names_text} before building",
        severity=None if certain else "warning",
        fixes=fixes,
    )


def _candidate(subject: Subject, placeholder: str) -> str | None:
    """A folder of the context that the placeholder most likely means."""
    if subject.manifest is None:
        return None
    wanted = ("model", "models") if "model" in placeholder.lower() else ("code", "src", "app")
    folders = [e.path for e in subject.manifest.entries if e.kind == "directory"]
    return next((name for name in wanted if name in folders), None)


def _in_command(subject: Subject, command: Command) -> Iterator[Finding]:
    installer = command.name in _INSTALLERS or "install" in command.values[:2]
    dots = next((w for w in command.words[1:] if w.raw == "..."), None)
    if dots is not None and installer:
        yield Finding(dots.span, "'...' stands for more packages: name them or take it out")
    starts = [r.span.start for r in command.redirects if r.operator == "<"]
    found = [m for at in starts if (m := PLACEHOLDER.match(subject.text, at))]
    if not found:
        return
    last = found[-1].end()
    ends = re.compile(r"[ \t]*(?:$|&&|\|\||;|\\?\r?\n)").match(subject.text, last)
    names = " and ".join(dict.fromkeys(match[0] for match in found))
    yield Finding(
        Span(found[0].start(), last),
        f"Fill in {names} before building: the shell reads < and > as redirections",
        severity=None if installer or ends else "warning",
    )


def _template(subject: Subject) -> Iterator[Finding]:
    for instruction in subject.dockerfile.instructions:
        if instruction.keyword not in ("FROM", "COPY", "ADD", "ENV", "ARG"):
            continue
        if match := _TEMPLATE.search(subject.text, instruction.span.start, instruction.span.end):
            yield Finding(
                Span(*match.span()),
                f"{match[0]} is a template: the tool of its repository has to fill it in first",
                severity="warning",
            )
            return
