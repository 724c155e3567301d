"""The cloud builder: ACR Tasks, by the calls that `az acr build` makes too.

The context goes to the address the registry names, one run is started, its log becomes events,
and the run itself says how it ended. A run outlives this process; what a new one needs to find
it lies in a small file in the run's own folder, written the moment the service has named it.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..build import shipment
from ..build.dialects.steps import Steps
from ..build.ports import Abilities, Builder, BuildJob, BuiltImage, RunToken
from ..build.run import BackgroundRun
from ..build.shipment import Shipment
from ..dockerfile.parse import parse
from ..errors import (
    AzureError,
    BuilderUnavailable,
    BuildFailed,
    Cancelled,
    Forbidden,
)
from ..events import Emit, Event, LogLine, Note, StepEnded, StepStarted
from ..plan.request import BuildRequest, TaskOptions
from . import acr_request, reach, workspaces
from .acr_dialect import AcrReader
from .acr_failure import SourceGone, failure
from .acr_request import Source, Target
from .acr_run import AcrRun, Verdict, schedule
from .acr_seen import Seen
from .acr_source import Uploads
from .acr_upload import in_words, upload
from .arm import Arm, Call

if TYPE_CHECKING:
    from .connection import Connection

_FILE = "acr-run.json"
_SEEN = "acr-seen.jsonl"
_REGISTRY_API = "2025-03-01-preview"  # the first that tells of repository permissions
_EXPERIMENTAL = (
    "Built by a task file with BuildKit switched on: experimental, it rests on a user's report "
    "(Azure/acr#721)."
)


@dataclass(frozen=True, slots=True)
class Place:
    """A registry that builds."""

    connection: Connection
    registry_id: str
    login_server: str
    options: TaskOptions


@dataclass(frozen=True, slots=True)
class _Work:
    """One run to be: its job, its image's tag, and where its events go."""

    job: BuildJob
    tag: str
    emit: Emit
    cancelled: threading.Event
    seen: Seen = field(default_factory=lambda: Seen(None))

    def tell(self, event: Event) -> None:
        """Emit an event that comes before the run's own."""
        self.seen.telling(self.emit)(event)


def acr_builders(connection: Connection, request: BuildRequest) -> tuple[Builder, ...]:
    """The builders of the registry that the request pushes to, best first. Raises
    BuilderUnavailable where there is none."""
    try:
        server = connection.login_server(request.registry)
        registry_id = workspaces.registry_id(connection.arm, connection.facts, request.registry)
    except (AzureError, Forbidden) as error:
        raise BuilderUnavailable(error.message, hint=error.hint, code=error.code) from error
    place = Place(connection, registry_id, server, request.task)
    return tuple(AcrBuilder(place, buildkit=kit) for kit in (False, True))


