"""Questions to the check, made in memory, and the short answers that tests compare."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from jupyter_azureml_image.build.ports import Abilities
from jupyter_azureml_image.context.manifest import ContextEntry, ContextManifest, Dropped
from jupyter_azureml_image.dockerfile.parse import parse
from jupyter_azureml_image.lint.check import CheckInput, Plans, check
from jupyter_azureml_image.lint.diagnostic import Diagnostic
from jupyter_azureml_image.lint.fix import fix
from jupyter_azureml_image.plan.request import BuildRequest, Recipe, Rehearsal

BASE = "FROM mcr.microsoft.com/azureml/minimal-py312-inference:latest\n"
CURATED = "FROM mcr.microsoft.com/azureml/curated/minimal-py311-inference:12\n"
APP = "COPY code /var/azureml-app\nENV AZUREML_ENTRY_SCRIPT=score.py\n"
SCORE = "def init():\n    pass\n\n\ndef run(data):\n    return data\n"

LOCAL = Abilities("local", "buildx", "Docker Engine with buildx", ("heredoc", "mount", "secret"))
ACR = Abilities("acr", "acr-quick", "ACR Tasks")
AZUREML = Abilities("azureml", "azureml", "Azure ML")


@dataclass(frozen=True)
class Around:
    """What surrounds the text: the context's files by path, and the rest of the question.

    A file's content is text; a number makes a file of that many bytes. `dropped` are paths an
    ignore rule leaves out; `options` go into the BuildRequest.
    """

    files: Mapping[str, str | int] | None = None
    dropped: tuple[str, ...] = ()
    ignore_file: str | None = None
    abilities: Abilities | None = None
    locally: Abilities | None = None
    plans: Plans = field(default_factory=Plans)
    rehearsal: Rehearsal = field(default_factory=Rehearsal)
    platform: str = "linux/amd64"
    options: Mapping[str, Any] = field(default_factory=dict)


def question(text: str, around: Around = Around()) -> CheckInput:  # frozen
    """The question that the pipeline would ask about a text."""
    recipe = Recipe(text, platform=around.platform)
    options = {"name": "scorer", "rehearsal": around.rehearsal, **around.options}
    files = around.files
    return CheckInput(
        parse(text),
        manifest=_manifest(around) if files is not None else None,
        read=(lambda path: _content(files, path)) if files is not None else None,
        abilities=around.abilities,
        locally=around.locally,
        request=BuildRequest(recipe=recipe, context="/context", **options),
        plans=around.plans,
    )


def _content(files: Mapping[str, str | int], path: str) -> bytes | None:
    found = files.get(path)
    return found.encode() if isinstance(found, str) else None


def _manifest(around: Around) -> ContextManifest:
    folders: set[str] = set()
    entries = []
    for path, content in (around.files or {}).items():
        parts = path.rstrip("/").split("/")
        folders |= {"/".join(parts[:n]) for n in range(1, len(parts))}
        if path.endswith("/"):
            folders.add(path.rstrip("/"))
            continue
        size = content if isinstance(content, int) else len(content)
        entries.append(ContextEntry(path, "file", 0o644, size, "0" * 64))
    entries += [ContextEntry(path, "directory", 0o755) for path in folders]
    dropped = tuple(Dropped(path, path, 1) for path in around.dropped)
    ordered = tuple(sorted(entries, key=lambda e: e.path))
    return ContextManifest("/context", around.ignore_file, ordered, dropped)


def found(text: str, around: Around = Around()) -> tuple[Diagnostic, ...]:  # frozen
    """The findings on a text."""
    return check(question(text, around))


def codes(text: str, around: Around = Around()) -> set[str]:  # frozen
    """Their codes."""
    return {diagnostic.code for diagnostic in found(text, around)}


def one(code: str, text: str, around: Around = Around()) -> Diagnostic:  # frozen
    """The only finding with this code; fails where there is none, or more than one."""
    same = [d for d in found(text, around) if d.code == code]
    assert len(same) == 1, f"{code} was found {len(same)} times: {[d.message for d in same]}"
    return same[0]


def fixed(text: str, around: Around = Around()) -> str:  # frozen
    """The text after every certain fix."""
    return fix(question(text, around)).text
