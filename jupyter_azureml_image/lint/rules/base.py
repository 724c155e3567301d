"""The base image: retired, deprecated, ended, unpinned, too old."""

from __future__ import annotations

import datetime
from collections.abc import Iterator

from ...catalog.catalog import BaseImage, day_made, find, split_reference
from ...dockerfile.facts import StageFacts
from ...dockerfile.model import Instruction, Word
from ...patterns import pattern
from ..diagnostic import Edit, Fix
from ..links import (
    ASSETS,
    CONTAINERS,
    ENVIRONMENTS,
    EXAMPLES,
    INFERENCE_IMAGES,
    LATEST_ISSUE,
)
from ..pins import FRAMEWORKS
from ..rule import About, Example, Finding, replace, rule
from ..subject import Subject

_DATED = pattern(r"(\d{4})(\d\d)(\d\d)\.v\d+", needs=(".v",))
_SUPPORT_DAYS = 183
_SILENT_DAYS = 365


def _bases(subject: Subject) -> Iterator[tuple[StageFacts, Instruction, Word]]:
    """Every external FROM, with the word that names the image."""
    for stage in subject.stages:
        instruction = subject.from_of(stage)
        if stage.parent is None and instruction is not None:
            yield stage, instruction, instruction.words[0]


def listed_bases(subject: Subject) -> Iterator[tuple[BaseImage, StageFacts, Word]]:
    """Every external base that the catalog knows, with its stage and the word in FROM."""
    for stage, _, word in _bases(subject):
        image = find(stage.base)
        if image is not None:
            yield image, stage, word


def _names(image: BaseImage) -> str:
    parts = (image.os, f"Python {image.python}" if image.python else None)
    said = ", ".join(part for part in parts if part)
    return f"{image.name} ({said})" if said else image.name


def _successor_fix(subject: Subject, image: BaseImage, word: Word, stage: StageFacts) -> Fix | None:
    """The successor in FROM, and the framework that the old image brought by pip."""
    if image.successor_reference is None or "$" in word.raw:
        return None
    edits = [Edit(word.span.start, word.span.end, f"{image.successor_reference}:latest")]
    title = f"Start from {image.successor}"
    package = FRAMEWORKS.get(image.framework or "")
    if package and "mlflow" not in image.successor.split("/")[-1]:  # type: ignore[union-attr]  # successor_reference is set
        end = subject.end_of(subject.dockerfile.instructions[stage.instructions[0]])
        line = subject.newline
        run = f"RUN pip install --no-cache-dir {package}"
        edits.append(Edit(end, end, f"{line}{line}USER root:root{line}{run}{line}USER dockeruser"))
        title += f" and install {package.partition('=')[0]} by pip"
    return Fix(title, False, tuple(edits))


@rule(
    About(
        "AML010",
        "warning",
        "A retired prebuilt inference image",
        why="Microsoft's lists do not name this image: it may still be pulled, but neither its "
        "system nor its Python gets fixes, and its framework is years old.",
        remedy="Start from the successor and install the framework by pip; pins made for the "
        "old Python will have to move too.",
        example=Example(
            "FROM mcr.microsoft.com/azureml/pytorch-1.6-ubuntu18.04-py37-cpu-inference:latest\n",
            "FROM mcr.microsoft.com/azureml/minimal-py312-inference:latest\n\n"
            "USER root:root\nRUN pip install --no-cache-dir torch==2.6.0\nUSER dockeruser\n",
        ),
        sources=(INFERENCE_IMAGES, ASSETS),
    )
)
def retired_inference_image(subject: Subject) -> Iterator[Finding]:
    """Retired, renamed, or on no list although named like a prebuilt image."""
    for image, stage, word in listed_bases(subject):
        if not image.serves or image.status not in ("retired", "renamed", "unlisted"):
            continue
        fix = _successor_fix(subject, image, word, stage)
        said = {
            "retired": f"{_names(image)} is retired",
            "renamed": f"{image.name} is now called {image.successor}",
            "unlisted": f"{image.name} is on no list of Microsoft's prebuilt images that this "
            f"catalog knows ({day_made()}): nothing says that it exists or gets fixes",
        }[image.status]
        yield Finding(
            word.span,
            said,
            remedy=f"Start from {image.successor_reference}." if image.successor else None,
            fixes=(fix,) if fix else (),
        )


@rule(
    About(
        "AML011",
        "warning",
        "A deprecated training base",
        why="Deprecated bases get no fixes, and registering an environment with one may fail.",
        remedy="Move to the successor.",
        example=Example(
            "FROM mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu20.04:latest\n",
            "FROM mcr.microsoft.com/azureml/openmpi5.0-ubuntu24.04:latest\n",
        ),
        sources=(ENVIRONMENTS, CONTAINERS),
    )
)
def deprecated_base(subject: Subject) -> Iterator[Finding]:
    """The catalog's deprecated images."""
    for image, stage, word in listed_bases(subject):
        if image.status == "deprecated":
            fix = _successor_fix(subject, image, word, stage)
            yield Finding(
                word.span,
                f"{image.name} is deprecated: no fixes come, and registration may fail",
                remedy=f"Start from {image.successor_reference}." if image.successor else None,
                fixes=(fix,) if fix else (),
            )


