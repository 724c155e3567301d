"""One rehearsal: start, wait for liveness, post the sample, judge, remove."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from ..build.engine import RUN_LABEL, Engine
from ..build.owner import OWNER_LABEL, owner
from ..dockerfile.facts import BaseFacts
from ..errors import BuilderUnavailable
from ..events import Emit, LogLine, Note, StepEnded, StepOutcome, StepStarted
from ..explain.container import Reason
from ..plan.request import Rehearsal, Routes
from . import diagnosis, probe
from .container import Container, Launch
from .mounting import APP, Mounting, mount
from .readiness import Patience, Unready, await_ready
from .script import SCRIPT
from .verdict import Verdict

_PAUSE = 0.1  # seconds between two looks at a request under way
_LONGEST_REQUEST = 180.0  # seconds; the platform allows no more
_USUAL_REQUEST = 5.0  # seconds; the platform's default
_LATE_LOG = 2.0  # seconds that a log line may come after the answer
_KEPT = 60  # log lines kept in a verdict
_SCRIPT_PLACE = "main.py"


class Trial:
    """The rehearsal of one image."""

    def __init__(
        self,
        engine: Engine,
        image: str,
        rehearsal: Rehearsal,
        emit: Emit,
        cancelled: Callable[[], bool],
    ) -> None:
        self._engine, self._image, self._rehearsal = engine, image, rehearsal
        self._emit = emit
        self._patience = Patience(rehearsal.routes, rehearsal.seconds, cancelled)
        self._facts = BaseFacts()
        self._server: bool | None = None

    def verdict(self) -> Verdict:
        """Do it; raises Cancelled, BuilderUnavailable, BadUsage."""
        facts = self._engine.image_settings(self._image)
        if facts is None:
            raise BuilderUnavailable(
                f"{self._engine.title} does not hold the image '{self._image}'.",
                code="image-missing",
            )
        self._facts = facts
        if not self._serves():
            return Verdict(
                "not applicable",
                "There is no inference server in the image, so there is nothing to rehearse; it "
                "is registered without inference routes.",
            )
        mounts = self._rehearsal.mounts
        baked = self._baked()
        built_in = None if baked or mounts.code or not self._azureml() else SCRIPT
        mounting = mount(mounts, built_in)
        return self._in_container(mounting, built_in is not None)

    # What the image is.

    def _azureml(self) -> bool:
        if "runsvdir" in self._command():
            return True
        if self._server is None:  # asked last: it may take a look into the image
            self._server = self._engine.image_serves(self._image)
        return self._server

    def _serves(self) -> bool:
        asked = self._rehearsal.routes
        exposed = f"{asked.port}/tcp" in self._facts.exposed
        return exposed or asked != Routes() or self._azureml()

    def _command(self) -> tuple[str, ...]:
        return (*self._facts.entrypoint, *self._facts.cmd)

    def _baked(self) -> bool:
        """Whether the image holds an entry script: the one it names, else the server's default."""
        if "AZUREML_ENTRY_SCRIPT" in self._facts.env or not self._azureml():
            return True
        root = self._facts.env.get("AML_APP_ROOT", APP)
        return self._engine.holds(self._image, f"{root.rstrip('/')}/{_SCRIPT_PLACE}")

    # The trial itself.

    def _in_container(self, mounting: Mounting, built_in: bool) -> Verdict:
        launch = Launch(
            self._image,
            self._rehearsal.routes.port,
            mounting.environment,
            mounting.archive(),
            {RUN_LABEL: "rehearsal", OWNER_LABEL: owner()},
        )
        self._emit(StepStarted("rehearse-start", "start the image as Azure ML would"))
        began = time.monotonic()
        try:
            container = Container.start(self._engine, launch)
        except BuilderUnavailable as error:
            self._ended("rehearse-start", "failed", began)
            return Verdict(
                "failed", f"The image could not be started: {error.message}", hint=error.hint
            )
        try:
            with self._cut_off("rehearse-start", began):
                unready = await_ready(container, self._command(), self._patience)
            ready = time.monotonic() - began
            self._ended("rehearse-start", "failed" if unready else "done", began)
            verdict = self._failed(unready) if unready else self._served(container, ready, built_in)
        except BaseException:
            container.remove()
            raise
        container.leave()
        return verdict

    def _failed(self, unready: Unready) -> Verdict:
        log = unready.log[-_KEPT:]
        for line in log:
            self._emit(LogLine(line))
        cause = unready.cause
        return Verdict("failed", unready.sentence, cause.text, cause.hint, log=log)

    # What it answers.

    def _served(self, container: Container, ready: float, built_in: bool) -> Verdict:
        routes, sample = self._rehearsal.routes, self._rehearsal.sample
        address = container.address()
        if built_in:
            return self._started(address, ready)
        if sample is not None:
            return self._scored(container, address, ready, sample)
        mounted = self._rehearsal.mounts.code
        if mounted is not None:
            return Verdict(
                "started",
                f"The server started in {ready:.1f} s with the code of {mounted}; no sample was "
                "posted (--request-file).",
                ready_seconds=ready,
            )
        described = probe.get(address, "/swagger.json") if self._azureml() else None
        told = " and describes its interface" if probe.good(described) else ""
        return Verdict(
            "served",
            f"The server is live after {ready:.1f} s{told}; no sample was posted to "
            f"{routes.scoring} (--request-file).",
            ready_seconds=ready,
        )

    def _started(self, address: tuple[str, int], ready: float) -> Verdict:
        answer = self._posted(address, "{}")
        broken = _trouble(answer)
        told = ""
        if broken:
            told = f" These packages do not import in it: {'; '.join(broken)}."
            self._emit(Note(told.strip(), "warning"))
        return Verdict(
            "started",
            f"The server starts in {ready:.1f} s; the image holds no entry script, so a built-in "
            f"one was mounted.{told}",
            cause="; ".join(broken) or None,
            ready_seconds=ready,
        )

    def _scored(
        self, container: Container, address: tuple[str, int], ready: float, sample: str
    ) -> Verdict:
        route = self._rehearsal.routes.scoring
        self._emit(StepStarted("rehearse-score", f"post the sample to {route}"))
        began = time.monotonic()
        with self._cut_off("rehearse-score", began):
            answer = self._posted(address, sample)
        fine = answer is not None and 200 <= answer.status < 300
        self._ended("rehearse-score", "done" if fine else "failed", began)
        if answer is None or not fine:
            return self._refused(container, answer, ready)
        slow = answer.seconds > _USUAL_REQUEST
        return Verdict(
            "served",
            f"The sample was answered with {answer.status} in {answer.seconds:.2f} s; the server "
            f"was ready after {ready:.1f} s.",
            hint="Azure ends requests after 5 s by default: set request_timeout_ms."
            if slow
            else None,
            status=answer.status,
            answer=answer.text,
            ready_seconds=ready,
            score_seconds=answer.seconds,
        )

    def _posted(self, address: tuple[str, int], body: str) -> probe.Answer | None:
        """The answer to `body`; a cancellation is felt while the server still thinks."""
        route = self._rehearsal.routes.scoring
        found: list[probe.Answer | None] = []
        caller = threading.Thread(
            target=lambda: found.append(probe.post(address, route, body, _LONGEST_REQUEST)),
            name="azureml-image-sample",
            daemon=True,
        )
        caller.start()
        while caller.is_alive():
            self._patience.check()
            caller.join(_PAUSE)
        return found[0]

    def _refused(self, container: Container, answer: probe.Answer | None, ready: float) -> Verdict:
        route = self._rehearsal.routes.scoring
        log, cause = self._told_cause(container)
        said = f"answered {answer.status}" if answer else "gave no answer"
        why = f": {cause.text}" if cause else (f": {answer.text[:200]}" if answer else "")
        for line in log[-_KEPT:]:
            self._emit(LogLine(line))
        return Verdict(
            "failed",
            f"{route} {said} to the sample{why}.",
            cause.text if cause else None,
            cause.hint if cause else None,
            answer.status if answer else None,
            answer.text if answer else None,
            ready,
            answer.seconds if answer else None,
            log[-_KEPT:],
        )

    def _told_cause(self, container: Container) -> tuple[tuple[str, ...], Reason | None]:
        """The log and the cause it tells; the answer may be quicker than the log's way out of
        the container."""
        until = time.monotonic() + _LATE_LOG
        while True:
            log = container.log()
            cause = diagnosis.cause(log, container.state())
            if cause is not None or time.monotonic() > until:
                return log, cause
            self._patience.check()
            time.sleep(_PAUSE)

    @contextmanager
    def _cut_off(self, step: str, began: float) -> Iterator[None]:
        """Whatever breaks off the work inside ends the step too."""
        try:
            yield
        except BaseException:
            self._ended(step, "cancelled", began)
            raise

    def _ended(self, step: str, outcome: StepOutcome, began: float) -> None:
        self._emit(StepEnded(step, outcome, time.monotonic() - began))


def _trouble(answer: probe.Answer | None) -> list[str]:
    """The packages that the built-in script could not import, each with its reason."""
    if answer is None or answer.status != 200:
        return []
    try:
        found = json.loads(answer.text)
        found = json.loads(found) if isinstance(found, str) else found
    except ValueError:
        return []
    return [f"{name} ({why})" for name, why in found.items()] if isinstance(found, dict) else []
