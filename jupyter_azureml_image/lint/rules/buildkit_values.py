"""BuildKit's checks on variables, paths and ports."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ...dockerfile.model import Span
from ...dockerfile.words import assignments
from ...patterns import pattern
from ..build_check import BuildCheck, build_check
from ..rule import Finding, replace, rule
from ..spelling import nearest
from ..subject import Subject
from .copying import context_sources, place_of

_FROM = "FROM python:3.12-slim\n"

_RELATIVE = build_check(
    "WorkdirRelativePath",
    "warning",
    "A relative WORKDIR on an unknown base",
    "It starts at the base's working directory, which an update of the base may change.",
    (_FROM + "WORKDIR app\n", _FROM + "WORKDIR /app\n"),
)


@rule(_RELATIVE)
def relative_workdir(subject: Subject) -> Iterator[Finding]:
    """Where no absolute one stands before it in the stage, or in the stage it comes from."""
    check = BuildCheck.here(_RELATIVE, subject)
    absolute: set[int] = set()
    for step in subject.steps:
        stage = step.stage
        if stage.parent in absolute:
            absolute.add(stage.index)
        if step.instruction.keyword != "WORKDIR" or not step.instruction.words:
            continue
        value = step.instruction.words[0].value
        if value.startswith(("/", "$", "{{", "<")) or re.match(r"[A-Za-z]:[\\/]", value):
            absolute.add(stage.index)
        elif stage.index not in absolute:
            known = subject.base_facts(subject.root_of(stage)).known_from
            absolute.add(stage.index)
            if not known:
                yield from check.at(
                    step.instruction.words[0].span,
                    f'Relative workdir "{value}" can have unexpected results if the base image '
                    "changes",
                )


_UNDEFINED = build_check(
    "UndefinedVar",
    "warning",
    "A variable that nothing sets",
    "It is empty there. An ARG before FROM has to be named again inside the stage.",
    (
        "ARG VERSION=1\nFROM python:3.12-slim\nENV MINE=$VERSION\n",
        "ARG VERSION=1\nFROM python:3.12-slim\nARG VERSION\nENV MINE=$VERSION\n",
    ),
)


_COMPARED = 100
"""So many undefined names are compared with the known ones: more are no slips of the hand."""


@rule(_UNDEFINED)
def undefined_variable(subject: Subject) -> Iterator[Finding]:
    """Certain where the base's environment is known. Else a variable may come from the base:
    only a near miss of a known name, and an ARG of before the first FROM, are told."""
    if subject.facts is None or subject.faults:
        return
    check = BuildCheck.here(_UNDEFINED, subject)
    outer = _outer_args(subject)
    said: set[str] = set()
    uses: dict[int, dict[str, Span]] = {}
    compared = 0
    for one in subject.facts.unresolved:
        if one.instruction < 0 or one.name in said:
            continue
        instruction = subject.dockerfile.instructions[one.instruction]
        if instruction.keyword == "FROM":
            continue
        stage = subject.stages[one.stage]
        meant = None
        if len(one.name) > 3 and compared < _COMPARED:
            compared += 1
            meant = nearest(one.name, {*stage.variables, *outer} - {one.name}, 0.86)
        if not (stage.env_known or meant or one.name in outer):
            continue
        said.add(one.name)
        if one.instruction not in uses:
            uses[one.instruction] = _first_uses(subject, instruction.span)
        span = uses[one.instruction].get(one.name, instruction.span)
        hint = f" (did you mean ${meant}?)" if meant else ""
        if one.name in outer:
            hint = f": name it again with 'ARG {one.name}' in this stage"
        yield from check.at(span, f"Usage of undefined variable '${one.name}'{hint}")


def _first_uses(subject: Subject, span: Span) -> dict[str, Span]:
    """Where each variable stands first."""
    found: dict[str, Span] = {}
    for match in re.compile(r"\$\{?(\w+)").finditer(subject.text, span.start, span.end):
        found.setdefault(match[1], Span(*match.span()))
    return found


def _outer_args(subject: Subject) -> set[str]:
    found: set[str] = set()
    for instruction in subject.dockerfile.instructions:
        if instruction.keyword == "FROM":
            break
        if instruction.keyword == "ARG":
            found |= {a.name for a in assignments(instruction)}
    return found


_SECRETS = build_check(
    "SecretsUsedInArgOrEnv",
    "warning",
    "The name of an ARG or ENV is a secret's",
    "Both stay in the image's history. (Where a value stands there, AML090 says so.)",
    (_FROM + "ARG API_TOKEN\n", _FROM + "RUN --mount=type=secret,id=api_token true\n"),
)
_SECRET_NAME = pattern(
    r"(?:_|^)(?:apikey|auth|credentials?|key|password|pword|passwd|secret|token)(?:_|$)",
    re.I,
    needs=("key", "auth", "cred", "pass", "pword", "secret", "token"),
)
_PUBLIC_NAME = pattern(r"(?:_|^)public(?:_|$)", re.I)


@rule(_SECRETS)
def secret_names(subject: Subject) -> Iterator[Finding]:
    """BuildKit's own list of words."""
    check = BuildCheck.here(_SECRETS, subject)
    for instruction in subject.dockerfile.instructions:
        if instruction.keyword not in ("ARG", "ENV"):
            continue
        for one in subject.assigned(instruction):
            if _SECRET_NAME.search(one.name) and not _PUBLIC_NAME.search(one.name):
                end = one.span.start + len(one.name)
                yield from check.at(
                    Span(one.span.start, end),
                    "Do not use ARG or ENV instructions for sensitive data "
                    f'({instruction.keyword} "{one.name}")',
                )