@rule(
    About(
        "AML012",
        "warning",
        "The base's Python has ended",
        why="The image is still on Microsoft's list, but its Python gets no security fixes, and "
        "new releases of most packages do not install on it.",
        remedy="Move to the successor.",
        example=Example(
            "FROM mcr.microsoft.com/azureml/minimal-ubuntu22.04-py39-cpu-inference:latest\n",
            "FROM mcr.microsoft.com/azureml/minimal-py312-inference:latest\n",
        ),
        sources=(INFERENCE_IMAGES, EXAMPLES),
    )
)
def ended_python(subject: Subject) -> Iterator[Finding]:
    """Images that are listed with a Python past its end."""
    for image, stage, word in listed_bases(subject):
        if image.status == "listed-python-eol":
            fix = _successor_fix(subject, image, word, stage)
            yield Finding(
                word.span,
                f"Python {image.python} of {image.name} ended in "
                f"{(image.supported_until or '')[:7]}",
                remedy=f"Start from {image.successor_reference}." if image.successor else None,
                fixes=(fix,) if fix else (),
            )


@rule(
    About(
        "AML013",
        "warning",
        "A base without tag or digest",
        why="Without tag or digest the environment cannot be built again as it was; Microsoft "
        "names this among the causes of failed registrations.",
        remedy="Write a tag, better a dated one, or a digest.",
        example=Example(
            "FROM mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu22.04\n",
            "FROM mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu22.04:20250701.v1\n",
        ),
        sources=(ENVIRONMENTS,),
    )
)
def untagged_base(subject: Subject) -> Iterator[Finding]:
    """No tag and no digest; nothing is said of scratch, stages and open variables."""
    for stage, _, word in _bases(subject):
        _, repository, tag, digest = split_reference(stage.base)
        if tag or digest or repository == "scratch" or not stage.base or "$" in stage.base:
            continue
        if "{{" in stage.base or "<" in stage.base or word.raw.rstrip("}").endswith("$"):
            continue
        image = find(stage.base)
        dated = [t for t in image.tags if _DATED.fullmatch(t)] if image else []
        newest = max(dated) if dated else "latest" if image else None
        fixes: tuple[Fix, ...] = ()
        if newest and "$" not in word.raw:
            fixes = (replace(f"Pin {newest}", word.span, f"{word.raw}:{newest}", certain=False),)
        yield Finding(word.span, f"{stage.base} has neither tag nor digest", fixes=fixes)


@rule(
    About(
        "AML014",
        "info",
        "The tag latest on a prebuilt image",
        why="Microsoft's documentation advises latest. A build of next month is another image "
        "then: the digest that was used is what lets you build this one again.",
        remedy="Nothing has to change: the plan and the registered environment's tags record "
        "the digest.",
        example=Example(
            "FROM mcr.microsoft.com/azureml/minimal-py312-inference:latest\n",
            "FROM mcr.microsoft.com/azureml/minimal-py312-inference@sha256:...\n",
        ),
        sources=(INFERENCE_IMAGES, LATEST_ISSUE),
    )
)
def latest_tag(subject: Subject) -> Iterator[Finding]:
    """Only on Microsoft's inference images."""
    for image, stage, word in listed_bases(subject):
        _, _, tag, digest = split_reference(stage.base)
        if image.serves and tag == "latest" and not digest:
            yield Finding(word.span, "latest moves: the digest of today is recorded with the build")


@rule(
    About(
        "AML015",
        "warning",
        "A pinned tag out of support",
        why="Microsoft supports the tags from latest back to six months before it.",
        remedy="Take a newer tag; `%azureml_image bases --refresh` lists them.",
        example=Example(
            "FROM mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu22.04:20230101.v1\n",
            "FROM mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu22.04:20250701.v1\n",
        ),
        sources=(INFERENCE_IMAGES,),
    )
)
def old_tag(subject: Subject) -> Iterator[Finding]:
    """Dated tags, measured against the newest one that the catalog knows."""
    for image, stage, word in listed_bases(subject):
        tag = split_reference(stage.base)[2] or ""
        used = _day(tag)
        if used is None or image.status in ("retired", "deprecated", "unlisted"):
            continue
        known = [(day, t) for t in image.tags if (day := _day(t)) is not None]
        limit, newest = _limit(known)
        if used >= limit:
            continue
        fixes: tuple[Fix, ...] = ()
        if newest and tag in word.raw:
            fixes = (
                replace(f"Take {newest}", word.span, word.raw.replace(tag, newest), certain=False),
            )
        yield Finding(
            word.span, f"The tag {tag} is more than six months older than the newest", fixes=fixes
        )


def _limit(known: list[tuple[datetime.date, str]]) -> tuple[datetime.date, str | None]:
    """The oldest supported day. Where no dated tag is known, a year before the catalog: an
    image on the list was made anew since then."""
    if known:
        day, newest = max(known)
        return day - datetime.timedelta(days=_SUPPORT_DAYS), newest
    made = datetime.date.fromisoformat(day_made())
    return made - datetime.timedelta(days=_SILENT_DAYS), None


def _day(tag: str) -> datetime.date | None:
    match = _DATED.fullmatch(tag)
    if match is None:
        return None
    try:
        return datetime.date(int(match[1]), int(match[2]), int(match[3]))
    except ValueError:
        return None
