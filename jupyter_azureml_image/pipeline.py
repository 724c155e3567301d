"""The seven stages in order, and cancellation between and inside them; nothing else."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

from . import endings, existing, stages
from .build.ports import Builder, BuildJob, BuildRun, BuiltImage, RunToken
from .cancellation import Cancellation
from .errors import (
    BuilderUnavailable,
    BuildFailed,
    Cancelled,
    ImageError,
    RehearsalFailed,
)
from .events import (
    Emit,
    Findings,
    Listing,
    Note,
    Outcome,
    RunEnded,
    RunStarted,
    StageEnded,
    StageStarted,
)
from .existing import Existing
from .gather import Known, builder_of, gather
from .inspection import inspect_context, inspect_text, stop_on
from .journal import Journal
from .outside import Outside
from .plan.dependencies import Dependencies
from .plan.plan import Plan
from .plan.registration import Workspace
from .plan.request import BuildRequest, written_down
from .planning import make_plan
from .records import dataclass
from .registering import introduction, registration_of, result_sentence
from .rehearse.verdict import Verdict
from .result import ImageBuild
from .stages import Stage


class Ended(NamedTuple):
    """How a stage ended, in one sentence."""

    outcome: Outcome
    sentence: str


@dataclass(frozen=True, slots=True)
class Run:
    """One run's place in the journal, and where its events go."""

    run_id: str
    journal: Journal
    emit: Emit
    cancellation: Cancellation


