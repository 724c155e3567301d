"""BuildKit's checks on stages and platforms."""

from __future__ import annotations

from collections.abc import Iterator

from ...catalog.catalog import find
from ...dockerfile.model import Instruction
from ...dockerfile.words import expand, variables
from ..build_check import BuildCheck, build_check
from ..rule import Finding, replace, rule
from ..subject import Subject


def _froms(subject: Subject) -> Iterator[Instruction]:
    return (i for i in subject.dockerfile.instructions if i.keyword == "FROM")


_STAGE_CASING = build_check(
    "StageNameCasing",
    "info",
    "A stage name with capitals",
    "Stage names are compared without regard to case; small letters keep them apart from "
    "instructions.",
    ("FROM alpine:3.20 AS Base\n", "FROM alpine:3.20 AS base\n"),
)


@rule(_STAGE_CASING)
def stage_name_casing(subject: Subject) -> Iterator[Finding]:
    """`AS Name`."""
    check = BuildCheck.here(_STAGE_CASING, subject)
    for instruction in _froms(subject):
        if (
            len(instruction.words) == 3
            and instruction.words[2].raw != instruction.words[2].raw.lower()
        ):
            word = instruction.words[2]
            fix = replace(f"Write {word.raw.lower()}", word.span, word.raw.lower(), certain=False)
            yield from check.at(word.span, f"Stage name '{word.raw}' should be lowercase", fix)


_AS_CASING = build_check(
    "FromAsCasing",
    "info",
    "FROM and AS in different case",
    "Only how it reads.",
    ("FROM alpine:3.20 as base\n", "FROM alpine:3.20 AS base\n"),
)


@rule(_AS_CASING)
def from_as_casing(subject: Subject) -> Iterator[Finding]:
    """`FROM ... as`, `from ... AS`."""
    check = BuildCheck.here(_AS_CASING, subject)
    for instruction in _froms(subject):
        if len(instruction.words) != 3:
            continue
        keyword = subject.text[instruction.keyword_span.start : instruction.keyword_span.end]
        word = instruction.words[1]
        if keyword.isupper() and not word.raw.isupper():
            fixed = "AS"
        elif keyword.islower() and not word.raw.islower():
            fixed = "as"
        else:
            continue
        fix = replace(f"Write {fixed}", word.span, fixed)
        yield from check.at(
            word.span, f"'{word.raw}' and '{keyword}' keywords' casing do not match", fix
        )


_DUPLICATE = build_check(
    "DuplicateStageName",
    "warning",
    "Two stages of one name",
    "The later one hides the earlier one: a COPY --from takes the wrong files.",
    (
        "FROM alpine:3.20 AS base\nFROM debian:12 AS base\n",
        "FROM alpine:3.20 AS base\nFROM debian:12 AS final\n",
    ),
)


@rule(_DUPLICATE)
def duplicate_stage_name(subject: Subject) -> Iterator[Finding]:
    """A name that an earlier FROM has."""
    check = BuildCheck.here(_DUPLICATE, subject)
    seen: set[str] = set()
    for instruction in _froms(subject):
        if len(instruction.words) != 3:
            continue
        name = instruction.words[2].raw.lower()
        if name in seen:
            span = instruction.words[2].span
            yield from check.at(
                span, f"Duplicate stage name '{name}', stage names should be unique"
            )
        seen.add(name)


_RESERVED = build_check(
    "ReservedStageName",
    "warning",
    "A reserved stage name",
    "'scratch' and 'context' mean something of their own to the builder.",
    ("FROM alpine:3.20 AS context\n", "FROM alpine:3.20 AS files\n"),
)


@rule(_RESERVED)
def reserved_stage_name(subject: Subject) -> Iterator[Finding]:
    """`AS scratch`, `AS context`."""
    check = BuildCheck.here(_RESERVED, subject)
    for instruction in _froms(subject):
        if len(instruction.words) == 3 and instruction.words[2].raw.lower() in (
            "scratch",
            "context",
        ):
            word = instruction.words[2]
            yield from check.at(
                word.span, f"Stage name should not use the same name as reserved stage '{word.raw}'"
            )


_UNDECLARED = build_check(
    "UndefinedArgInFrom",
    "warning",
    "FROM uses an argument that is not declared",
    "The argument is empty there: the base's name or tag is another one than it seems.",
    ("FROM python:$VERSION\n", "ARG VERSION=3.12-slim\nFROM python:$VERSION\n"),
)

_AUTOMATIC = frozenset(
    (
        "TARGETPLATFORM", "TARGETOS", "TARGETARCH", "TARGETVARIANT", "BUILDPLATFORM", "BUILDOS",
        "BUILDARCH", "BUILDVARIANT", "TARGETSTAGE", "HTTP_PROXY", "HTTPS_PROXY", "FTP_PROXY",
        "NO_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "ftp_proxy", "no_proxy", "all_proxy",
    )
)  # fmt: skip


@rule(_UNDECLARED)
def undefined_arg_in_from(subject: Subject) -> Iterator[Finding]:
    """A variable in FROM without an ARG before the first FROM."""
    check = BuildCheck.here(_UNDECLARED, subject)
    declared = _global_args(subject)
    given = {k for k, _ in subject.request.recipe.build_args} if subject.request else set()
    for instruction in _froms(subject):
        texts = [(w.raw, w.span) for w in instruction.words[:1]]
        texts += [(f.value, f.span) for f in instruction.flags if f.value]
        for raw, span in texts:
            for name in variables(raw):
                if name not in declared and name not in _AUTOMATIC and name not in given:
                    yield from check.at(span, f"FROM argument '{name}' is not declared")


