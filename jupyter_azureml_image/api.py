"""The public functions: what the magics, the panel and the command line call.

Everything here can be called from a plain Python program. Options have the names of the
magics' options, with `_` for `-`.
"""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias, TypeVar

from . import endings, settings, state, wire
from . import options as _options
from .build.ports import BuiltImage, RunToken
from .cancellation import Cancellation
from .errors import BadUsage, NotConnected
from .events import Emit, Event, Findings, RunEnded
from .gather import builder_of, gather
from .inspection import inspect_text, question_of
from .journal import Journal, RunRow
from .lint.diagnostic import Diagnostic
from .lint.fix import Fixed
from .lint.fix import fix as fix_text
from .outside import Outside
from .paths import from_home
from .pipeline import Pipeline, Run
from .plan.naming import repository_of
from .plan.plan import Plan
from .plan.registration import RegisteredEnvironment
from .plan.request import BuildRequest
from .rehearse.verdict import Verdict
from .result import ImageBuild
from .run import LiveRun
from .serving import delete, deploy, prune, resources, rollback
from .spec import ImageSpec

__all__ = [
    "attach",
    "build",
    "cancel",
    "check",
    "delete",
    "deploy",
    "fix",
    "follow",
    "journal",
    "log_path",
    "plan",
    "prune",
    "register",
    "request",
    "resources",
    "rollback",
    "runs",
    "start",
]

Dockerfile: TypeAlias = "str | os.PathLike[str] | ImageSpec"
"""Dockerfile text, the path of a file, or a spec."""

_live: dict[str, LiveRun] = {}


def request(name: str, dockerfile: Dockerfile, **options: Any) -> BuildRequest:
    """What `build` would be asked; raises BadUsage for a word that cannot be used."""
    text, path = _text(dockerfile)
    if isinstance(dockerfile, ImageSpec):
        options = dockerfile.fill(options)
    if path is not None:
        options.setdefault("path", path)
    return _options.request_from(name, text, **settings.fill(options))


def check(dockerfile: Dockerfile, **options: Any) -> tuple[Diagnostic, ...]:
    """The findings on a Dockerfile, worst first; nothing is built and nothing raised for them."""
    return findings(request(options.pop("name", "image"), dockerfile, **options))


def findings(asked: BuildRequest) -> tuple[Diagnostic, ...]:
    """Those on the text of a request; nothing is built and nothing raised for them."""
    outside = _outside()
    return inspect_text(asked, gather(asked, outside), outside)


def fix(asked: BuildRequest) -> Fixed:
    """The text of a request with every certain fix applied; writes nothing."""
    outside = _outside()
    return fix_text(question_of(asked, gather(asked, outside), outside))


def plan(name: str, dockerfile: Dockerfile, **options: Any) -> Plan:
    """What `build` would do, without doing it; raises what would stop it."""
    done = start(request(name, dockerfile, **options | {"until": "plan"})).result()
    if done.plan is None:
        raise BadUsage("No plan was made.")
    return done.plan


def build(
    name: str,
    dockerfile: Dockerfile,
    *,
    on_event: Callable[[Event], None] | None = None,
    **options: Any,
) -> ImageBuild:
    """Check, build, rehearse, push and register; `until` names the last stage to run.

    `on_event` is called with everything that happens. Raises ImageError; an interrupt stops
    the build where it runs and raises Cancelled.
    """
    return follow(start(request(name, dockerfile, **options)), on_event)


def register(build: ImageBuild, *, on_event: Callable[[Event], None] | None = None) -> ImageBuild:
    """Go on with a build that stopped before the registration: push it and register it."""
    row = journal().run(build.run_id)
    asked = wire.load(BuildRequest, row.facts["request"])
    return follow(start(dataclasses.replace(asked, until="register")), on_event)


def follow(live: LiveRun, on_event: Callable[[Event], None] | None = None) -> ImageBuild:
    """Wait for a run, interruptibly: the first interrupt cancels it, the second leaves it."""
    watched = live.events()
    interrupts = 0
    while True:
        try:
            for event in watched:
                if on_event is not None:
                    on_event(event)
            return live.result()
        except KeyboardInterrupt:
            interrupts += 1
            if interrupts > 1 or live.over:
                raise
            live.cancel()
            watched = live.events()


def start(asked: BuildRequest) -> LiveRun:
    """Begin a run in the background and return at once."""
    kept = journal()
    run_id = kept.begin(asked.name, repository_of(asked.name))
    return _launch(kept, run_id, lambda run: Pipeline(asked, _outside(), run).go())


def attach(run_id: str) -> LiveRun:
    """The run under way, or a run that ended, again from its first event; a build that
    outlived its kernel is followed to its end, and the stages after it run here. Its result
    raises the error that ended the run, also where that was long ago."""
    kept = journal()
    row = kept.run(run_id)
    if row.run_id in _live and not _live[row.run_id].over:
        return _live[row.run_id]
    if row.under_way:
        return _continue(kept, row)
    return _again(kept, row)


def runs(limit: int = 50) -> tuple[RunRow, ...]:
    """The journal, newest first. A run that says it is under way, and whose process is gone,
    is `detached` where `attach` goes on with it, else `lost`."""
    return tuple(_as_it_stands(row) for row in journal().runs(limit=limit))


def log_path(run_id: str) -> Path:
    """The full log of a run."""
    kept = journal()
    return kept.log_path(kept.run(run_id).run_id)


def journal() -> Journal:
    """The journal on this machine's own disk."""
    return Journal(state.folder())


