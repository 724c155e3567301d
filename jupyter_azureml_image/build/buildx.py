"""The first way: `buildx build` as a child process that survives the kernel.

The child writes its progress to a file in the run's own folder; this process only follows
the file. A new kernel follows the same file from its first byte (`attach`).
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..dockerfile.parse import parse
from ..errors import BuilderUnavailable, BuildFailed, Cancelled, ContextError
from ..events import Emit
from ..paths import from_home, is_file
from ..plan.request import Recipe, SecretSource
from . import failing, layers, program
from .abilities import frontend_syntax
from .bases import fetch_private
from .child import Child
from .dialects.rawjson import RawJson
from .dialects.reader import Failed, SolveReader
from .dialects.steps import Steps
from .engine import RUN_LABEL, Engine
from .ports import Abilities, BuildJob, BuiltImage, RunToken
from .run import BackgroundRun
from .untouched import Untouched

_PROGRESS = "buildx.log"
_METADATA = "buildx.json"
_DOCKERFILE = "Dockerfile"
_GLANCE = 0.01  # seconds between two looks at the growing file


class BuildxBuilder:
    """Builds through the docker command line, on the same engine."""

    def __init__(self, engine: Engine, buildx: program.Buildx) -> None:
        self._engine, self._buildx = engine, buildx

    @property
    def abilities(self) -> Abilities:
        """What BuildKit carries, with the syntax of the engine's own frontend."""
        return Abilities(
            builder="local",
            way="buildx",
            title=f"{self._engine.title} with buildx {self._buildx.version}",
            can=(*frontend_syntax(self._engine), "secret", "syntax"),
            survives_kernel=True,
        )

    def start(self, job: BuildJob, emit: Emit) -> BackgroundRun:
        """Start the child. Raises BuilderUnavailable where it cannot be started."""
        job.folder.mkdir(parents=True, exist_ok=True)
        if self._engine.sign_in is not None:
            # buildx signs in with the docker configuration only.
            fetch_private(self._engine, job.recipe, parse(job.recipe.text), emit)
        _write_inputs(job)
        command = _command(self._buildx.command, job)
        surroundings = program.environment(self._engine, job.folder)
        surroundings.update(_secret_values(job.recipe.secrets))
        try:
            child = Child.start(command, surroundings, job.folder / _PROGRESS, job.folder)
        except OSError as error:
            raise BuilderUnavailable(
                f"'docker buildx' could not be started: {error}", code="buildx-missing"
            ) from error
        build = Build(child, job.folder, job.reference, job.recipe.above, job.recipe.target)
        return self._follow(build, emit, job)

    def attach(self, token: RunToken, emit: Emit) -> BackgroundRun:
        """Follow a build of an earlier kernel, from its first event."""
        known = token.details
        child = Child(int(known["pid"]), str(known["born"]))
        folder, above = Path(str(known["folder"])), int(known.get("above", 0))
        build = Build(child, folder, str(known["reference"]), above, known.get("target"))
        return self._follow(build, emit)

    def _follow(self, build: Build, emit: Emit, job: BuildJob | None = None) -> BackgroundRun:
        def work(cancelled: threading.Event) -> BuiltImage:
            with Untouched(job) as context:
                image = _outcome(self._engine, build, emit, cancelled, context)
                try:
                    context.judge()
                except ContextError:
                    self._engine.remove(build.reference)
                    raise
            return image

        return BackgroundRun(RunToken("buildx", build.details()), work, build.child.stop)


@dataclass(frozen=True, slots=True)
class Build:
    """One child and where it leaves its files; `above` lines stand over the text where it is
    read, and the stage `target` (None: the last one) is built."""

    child: Child
    folder: Path
    reference: str
    above: int = 0
    target: str | None = None

    def details(self) -> Mapping[str, Any]:
        """What a token holds."""
        return {
            "pid": self.child.pid,
            "born": self.child.born,
            "folder": str(self.folder),
            "reference": self.reference,
            "above": self.above,
            "target": self.target,
        }


def _write_inputs(job: BuildJob) -> None:
    """The Dockerfile, and the ignore file that belongs to it, outside the user's folder.

    BuildKit takes `<Dockerfile>.dockerignore` before the context's own, so the same rules
    decide here as in the manifest; of what they leave, it asks only for what COPY reaches.
    """
    text = job.recipe.text.encode("utf-8", "surrogateescape")
    (job.folder / _DOCKERFILE).write_bytes(text)
    rules = b""
    if job.manifest.ignore_file is not None:
        rules = (Path(job.manifest.root) / job.manifest.ignore_file).read_bytes()
    (job.folder / f"{_DOCKERFILE}.dockerignore").write_bytes(rules)


