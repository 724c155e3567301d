"""What a user asks for: the options of a cell as one value."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from ..patterns import pattern
from ..records import dataclass
from ..stages import Stage

BuilderChoice = Literal["auto", "local", "acr", "azureml"]


@dataclass(frozen=True, slots=True)
class SecretSource:
    """Where a BuildKit secret is read from at the last moment; never its value."""

    id: str
    kind: Literal["src", "env"]
    place: str


@dataclass(frozen=True, slots=True)
class Recipe:
    """What decides the image's content, beside the context and the bases' digests.

    `path` is where the Dockerfile text was read from (None for a cell). `first_line` is the
    number that its first line has where the user reads it: 2 in a cell, below the magic.
    `network`, `no_cache`, `pull` and `secrets` change how it is built, not what it is.
    """

    text: str
    path: str | None = None
    build_args: tuple[tuple[str, str], ...] = ()
    target: str | None = None
    platform: str = "linux/amd64"
    secrets: tuple[SecretSource, ...] = ()
    network: str | None = None
    no_cache: bool = False
    pull: bool = False
    first_line: int = 1

    @property
    def above(self) -> int:
        """How many lines stand above the text where the user reads it."""
        return self.first_line - 1


@dataclass(frozen=True, slots=True)
class Routes:
    """The inference routes of the image: one port, three paths."""

    port: int = 5001
    liveness: str = "/"
    readiness: str = "/"
    scoring: str = "/score"


@dataclass(frozen=True, slots=True)
class Mounts:
    """What a deployment would mount: code folder, entry script in it, model file or folder."""

    code: str | None = None
    scoring_script: str | None = None
    model: str | None = None


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """How the image is tried before it is pushed. `sample` is the request body as text."""

    wanted: bool = True
    sample: str | None = None
    mounts: Mounts = Mounts()
    routes: Routes = Routes()
    seconds: float = 120.0


@dataclass(frozen=True, slots=True)
class CheckPolicy:
    """Which findings stop the run, which are left out, which credential files may be sent."""

    fail_on: Literal["error", "warning", "never"] = "error"
    ignore: tuple[str, ...] = ()
    allow_files: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TaskOptions:
    """Options of an ACR Tasks run; `timeout` in seconds. `dependency_image`: what is installed
    before code comes in may be kept as an image of its own (plan/dependencies.py)."""

    agent_pool: str | None = None
    cpu: int | None = None
    timeout: int | None = None
    dependency_image: bool = True


@dataclass(frozen=True, slots=True)
class BuildRequest:
    """One run, as asked. `version` None means the fingerprint's first twelve digits;
    `notebook` is the running notebook's path, where the front end told it.
    """

    name: str
    recipe: Recipe
    context: str
    version: str | None = None
    build: BuilderChoice = "auto"
    until: Stage = "register"
    check: CheckPolicy = CheckPolicy()
    rehearsal: Rehearsal = Rehearsal()
    task: TaskOptions = TaskOptions()
    registry: str | None = None
    tags: tuple[tuple[str, str], ...] = ()
    description: str | None = None
    detach: bool = False
    notebook: str | None = None


_SIGNED_ADDRESS = pattern(r"([a-zA-Z][a-zA-Z0-9+.-]*://)[^/\s@]+@")


def without_password(value: str) -> str:
    """`value` with the name and password in an address (as of a proxy) left out."""
    return _SIGNED_ADDRESS.sub(r"\1***@", value)


def written_down(request: BuildRequest) -> BuildRequest:
    """The request as it may be kept: no build argument holds a password any more."""
    arguments = tuple((name, without_password(value)) for name, value in request.recipe.build_args)
    return replace(request, recipe=replace(request.recipe, build_args=arguments))