def cancel(run_id: str) -> str:
    """Stop a run where it runs, whichever kernel started it; the sentence says what was done."""
    kept = journal()
    row = kept.run(run_id)
    live = _live.get(row.run_id)
    if live is not None and not live.over:
        live.cancel()
        return f"Run {row.run_id} is being stopped."
    if not row.under_way:
        return f"Run {row.run_id} is over already: {row.status}."
    token = row.facts.get("token")
    if token and "image" not in row.facts:
        kept.note(row.run_id, stopped=True)
        started = wire.load(RunToken, token)
        asked = wire.load(BuildRequest, row.facts["request"])
        builder_of(_outside(), asked, started.way).attach(started, _ignore).cancel()
    if not row.owner_lives:
        kept.end(row.run_id, "cancelled", "The run was stopped.")
    return f"Run {row.run_id} was stopped."


def _text(dockerfile: Dockerfile) -> tuple[str, str | None]:
    """The text, and the path it was read from."""
    if isinstance(dockerfile, ImageSpec):
        return dockerfile.to_dockerfile(), None
    if isinstance(dockerfile, str) and _is_text(dockerfile):
        return dockerfile, None
    place = from_home(dockerfile)
    return _options.read_text(place), os.path.abspath(place)  # noqa: PTH100  # links stay as the user named them


def _is_text(given: str) -> bool:
    """Whether it is a Dockerfile and no path: one word is always a path, several words where
    there is such a file."""
    if "\n" in given or "\0" in given:
        return True
    return len(given.split()) != 1 and not _is_file(given)


def _is_file(path: str) -> bool:
    try:
        return from_home(path).is_file()
    except (OSError, ValueError):  # longer than any name, or made of what no name is
        return False


def _outside() -> Outside:
    from .wiring import Here

    return Here()


def _launch(kept: Journal, run_id: str, work: Callable[[Run], ImageBuild]) -> LiveRun:
    def recorded(emit: Emit, cancellation: Cancellation) -> ImageBuild:
        from .build.leaving import all_gone

        recorder = kept.recorder(run_id)

        def both(event: Event) -> None:
            told = recorder.write(event)
            emit(event)
            if told is not None:
                emit(told)

        try:
            return work(Run(run_id, kept, both, cancellation))
        finally:
            all_gone()  # a run that is over has left no container behind
            recorder.close()
            _live.pop(run_id, None)

    live = _live[run_id] = LiveRun(run_id, recorded)
    return live.start()


def _as_it_stands(row: RunRow) -> RunRow:
    if not row.under_way or row.owner_lives:
        return row
    if not row.outlives:
        return dataclasses.replace(row, status="lost", sentence=LOST)
    way_back = f"Its kernel ended; %azureml_image attach {row.run_id} goes on with it."
    return dataclasses.replace(row, status="detached", sentence=way_back)


def _continue(kept: Journal, row: RunRow) -> LiveRun:
    """A run that says it is under way, but not here."""
    if row.owner_lives or not row.begun:
        if not row.owner_lives:
            kept.end(row.run_id, "lost", LOST)
        return _again(kept, row)
    asked = wire.load(BuildRequest, row.facts["request"])
    planned, token = row.facts["plan"], row.facts.get("token")
    kept.adopt(row.run_id)
    before = kept.rewind(row.run_id, "build")

    def go_on(run: Run) -> ImageBuild:
        for event in before:
            run.emit(event)
        return Pipeline(asked, _outside(), run).resume(
            wire.load(Plan, planned), wire.load(RunToken, token) if token else None
        )

    return _launch(kept, row.run_id, go_on)


LOST = "The kernel ended before anything could outlive it; nothing of the run is left."


def _again(kept: Journal, row: RunRow) -> LiveRun:
    """The run's events once more, and those that another kernel still adds."""

    def replay(emit: Emit, cancellation: Cancellation) -> ImageBuild:
        found: tuple[Diagnostic, ...] = ()
        for event in kept.follow(row.run_id, lambda: cancellation.requested):
            emit(event)
            if isinstance(event, Findings):
                found = event.diagnostics
            if isinstance(event, RunEnded) and event.outcome in ("failed", "cancelled"):
                raise endings.again(event, found)
        return result_of(kept.run(row.run_id), str(kept.log_path(row.run_id)))

    return LiveRun(row.run_id, replay).start()


def result_of(row: RunRow, log: str | None = None) -> ImageBuild:
    """What a run left, as its `ImageBuild`; fields of stages that did not run are None."""
    facts = row.facts
    build = ImageBuild(row.name, row.run_id, log=log)
    build.verdict = _record(Verdict, facts.get("verdict"))
    plan_ = build.plan = _record(Plan, facts.get("plan"))
    if plan_ is None:
        return build
    build.version, build.reused = plan_.version, plan_.action == "reuse"
    image = _record(BuiltImage, facts.get("image"))
    if image is not None:
        build.image_id, build.size, build.digest = image.image_id, image.size, image.digest
        build.local_reference = plan_.reference if image.image_id else None
    build.digest = (facts.get("pushed") or {}).get("digest") or build.digest
    if build.digest:
        build.reference = f"{plan_.destination}@{build.digest}"
    registered = build.registered = _record(RegisteredEnvironment, facts.get("registered"))
    if registered is not None:
        build.reference = registered.image
        build.made_environment = _maker(registered)
    return build


T = TypeVar("T")


def _record(cls: type[T], data: Any) -> T | None:
    return wire.load(cls, data) if data else None


def _maker(registered: RegisteredEnvironment) -> Callable[[], Any]:
    def make() -> Any:
        workspace = _outside().workspace(connect=True)
        if workspace is None:
            raise NotConnected(
                "The environment is in a workspace that is not connected.",
                hint="Connect it with %azureml_image workspace.",
            )
        return workspace.environment(registered)

    return make


def _ignore(event: Event) -> None:
    """For a build that is only being stopped."""
