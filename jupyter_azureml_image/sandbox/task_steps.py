"""What a run has to do: the steps behind a quick build, and behind a task file that came
encoded."""

from __future__ import annotations

import argparse
import base64
import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, NoReturn

Document = dict[str, Any]


class BadTask(Exception):
    """The request or its task file cannot be carried out; the text says why."""


@dataclass(frozen=True, slots=True)
class BuildStep:
    """One docker build; `tags` are full references. BuildKit only where the task asked for it."""

    dockerfile: str
    tags: tuple[str, ...]
    arguments: Mapping[str, str] = field(default_factory=dict)
    target: str = ""
    platform: str = ""
    folder: str = "."
    buildkit: bool = False


@dataclass(frozen=True, slots=True)
class PushStep:
    """Push these references."""

    references: tuple[str, ...]


Step = BuildStep | PushStep


@dataclass(frozen=True, slots=True)
class Place:
    """What a task file may refer to: the run's id, the login server, the values given."""

    run: str
    registry: str
    values: Mapping[str, str] = field(default_factory=dict)

    def fill(self, text: str) -> str:
        """Replace `{{.Run.ID}}`, `$ID`, `$Registry` and their like."""
        known = {"Run.ID": self.run, "Run.Registry": self.registry}
        known |= {f"Values.{name}": value for name, value in self.values.items()}
        text = re.sub(r"\{\{\s*\.([\w.]+)\s*\}\}", lambda m: known.get(m[1], m[0]), text)
        aliases = {"ID": self.run, "Registry": self.registry, "RegistryName": self.registry}
        return re.sub(r"\$(ID|Registry|RegistryName)\b", lambda m: aliases[m[1]], text)

    def full(self, name: str) -> str:
        """Return an image name with its registry before it, and a tag behind it."""
        name = self.fill(name)
        if not name.startswith(f"{self.registry}/"):
            name = f"{self.registry}/{name}"
        return name if ":" in name.rsplit("/", 1)[-1] else f"{name}:latest"


def steps_of(request: Document, place: Place) -> list[Step]:
    """Return the steps of a scheduleRun request. Raises `BadTask`."""
    kind = request.get("type")
    if kind == "DockerBuildRequest":
        return _quick_build(request, place)
    if kind == "EncodedTaskRunRequest":
        return _task_file(request, place)
    raise BadTask(
        f"The sandbox runs no '{kind}': only DockerBuildRequest and EncodedTaskRunRequest."
    )


def _quick_build(request: Document, place: Place) -> list[Step]:
    tags = tuple(place.full(name) for name in request.get("imageNames") or [])
    platform = request.get("platform") or {}
    parts = (platform.get("os"), platform.get("architecture"), platform.get("variant"))
    build = BuildStep(
        dockerfile=request.get("dockerFilePath") or "Dockerfile",
        tags=tags,
        arguments={a["name"]: str(a.get("value", "")) for a in request.get("arguments") or []},
        target=request.get("target") or "",
        platform="/".join(str(part).lower() for part in parts if part),
    )
    pushes = request.get("isPushEnabled", True) and tags
    return [build, PushStep(tags)] if pushes else [build]


def _task_file(request: Document, place: Place) -> list[Step]:
    import yaml  # type: ignore[import-untyped]  # has no types of its own; comes with azure-ai-ml

    values = {item["name"]: str(item.get("value", "")) for item in request.get("values") or []}
    encoded = request.get("encodedValuesContent")
    try:
        if encoded:
            given = yaml.safe_load(base64.b64decode(encoded)) or {}
            values = {**{name: str(value) for name, value in given.items()}, **values}
        text = base64.b64decode(request.get("encodedTaskContent") or "").decode()
        task = yaml.safe_load(replace(place, values=values).fill(text))
    except (ValueError, yaml.YAMLError) as broken:
        raise BadTask(f"failed to unmarshal task: {broken}") from broken
    if not isinstance(task, dict) or not isinstance(task.get("steps"), list):
        raise BadTask("failed to unmarshal task: it has no steps")
    return [_step(entry, task.get("env") or [], place) for entry in task["steps"]]


def _step(entry: Document, shared: list[str], place: Place) -> Step:
    kinds = {"push": list, "build": str}
    if not isinstance(entry, dict) or any(
        not isinstance(entry.get(name, kind()), kind) for name, kind in kinds.items()
    ):
        raise BadTask(f"failed to unmarshal task: a step cannot be read: {entry}")
    if "push" in entry:
        return PushStep(tuple(place.full(name) for name in entry["push"]))
    if "build" not in entry:
        raise BadTask("The sandbox runs only build and push steps of a task file.")
    options = _build_options().parse_args(shlex.split(entry["build"]))
    settings = [*shared, *(entry.get("env") or [])]
    return BuildStep(
        dockerfile=options.file,
        tags=tuple(place.full(name) for name in options.tag),
        arguments=dict(pair.partition("=")[::2] for pair in options.build_arg),
        target=options.target,
        platform=options.platform,
        folder=options.context,
        buildkit="DOCKER_BUILDKIT=1" in settings,
    )


class _Options(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        """Refuse without ending the process."""
        raise BadTask(f"build: {message}")


def _build_options() -> argparse.ArgumentParser:
    parser = _Options(add_help=False, allow_abbrev=False)
    parser.add_argument("-t", "--tag", action="append", default=[])
    parser.add_argument("-f", "--file", default="Dockerfile")
    parser.add_argument("--build-arg", action="append", default=[])
    parser.add_argument("--target", default="")
    parser.add_argument("--platform", default="")
    parser.add_argument("--no-cache", action="store_true")
    parser.add_argument("--pull", action="store_true")
    parser.add_argument("context", nargs="?", default=".")
    return parser