def _command(buildx: tuple[str, ...], job: BuildJob) -> list[str]:
    recipe = job.recipe
    command = [*buildx, "build", "--progress=rawjson"]
    # A builder of its own (docker-container, kubernetes) keeps the image unless it is loaded.
    command += ["--load"] if program.chosen_builder() else ["--builder", "default"]
    command += ["--provenance=false", "--sbom=false", "--platform", recipe.platform]
    command += ["--metadata-file", str(job.folder / _METADATA)]
    command += ["--file", str(job.folder / _DOCKERFILE), "--tag", job.reference]
    for name, value in {RUN_LABEL: job.run_id, **job.labels}.items():
        command += ["--label", f"{name}={value}"]
    for name, value in recipe.build_args:
        command += ["--build-arg", f"{name}={value}"]
    command += _secrets(recipe.secrets)
    command += _choices(recipe)
    return [*command, job.manifest.root]


def _choices(recipe: Recipe) -> list[str]:
    found = ["--target", recipe.target] if recipe.target else []
    found += ["--network", recipe.network] if recipe.network else []
    found += ["--no-cache"] if recipe.no_cache else []
    return found + (["--pull"] if recipe.pull else [])


def _secrets(secrets: tuple[SecretSource, ...]) -> list[str]:
    found: list[str] = []
    for secret in secrets:
        file = secret.kind == "src"
        place = str(from_home(secret.place).absolute()) if file else secret.place
        found += ["--secret", f"id={secret.id},{secret.kind}={place}"]
    return found


def _secret_values(secrets: tuple[SecretSource, ...]) -> dict[str, str]:
    """The variables that secrets are read from; the child inherits them. Raises BuildFailed
    for a secret that is not there, by its name."""
    found: dict[str, str] = {}
    for secret in secrets:
        if secret.kind == "env":
            if secret.place not in os.environ:
                raise _no_secret(secret, f"the variable {secret.place} is not set")
            found[secret.place] = os.environ[secret.place]
        elif not is_file(from_home(secret.place)):
            raise _no_secret(secret, f"there is no file {secret.place}")
    return found


def _no_secret(secret: SecretSource, why: str) -> BuildFailed:
    return BuildFailed(
        f"The secret '{secret.id}' cannot be read: {why}.",
        hint="Give it as --secret id=ID,src=PATH or --secret id=ID,env=NAME.",
        code="secret-missing",
    )


def _outcome(
    engine: Engine, build: Build, emit: Emit, cancelled: threading.Event, context: Untouched
) -> BuiltImage:
    text = (build.folder / _DOCKERFILE).read_bytes().decode("utf-8", "surrogateescape")
    steps = Steps(parse(text), build.above)
    stream, reader = RawJson(), SolveReader(steps, emit)
    reader.context_read = context.look
    with (build.folder / _PROGRESS).open("rb") as log:
        ended = False
        while not ended:
            # Asked before reading: what was written before its end is read after it.
            ended = not build.child.running()
            while data := log.read(1 << 16):
                for solve in stream.feed(data):
                    reader.see(solve)
            if not ended:
                build.child.await_end(_GLANCE)  # to stop it ends it
    for solve in stream.end():
        reader.see(solve)
    metadata = _metadata(build.folder)
    if cancelled.is_set():
        reader.finish("cancelled")
        raise Cancelled("The build was stopped.")
    if metadata is None:
        reader.finish("cancelled" if reader.failed else "failed")
        failed = reader.failed or _last_words(stream)
        raise failing.build_failed(failing.logged(failed, emit), steps)
    reader.finish("done")
    image = _image(engine, build, metadata)
    for size in layers.told(engine, image.image_id or build.reference, steps, build.target):
        emit(size)
    return image


def _metadata(folder: Path) -> dict[str, Any] | None:
    """What buildx wrote at its end; None where it did not come to it."""
    try:
        found: dict[str, Any] = json.loads((folder / _METADATA).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return found


def _last_words(stream: RawJson) -> Failed:
    errors = [line for line in stream.words if line.startswith(("ERROR:", "error:"))]
    words = (errors or stream.words or ["it ended without a word; something stopped it."])[-1]
    return Failed(
        words.partition(":")[2].strip() if errors else words, None, tuple(stream.words[-40:])
    )


def _image(engine: Engine, build: Build, metadata: Mapping[str, Any]) -> BuiltImage:
    """The image as the engine holds it: by its own id, so that a build of the same name
    that ended a moment later is not taken for this one."""
    for name in ("containerimage.digest", "containerimage.config.digest"):
        if name in metadata and (held := engine.inspect(str(metadata[name]))):
            return BuiltImage(str(held["Id"]), build.reference, size=held.get("Size"))
    held = engine.inspect(build.reference)
    if held is None:
        raise BuildFailed(
            f"The build ended well, but {engine.title} does not hold '{build.reference}'.",
            hint="A builder that keeps images to itself may be chosen by BUILDX_BUILDER: unset it.",
            code="image-missing",
        )
    return BuiltImage(str(held["Id"]), build.reference, size=held.get("Size"))
