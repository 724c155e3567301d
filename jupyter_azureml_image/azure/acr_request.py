"""What ACR Tasks is asked to run: a quick build, or a task file with BuildKit switched on.

Facts: api-version 2019-06-01-preview knows all of this but the caller's identity, which
registries with repository permissions (ABAC) want and 2025-03-01-preview brings. Quick builds
use the classic builder. That a task file takes DOCKER_BUILDKIT=1 is a user's report
(Azure/acr#721), so that way is marked experimental.
"""

from __future__ import annotations

import base64
import json
import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..build.ports import Abilities
from ..dockerfile.facts import NeedKind
from ..errors import BuilderUnavailable
from ..plan.request import Recipe, TaskOptions

TASKS_API = "2019-06-01-preview"
CALLER_API = "2025-03-01-preview"
TASK_SYNTAX: tuple[NeedKind, ...] = ("mount", "chmod", "heredoc", "link", "syntax")
_DEFAULT_SECONDS = 3600
_SECONDS = range(300, 28_801)


@dataclass(frozen=True, slots=True)
class Target:
    """Where the image goes: the registry, the repository, and the tag of this one run."""

    registry_id: str
    login_server: str
    repository: str
    tag: str
    caller: bool = False
    """Whether the registry wants the caller's own identity (repository permissions)."""

    @property
    def registry(self) -> str:
        """The registry's name; its login server may be called otherwise."""
        return self.registry_id.rpartition("/")[2]

    @property
    def image(self) -> str:
        """Its name without the registry."""
        return f"{self.repository}:{self.tag}"

    @property
    def api(self) -> str:
        """The api-version of calls about runs."""
        return CALLER_API if self.caller else TASKS_API


@dataclass(frozen=True, slots=True)
class Source:
    """What was uploaded: the place the service named for it, and the Dockerfile inside."""

    location: str
    dockerfile: str


def abilities(login_server: str, *, buildkit: bool) -> Abilities:
    """What the two ways of ACR Tasks can do."""
    if buildkit:
        title = f"ACR Tasks in {login_server} (a task file with BuildKit, experimental)"
        return Abilities("acr", "acr-task", title, TASK_SYNTAX, survives_kernel=True)
    return Abilities("acr", "acr-quick", f"ACR Tasks in {login_server}", survives_kernel=True)


def check(recipe: Recipe, options: TaskOptions) -> None:
    """Raise BuilderUnavailable for an option that ACR Tasks cannot carry."""
    if recipe.network:
        raise BuilderUnavailable(
            "ACR Tasks builds in its own network: --network cannot be given.",
            hint="Leave it out, or build on this machine (--build local).",
            code="builder-lacks",
        )
    if recipe.secrets:
        raise BuilderUnavailable(
            "ACR Tasks cannot carry build secrets; a build argument would stay in the image.",
            hint="Build on this machine with buildx (--build local).",
            code="builder-lacks",
        )
    if options.timeout is not None and options.timeout not in _SECONDS:
        raise BuilderUnavailable(
            f"--timeout {options.timeout} is outside what ACR Tasks takes.",
            hint=f"Between {_SECONDS.start} and {_SECONDS.stop - 1} seconds.",
            code="bad-usage",
        )


def quick_build(target: Target, source: Source, recipe: Recipe, options: TaskOptions) -> Any:
    """The body of a quick build."""
    body: dict[str, Any] = {
        "type": "DockerBuildRequest",
        "imageNames": [target.image],
        "isPushEnabled": True,
        "dockerFilePath": source.dockerfile,
        "arguments": [
            {"name": name, "value": value, "isSecret": False} for name, value in recipe.build_args
        ],
        **_shared(target, source, recipe, options),
    }
    if recipe.target:
        body["target"] = recipe.target
    if recipe.no_cache:
        body["noCache"] = True
    return body


def task_file(target: Target, source: Source, recipe: Recipe, options: TaskOptions) -> Any:
    """The body of a task with BuildKit: one build step, one push step."""
    content = json.dumps(_steps(target, source, recipe, options), indent=1)  # JSON is YAML
    return {
        "type": "EncodedTaskRunRequest",
        "encodedTaskContent": base64.b64encode(content.encode()).decode(),
        "values": [],
        **_shared(target, source, recipe, options),
    }


def _shared(target: Target, source: Source, recipe: Recipe, options: TaskOptions) -> dict[str, Any]:
    body: dict[str, Any] = {
        "sourceLocation": source.location,
        "platform": _platform(recipe.platform),
        "timeout": options.timeout or _DEFAULT_SECONDS,
    }
    if options.cpu is not None:
        body["agentConfiguration"] = {"cpu": options.cpu}
    if options.agent_pool:
        body["agentPoolName"] = options.agent_pool
    if target.caller:
        body["credentials"] = {"sourceRegistry": {"identity": "[caller]"}}
    return body


def _platform(platform: str) -> Mapping[str, str]:
    names = ("os", "architecture", "variant")
    return dict(zip(names, platform.split("/"), strict=False))


def _steps(
    target: Target, source: Source, recipe: Recipe, options: TaskOptions
) -> Mapping[str, Any]:
    image = f"{target.login_server}/{target.image}"
    words = ["-t", image, "-f", source.dockerfile, "--platform", recipe.platform]
    for name, value in recipe.build_args:
        words += ["--build-arg", f"{name}={value}"]
    words += ["--target", recipe.target] if recipe.target else []
    words += ["--no-cache"] if recipe.no_cache else []
    line = " ".join(shlex.quote(word) for word in [*words, "."])
    if re.search(r"\{\{|\$", line):
        raise BuilderUnavailable(
            "A build argument holds '{{' or '$', which a task file would take for its own.",
            hint="Build on this machine, or without what needs BuildKit.",
            code="builder-lacks",
        )
    return {
        "version": "v1.1.0",
        "stepTimeout": options.timeout or _DEFAULT_SECONDS,
        "env": ["DOCKER_BUILDKIT=1", "BUILDKIT_PROGRESS=plain"],
        "steps": [{"id": "build", "build": line}, {"id": "push", "push": [image]}],
    }