def _global_args(subject: Subject) -> dict[str, str | None]:
    """The ARGs before the first FROM, with their defaults."""
    found: dict[str, str | None] = {}
    known: dict[str, str] = {}
    for instruction in subject.dockerfile.instructions:
        if instruction.keyword == "FROM":
            break
        if instruction.keyword == "ARG":
            for word in instruction.words:
                name, equals, value = word.raw.partition("=")
                escape = subject.dockerfile.escape
                found[name] = expand(value, known, escape).text if equals else None
                known.pop(name, None)
                known.update({name: given} if (given := found[name]) is not None else {})
    return found


_DEFAULTS = build_check(
    "InvalidDefaultArgInFrom",
    "warning",
    "Without build arguments FROM has no valid image",
    "The file builds only with the right --build-arg: in Azure ML and in ACR nobody gives one.",
    ("ARG TAG\nFROM python:$TAG\n", "ARG TAG=3.12-slim\nFROM python:$TAG\n"),
)


@rule(_DEFAULTS)
def invalid_default_arg(subject: Subject) -> Iterator[Finding]:
    """FROM expanded with the defaults alone."""
    check = BuildCheck.here(_DEFAULTS, subject)
    declared = _global_args(subject)
    values = {k: v for k, v in declared.items() if v is not None}
    for instruction in _froms(subject):
        if not instruction.words:
            continue
        word = instruction.words[0]
        names = variables(word.raw)
        if not names or set(names) & _AUTOMATIC:
            continue
        text = expand(word.raw, values, subject.dockerfile.escape).text
        if not text or text.endswith((":", "@", "/")) or text.startswith((":", "/")):
            yield from check.at(
                word.span,
                f"Default value for ARG {word.raw} results in empty or invalid base image name",
            )


_CONSTANT = build_check(
    "FromPlatformFlagConstDisallowed",
    "warning",
    "A constant platform in FROM",
    "It overrides --platform of the build; Azure ML needs linux/amd64, which is the default here.",
    ("FROM --platform=linux/amd64 alpine:3.20\n", "FROM alpine:3.20\n"),
)


_PROCESSORS = {"x86_64": "amd64", "x86-64": "amd64", "aarch64": "arm64"}


@rule(_CONSTANT)
def constant_platform(subject: Subject) -> Iterator[Finding]:
    """A platform without a variable; not in stages that are named after one."""
    check = BuildCheck.here(_CONSTANT, subject)
    for instruction in _froms(subject):
        flag = next((f for f in instruction.flags if f.name == "platform"), None)
        if flag is None or not flag.value or "$" in flag.value:
            continue
        name = instruction.words[2].raw.lower() if len(instruction.words) == 3 else ""
        system, _, rest = flag.value.lower().partition("/")
        processor = rest.partition("/")[0]
        if name and (system in name or _PROCESSORS.get(processor, processor) in name):
            continue
        yield from check.at(
            flag.span, f'FROM --platform flag should not use constant value "{flag.value}"'
        )


_REDUNDANT = build_check(
    "RedundantTargetPlatform",
    "info",
    "The target platform is the default",
    "--platform=$TARGETPLATFORM says what the builder does anyway.",
    ("FROM --platform=$TARGETPLATFORM alpine:3.20\n", "FROM alpine:3.20\n"),
)


@rule(_REDUNDANT)
def redundant_platform(subject: Subject) -> Iterator[Finding]:
    """`--platform=$TARGETPLATFORM`."""
    check = BuildCheck.here(_REDUNDANT, subject)
    for instruction in _froms(subject):
        for flag in instruction.flags:
            if flag.name == "platform" and flag.value in ("$TARGETPLATFORM", "${TARGETPLATFORM}"):
                yield from check.at(
                    flag.span,
                    f"Setting platform to predefined {flag.value} in FROM is redundant",
                    replace("Take it out", flag.span, "", certain=False),
                )


_WRONG_PLATFORM = build_check(
    "InvalidBaseImagePlatform",
    "warning",
    "The base has no image for this platform",
    "The builder takes what there is: an amd64 image that is emulated, or an error.",
    (
        "FROM --platform=linux/arm64 mcr.microsoft.com/azureml/openmpi5.0-ubuntu24.04:latest\n",
        "FROM mcr.microsoft.com/azureml/openmpi5.0-ubuntu24.04:latest\n",
    ),
)


@rule(_WRONG_PLATFORM)
def invalid_platform(subject: Subject) -> Iterator[Finding]:
    """Azure ML's images, all of which are linux/amd64; of others nothing is known offline."""
    check = BuildCheck.here(_WRONG_PLATFORM, subject)
    for stage in subject.stages:
        platform = (stage.platform or "").lower()
        if (
            stage.parent is not None
            or find(stage.base) is None
            or not platform.startswith("linux/")
        ):
            continue
        if "amd64" in platform:
            continue
        instruction = subject.from_of(stage)
        if instruction is None:
            continue
        yield from check.at(
            instruction.words[0].span,
            f'Base image {stage.base} was pulled with platform "linux/amd64", '
            f'expected "{stage.platform}" for current build',
        )