class Pipeline:
    """One run of one request; what each stage leaves for the next is kept here."""

    def __init__(self, request: BuildRequest, outside: Outside, run: Run) -> None:
        self._request = request
        self._outside = outside
        self._run = run
        self._emit = run.emit
        self._known: Known | None = None
        self._existing = Existing()
        self._dependencies: Dependencies | None = None
        self._token: RunToken | None = None
        self._introduced = False
        self._image: BuiltImage | None = None
        self.build = ImageBuild(request.name, run.run_id, log=str(run.journal.log_path(run.run_id)))

    def go(self) -> ImageBuild:
        """Run to the last stage asked for; the journal knows how it ended, whatever happens."""
        self._run.journal.note(self._run.run_id, request=written_down(self._request))
        self._emit(RunStarted(self._run.run_id, self._request.name, self._request.until))
        return self._follow(stages.STAGES)

    def resume(self, plan: Plan, token: RunToken | None) -> ImageBuild:
        """Go on with a build that an earlier kernel started, and with the stages after it."""
        self._token = token
        self.build.plan, self.build.version = plan, plan.version
        # One asked for without the cache is not the one that was there before.
        by = self._run.run_id if self._request.recipe.no_cache else None
        image = existing.local_image(self._outside, plan.reference, plan.fingerprint, by=by)
        self._existing = Existing(image=image)
        return self._follow(stages.STAGES[stages.STAGES.index("build") :])

    def _follow(self, wanted: tuple[Stage, ...]) -> ImageBuild:
        began = time.monotonic()
        try:
            for stage in wanted:
                if stages.includes(self._request.until, stage):
                    self._stage(stage)
        except ImageError as error:
            self._end("cancelled" if isinstance(error, Cancelled) else "failed", began, error)
            raise
        except BaseException as error:  # a bug of ours: the journal must not go on saying "running"
            self._end("failed", began, ImageError(f"{type(error).__name__}: {error}"))
            raise
        self._end("done", began, None)
        return self.build

    def _stage(self, stage: Stage) -> None:
        work: Callable[[], Ended] = getattr(self, f"_do_{stage}")
        began = time.monotonic()
        self._emit(StageStarted(stage))
        try:
            self._run.cancellation.check()
            ended = work()
        except ImageError as error:
            outcome: Outcome = "cancelled" if isinstance(error, Cancelled) else "failed"
            self._emit(StageEnded(stage, outcome, time.monotonic() - began, error.message))
            raise
        self._emit(StageEnded(stage, ended.outcome, time.monotonic() - began, ended.sentence))

    def _end(self, outcome: Outcome, began: float, error: ImageError | None) -> None:
        sentence = error.message if error else result_sentence(self.build)
        ended = RunEnded(outcome, time.monotonic() - began, sentence)
        if error:
            ended = replace(
                ended, hint=error.hint or "", error=endings.kind_of(error), code=error.code
            )
        self._emit(ended)
        status = outcome if outcome in ("done", "cancelled") else "failed"
        self._run.journal.end(self._run.run_id, status, sentence)

    def _note(self, **facts: object) -> None:
        self._run.journal.note(self._run.run_id, **facts)

    # The stages.

    def _do_check(self) -> Ended:
        self._introduce(self._outside.workspace(connect=False))
        self._known = known = gather(self._request, self._outside)
        self._introduce(known.workspace)
        findings = inspect_text(self._request, known, self._outside)
        if advice := self._outside.lint_advice():
            self._emit(Note(advice))
        self.build.diagnostics = findings
        self._emit(Findings(findings, self._request.recipe.text, self._request.recipe.above))
        return Ended("done", stop_on(findings, self._request))

    def _do_context(self) -> Ended:
        lines, sentence, warnings = inspect_context(self._request, self._gathered.manifest)
        self._emit(Listing("context", lines))
        for warning in warnings:
            self._emit(Note(warning, "warning"))
        return Ended("done", sentence)

    def _do_plan(self) -> Ended:
        known = self._gathered
        planned = make_plan(self._request, known, self._outside, self._run.journal)
        self._existing = planned.existing
        self._dependencies = planned.dependencies
        plan = self.build.plan = planned.plan
        self.build.version = plan.version
        self.build.reused = plan.action == "reuse"
        self._note(plan=plan)
        self._emit(Listing("plan", planned.lines))
        for base in known.bases.values():
            if base.trouble:
                self._emit(Note(base.trouble, "warning"))
        return Ended("done", plan.sentence)

    def _do_build(self) -> Ended:
        plan = self._planned
        if plan.action == "reuse" or self._existing.image is not None:
            if self._token is not None:  # it ended while no kernel looked
                self._note(built=self._built_here)
            self._use(self._existing.image)
            return Ended("reused", "Not built again: the same content is there already.")
        builder = self._builder()
        if (workspace := self._workspace) is not None:
            workspace.warm()  # while the image builds
        run = (
            builder.start(self._job(plan), self._emit)
            if self._token is None
            else builder.attach(self._token, self._emit)
        )
        self._note(token=run.token)
        with self._run.cancellation.stopping(run.cancel):
            image = self._awaited(run)
        self._note(image=image, built=self._built_here)
        self._use(image)
        if self._by_azureml:
            return Ended(
                "done", f"Uploaded the context to {image.reference}; nothing is built yet."
            )
        return Ended("done", f"Built {image.reference}.")

    def _do_rehearse(self) -> Ended:
        request = self._request
        if not request.rehearsal.wanted:
            return self._judge(Verdict("skipped", "Not rehearsed: --no-rehearse was given."))
        if self._by_azureml:
            return self._judge(
                Verdict("skipped", "Not rehearsed: Azure ML builds the image later.")
            )
        fingerprint = self._planned.fingerprint
        key = existing.rehearsal_key(fingerprint, request.rehearsal, self._built)
        earlier = existing.verdict_for(self._run.journal, request.name, key)
        if earlier is not None:
            return self._judge(earlier, "reused", rehearsal=key)
        reference = self._image_here()
        if reference is None:
            return self._judge(
                Verdict("skipped", "Not rehearsed: there is no engine here to start the image in.")
            )
        verdict = self._outside.rehearse(reference, request, self._emit, self._run.cancellation)
        return self._judge(verdict, rehearsal=key)

    def _do_push(self) -> Ended:
        plan, workspace = self._planned, self._needed_workspace
        if self._by_azureml:
            return Ended("skipped", "Nothing to push: Azure ML builds the image later.")
        registered = self._existing.registered
        if registered is not None and registered.image:
            self.build.reference = registered.image
            self.build.digest = registered.image.rpartition("@")[2]
            return Ended("reused", f"Not pushed again: {registered.image} is registered.")
        server, repository = self._place
        image = self._image
        if self._existing.pushed:
            self._pushed(self._existing.pushed)
            return Ended("reused", f"Not pushed again: {server} holds {self._existing.pushed}.")
        if image is not None and image.digest:
            return Ended("done", f"Pushed by the build as {self.build.reference}.")
        self._pushed(workspace.push(plan.reference, server, repository, self._emit))
        return Ended("done", f"Pushed {self.build.reference}.")

    def _do_register(self) -> Ended:
        workspace = self._needed_workspace
        held = self._existing.registered
        outcome: Outcome = "reused" if held else "done"
        context = self._image.reference if self._by_azureml and self._image else None
        registered = held or workspace.register(registration_of(self._request, self.build, context))
        self._note(registered=registered)
        self.build.registered = registered
        self.build.made_environment = lambda: workspace.environment(registered)
        done = "Already registered" if outcome == "reused" else "Registered"
        return Ended(outcome, f"{done}: azureml:{registered.name}:{registered.version}.")

    # What the stages share.

    def _introduce(self, workspace: Workspace | None) -> None:
        """Say once which workspace is used; one that is connected already, before all else."""
        if workspace is None or self._introduced:
            return
        self._introduced = True
        self.build.sandbox = workspace.facts.sandbox
        self._emit(introduction(workspace.facts))

    @property
    def _gathered(self) -> Known:
        if self._known is None:
            self._known = gather(self._request, self._outside)
        return self._known

    @property
    def _planned(self) -> Plan:
        if self.build.plan is None:
            raise RuntimeError("a stage after the plan ran before it")
        return self.build.plan

    @property
    def _workspace(self) -> Workspace | None:
        return self._known.workspace if self._known else self._outside.workspace(connect=True)

    @property
    def _needed_workspace(self) -> Workspace:
        workspace = self._workspace
        if workspace is None:
            raise RuntimeError("the plan let a run without a workspace come this far")
        return workspace

    @property
    def _by_azureml(self) -> bool:
        """Whether Azure ML builds the image itself, after the registration."""
        registered = self._existing.registered
        if registered is not None:
            return registered.image is None
        return self._request.build == "azureml"

    @property
    def _built_here(self) -> dict[str, str]:
        return {"run": self._run.run_id, "fingerprint": self._planned.fingerprint.value}

    @property
    def _built(self) -> str:
        """The run that built what this one goes on with."""
        fingerprint = self._planned.fingerprint
        return existing.latest_build(self._run.journal, self._request.name, fingerprint)

    @property
    def _place(self) -> tuple[str, str]:
        server, _, repository = (self._planned.destination or "").partition("/")
        return server, repository

    def _builder(self) -> Builder:
        if self._known is not None and self._known.builder is not None:
            return self._known.builder
        if self._token is None:
            raise BuilderUnavailable("The image of this run is gone, and so is what built it.")
        return builder_of(self._outside, self._request, self._token.way)

    def _awaited(self, run: BuildRun) -> BuiltImage:
        try:
            return run.wait()
        except BuildFailed as error:
            row = self._run.journal.run(self._run.run_id)
            if row.facts.get("stopped"):  # from another kernel: to the builder it just failed
                raise Cancelled("The run was stopped.") from error
            raise

    def _job(self, plan: Plan) -> BuildJob:
        run_id = self._run.run_id
        return BuildJob(
            run_id=run_id,
            folder=self._run.journal.run_folder(run_id),
            recipe=self._request.recipe,
            manifest=self._gathered.manifest,
            reference=plan.reference,
            dependencies=self._dependencies,
            bases={name: base.facts for name, base in self._gathered.bases.items()},
            labels={
                existing.FINGERPRINT: plan.fingerprint.value,
                "azureml-image.name": plan.name,
                existing.RUN: run_id,
            },
        )

    def _use(self, image: BuiltImage | None) -> None:
        self._image = image
        if image is None:
            return
        self.build.image_id, self.build.size = image.image_id, image.size
        if image.digest is not None:
            self._pushed(image.digest)
        if image.image_id is not None:
            self.build.local_reference = self._planned.reference

    def _image_here(self) -> str | None:
        """The image's name in the local engine, brought there if a registry has it."""
        if self._image is not None and self._image.image_id is not None:
            return self._planned.reference
        remote = self._remote
        if remote is None or not self._gathered.local:
            return None
        self._outside.fetch(remote, self._emit)
        return remote

    @property
    def _remote(self) -> str | None:
        """The image by digest, where a registry has it already."""
        if self._existing.registered is not None:
            return self._existing.registered.image
        if self._existing.pushed is not None:
            return f"{self._planned.destination}@{self._existing.pushed}"
        return self._image.reference if self._image else None

    def _judge(self, verdict: Verdict, outcome: Outcome = "done", **facts: str) -> Ended:
        self._note(verdict=verdict, **facts)
        self.build.verdict = verdict
        if verdict.outcome == "failed":
            raise RehearsalFailed(verdict.sentence, hint=verdict.hint)
        ended = "skipped" if verdict.outcome in ("skipped", "not applicable") else outcome
        return Ended(ended, verdict.sentence)

    def _pushed(self, digest: str) -> None:
        """The registry holds it now; a later run of the same content need not push again."""
        plan = self._planned
        self.build.digest = digest
        self.build.reference = f"{plan.destination}@{digest}"
        pushed = {"place": list(self._place), "digest": digest, "built": self._built}
        self._note(pushed={**pushed, "fingerprint": plan.fingerprint.value})