_IGNORED = build_check(
    "CopyIgnoredFile",
    "warning",
    "COPY of what .dockerignore leaves out",
    "The builder does not get the file. (Where the build must fail, AML050 says so.)",
    ("# .dockerignore: data\n" + _FROM + "COPY data/train.csv /data/\n",
     "# .dockerignore: data/*.tmp\n" + _FROM + "COPY data/train.csv /data/\n"),
)  # fmt: skip


@rule(_IGNORED)
def copy_of_ignored(subject: Subject) -> Iterator[Finding]:
    """A source that an ignore rule dropped."""
    manifest = subject.manifest
    if manifest is None:
        return
    check = BuildCheck.here(_IGNORED, subject)
    gone = {d.path.rstrip("/") for d in manifest.dropped}
    for _, instruction, source in context_sources(subject):
        if source.strip("/").removeprefix("./") in gone:
            yield from check.at(
                place_of(subject, instruction, source),
                f"Attempting to {instruction.keyword} file '{source}' that is excluded by "
                ".dockerignore",
            )


_PROTOCOL = build_check(
    "ExposeProtoCasing",
    "info",
    "A protocol in capitals",
    "Only how it reads.",
    (_FROM + "EXPOSE 5001/TCP\n", _FROM + "EXPOSE 5001/tcp\n"),
)


@rule(_PROTOCOL)
def protocol_casing(subject: Subject) -> Iterator[Finding]:
    """`EXPOSE 80/TCP`."""
    check = BuildCheck.here(_PROTOCOL, subject)
    for instruction in subject.dockerfile.instructions:
        for word in instruction.words if instruction.keyword == "EXPOSE" else ():
            protocol = word.value.partition("/")[2]
            if protocol and protocol != protocol.lower() and "$" not in protocol:
                fix = replace(f"Write {word.raw.lower()}", word.span, word.raw.lower())
                yield from check.at(
                    word.span,
                    f"Defined protocol '{word.value}' in EXPOSE instruction should be lowercase",
                    fix,
                )


_FORMAT = build_check(
    "ExposeInvalidFormat",
    "warning",
    "EXPOSE takes no address and no mapping",
    "EXPOSE only names ports of the container; what stands before the last colon is left out.",
    (_FROM + "EXPOSE 8080:5001\n", _FROM + "EXPOSE 5001\n"),
)


@rule(_FORMAT)
def expose_format(subject: Subject) -> Iterator[Finding]:
    """`EXPOSE 127.0.0.1:80:80`."""
    check = BuildCheck.here(_FORMAT, subject)
    for instruction in subject.dockerfile.instructions:
        for word in instruction.words if instruction.keyword == "EXPOSE" else ():
            if ":" in word.value and "$" not in word.value:
                fixed = word.value.rpartition(":")[2]
                yield from check.at(
                    word.span,
                    "EXPOSE instruction should not define an IP address or host-port mapping, "
                    f"found '{word.value}'",
                    replace(f"Write {fixed}", word.span, fixed, certain=False),
                )