class AcrBuilder:
    """Builds and pushes in one run of ACR Tasks; implements `build.ports.Builder`."""

    def __init__(self, place: Place, *, buildkit: bool) -> None:
        self._place = place
        self._buildkit = buildkit

    @property
    def abilities(self) -> Abilities:
        """The classic builder's syntax, or BuildKit's in a task file."""
        return acr_request.abilities(self._place.login_server, buildkit=self._buildkit)

    def start(self, job: BuildJob, emit: Emit) -> BackgroundRun:
        """Begin: upload, start the run, follow it; all in a thread. Raises BuilderUnavailable
        for an option that ACR cannot carry."""
        acr_request.check(job.recipe, self._place.options)
        token = RunToken(self.abilities.way, {"file": str(job.folder / _FILE)})

        def work(cancelled: threading.Event) -> BuiltImage:
            seen = Seen(job.folder / _SEEN)
            with reach.told_apart(self._places):
                upon = self._upon_dependencies(job, seen.telling(emit), cancelled)
                return self._build(_Work(upon, f"run-{job.run_id}", emit, cancelled, seen))

        return BackgroundRun(token, work, _nothing)

    def attach(self, token: RunToken, emit: Emit) -> BackgroundRun:
        """Follow a run that an earlier kernel started. Raises BuilderUnavailable where that
        kernel ended before the run was started."""
        file = Path(str(token.details["file"]))
        known = _read(file)
        if known.get("dependencies"):
            raise BuilderUnavailable(
                f"That run ended while run {known['run_id']} was building its dependency image; "
                "Azure finishes that one.",
                hint="Run the cell again: it is built upon what is there by then.",
                code="not-started",
            )

        def work(cancelled: threading.Event) -> BuiltImage:
            seen = Seen(file.with_name(_SEEN))
            for event in seen.events():
                emit(event)
            arm, target = self._arm(emit, cancelled), Target(**known["target"])
            run = AcrRun(arm, target, known["run_id"], emit, seen)
            with reach.told_apart(self._places):
                steps = Steps(parse(known["text"]), known.get("above", 0))
                return self._follow(run, steps, cancelled)

        return BackgroundRun(token, work, _nothing)

    def _arm(self, emit: Emit, cancelled: threading.Event) -> Arm:
        def tell(sentence: str) -> None:
            emit(Note(sentence, "warning"))

        return replace(self._place.connection.arm, tell=tell, stopped=cancelled)

    def _places(self, upload_url: str | None = None) -> tuple[reach.Reached, ...]:
        place = self._place
        return reach.places(place.connection.arm, place.login_server, upload_url)

    def _upon_dependencies(self, job: BuildJob, emit: Emit, cancelled: threading.Event) -> BuildJob:
        """The job as it is built upon its dependency image, which is built first where the
        registry does not hold it yet."""
        part = job.dependencies
        if part is None:
            return job
        server, repository = self._place.login_server, job.reference.rpartition(":")[0]
        try:
            digest = self._place.connection.registry(server).digest(repository, part.tag)
        except Forbidden as error:
            emit(Note(f"{error.message} Everything is built anew.", "warning"))
            return job
        if digest is None:
            emit(Note(f"The dependencies are built first, and kept as {repository}:{part.tag}."))
            first = replace(job, recipe=part.recipe, manifest=part.manifest, dependencies=None)
            digest = self._build(_Work(first, part.tag, _renamed(emit), cancelled)).digest
        else:
            emit(Note(f"Built upon {repository}:{part.tag}, which holds the dependencies."))
        text = part.rest(job.recipe.text, f"{server}/{repository}@{digest}")
        return replace(job, recipe=replace(job.recipe, text=text), dependencies=None)

    def _build(self, work: _Work) -> BuiltImage:
        """One run, from the upload to the image."""
        # Never the user's own Dockerfile in its place: an ignore file beside it would be applied
        # a second time by the agent.
        sent = shipment.of(work.job, heeds_ignore=not self._buildkit)
        uploads = Uploads(self._place.registry_id)
        known = uploads.find(sent)
        try:
            return self._run(work, sent, known)
        except SourceGone:
            if known is None:
                raise
        except BuildFailed:
            if known is not None:  # it may be the upload that is spoilt, and no log says so
                uploads.forget(sent)
            raise
        uploads.forget(sent)
        work.seen.restart()
        work.tell(Note("The registry lost the context that was uploaded; it is sent again."))
        return self._run(work, sent, None)

    def _run(self, work: _Work, sent: Shipment, known: str | None) -> BuiltImage:
        arm = self._arm(work.tell, work.cancelled)
        target = self._target(arm, work.job, work.tag)
        if known is None:
            known = self._send(arm, target, sent, work)
        else:
            words = in_words(sent)
            work.tell(Note(f"The build context ({words}) was uploaded before and is used again."))
        source = Source(known, sent.dockerfile)
        make = acr_request.task_file if self._buildkit else acr_request.quick_build
        body = make(target, source, work.job.recipe, self._place.options)
        if self._buildkit:
            work.tell(Note(_EXPERIMENTAL, "warning"))
        if work.cancelled.is_set():
            raise Cancelled("Stopped before the run was started; nothing was built.")
        run_id = schedule(arm, target, body)
        _write(
            work.job.folder / _FILE,
            {
                "run_id": run_id,
                "target": asdict(target),
                "text": work.job.recipe.text,
                "above": work.job.recipe.above,
                "dependencies": work.tag != f"run-{work.job.run_id}",
            },
        )
        work.tell(
            Note(f"Run {run_id} of ACR Tasks in {target.login_server}; image {target.image}.")
        )
        run = AcrRun(arm, target, run_id, work.emit, work.seen)
        recipe = work.job.recipe
        return self._follow(run, Steps(parse(recipe.text), recipe.above), work.cancelled)

    def _send(self, arm: Arm, target: Target, sent: Shipment, work: _Work) -> str:
        """Upload the context; the place that the service named for it."""
        doing = f"asking {target.login_server} where to upload the context"
        path = f"{target.registry_id}/listBuildSourceUploadUrl"
        answer = arm.call(Call("POST", path, target.api, doing)) or {}
        url, location = str(answer.get("uploadUrl")), str(answer.get("relativePath"))
        with reach.told_apart(lambda: self._places(url)):
            upload(url, sent, work.tell, work.cancelled.is_set)
        Uploads(self._place.registry_id).keep(sent, location, url)
        return location

    def _target(self, arm: Arm, job: BuildJob, tag: str) -> Target:
        place = self._place
        found = arm.get(place.registry_id, _REGISTRY_API, f"reading {place.login_server}")
        mode = str((found.get("properties") or {}).get("roleAssignmentMode") or "")
        repository = job.reference.rpartition(":")[0]
        return Target(
            place.registry_id,
            place.login_server,
            repository,
            tag,
            caller=mode.startswith("Abac"),
        )

    def _follow(self, run: AcrRun, steps: Steps, cancelled: threading.Event) -> BuiltImage:
        reader = AcrReader(steps, run.emit, buildkit=self._buildkit, clock=lambda: run.seen.at)
        try:
            verdict = run.watch(reader, cancelled)
        except Cancelled:
            verdict = None
        if verdict is None:
            verdict = run.cancel()
            if verdict.status != "Succeeded":
                reader.finish("cancelled")
                raise Cancelled(f"Run {run.run_id} was cancelled; Azure confirmed that it ended.")
        if verdict.status == "Succeeded":
            reader.finish("done")
            return self._image(run, verdict)
        raise failure(run, verdict, reader, steps)

    def _image(self, run: AcrRun, verdict: Verdict) -> BuiltImage:
        """The image that the run pushed, as the registry holds it."""
        target = run.target
        registry = self._place.connection.registry(target.login_server)
        try:
            held = registry.digest(target.repository, verdict.digest or target.tag)
        except Forbidden as error:
            # Building is allowed without the right to read the registry; the run is believed.
            if verdict.digest is None:
                raise
            run.emit(Note(f"{error.message} The run's own word is taken.", "warning"))
            held = verdict.digest
        if held is None:
            raise BuildFailed(
                f"Run {run.run_id} succeeded, but {target.login_server} does not hold "
                f"{target.image}.",
                hint="A retention policy or another run may have removed it; run this again.",
                code="image-gone",
            )
        return BuiltImage(None, f"{target.login_server}/{target.repository}@{held}", held)


def _renamed(emit: Emit) -> Emit:
    """Steps of a first run, told apart from those of the run that follows it."""

    def told(event: Event) -> None:
        if isinstance(event, (StepStarted, StepEnded, LogLine)) and event.step is not None:
            event = replace(event, step=f"dependencies-{event.step}")
        emit(event)

    return told


def _nothing() -> None:
    """The watching thread sees the cancellation by itself."""


def _write(path: Path, known: Mapping[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(known), encoding="utf-8")


def _read(path: Path) -> dict[str, Any]:
    try:
        known: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise BuilderUnavailable(
            "That run ended before Azure had started it: the upload was not finished.",
            hint="Run the cell again.",
            code="not-started",
        ) from error
    return known
