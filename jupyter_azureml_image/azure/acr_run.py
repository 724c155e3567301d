"""One run of ACR Tasks: started once, watched to its verdict, or cancelled for certain."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone
from typing import Any

from ..errors import AzureError, ImageError, ServiceFault, SignedOut
from ..events import Emit, Note, Queued
from .acr_dialect import AcrReader
from .acr_log import RunLog
from .acr_request import Target
from .acr_seen import Seen
from .arm import Arm, Call

ENDED = ("Succeeded", "Failed", "Canceled", "Error", "Timeout")
_WAITING = ("Queued", "Started")
_LOG_EVERY = 1.0
_STATUS_EVERY = 3.0
_LOG_AFTER = 8.0
_LONG_QUEUE = 300.0
_CANCEL_SECONDS = 60.0
_SILENT = 900.0
_SKEW = 300.0
_REPLACED = Note("Azure replaced the run's log; reading on from its new beginning.")


@dataclass(frozen=True, slots=True)
class Verdict:
    """How a run ended, by the run itself. `digest` is that of the image with our tag."""

    status: str
    message: str = ""
    digest: str | None = None


@dataclass(slots=True)
class AcrRun:
    """A run in Azure."""

    arm: Arm
    target: Target
    run_id: str
    emit: Emit
    seen: Seen = field(default_factory=lambda: Seen(None))
    _began: float = field(default_factory=time.monotonic)
    _heard: float = field(default_factory=time.monotonic)
    _deaf: bool = False
    _warned: bool = False

    @property
    def path(self) -> str:
        """Its ARM id."""
        return f"{self.target.registry_id}/runs/{self.run_id}"

    def watch(self, reader: AcrReader, cancelled: threading.Event) -> Verdict | None:
        """Feed the log to `reader` until the run has ended; None once `cancelled` is set. What
        was seen before comes from disk, and the log is read on from there."""
        self._again(reader)
        log = RunLog(self._log_link, self.seen.position, self.seen.log)
        asked, properties = float("-inf"), {"status": "Queued"}
        while not cancelled.is_set():
            self._feed(log, reader)
            if time.monotonic() - asked >= _STATUS_EVERY or log.complete:
                properties, asked = self._properties(), time.monotonic()
                if properties.get("status") in ENDED:
                    self._rest(log, reader)
                    return self._verdict(properties)
                self._queued(properties)
            cancelled.wait(_LOG_EVERY)
        return None

    def cancel(self) -> Verdict:
        """Cancel it and wait until Azure says that it ended. Raises ServiceFault, naming the way
        to stop it by hand, where Azure does not say so within a minute."""
        calm = replace(self.arm, stopped=threading.Event())  # the cancelled run's waits are over
        try:
            return self._stop(calm)
        except ImageError as error:
            raise ServiceFault(
                f"Run {self.run_id} may still be running in Azure: {error.message}",
                hint="To stop it, in a terminal: az acr task cancel-run "
                f"--registry {self.target.registry} --run-id {self.run_id}",
                code=error.code,
            ) from error

    def _stop(self, calm: Arm) -> Verdict:
        doing = f"cancelling run {self.run_id}"
        try:
            calm.call(Call("POST", f"{self.path}/cancel", self.target.api, doing))
        except AzureError:
            properties = calm.get(self.path, self.target.api, doing).get("properties") or {}
            if properties.get("status") not in ENDED:
                raise
            return self._verdict(properties)  # it had ended by itself
        until = time.monotonic() + _CANCEL_SECONDS
        while time.monotonic() < until:
            properties = calm.get(self.path, self.target.api, doing).get("properties") or {}
            if properties.get("status") in ENDED:
                return self._verdict(properties)
            calm.stopped.wait(0.5)
        raise ServiceFault("Azure took the cancellation, but the run has not ended yet.")

    def _again(self, reader: AcrReader) -> None:
        number = 0
        for portion in self.seen.portions():
            if portion.log > number:
                number = portion.log
                self.emit(_REPLACED)
            reader.feed(portion.data)

    def _feed(self, log: RunLog, reader: AcrReader) -> bool:
        replaced = log.replaced
        data = log.read()
        if log.replaced > replaced:
            self.emit(_REPLACED)
        if data:
            self.seen.take(log.replaced, log.position - len(data), data)
            reader.feed(data)
        return bool(data)

    def _rest(self, log: RunLog, reader: AcrReader) -> None:
        """The log's end comes a little after the verdict; it is not waited for long."""
        until = time.monotonic() + (_LOG_AFTER if log.begun else _LOG_AFTER / 2)
        while not log.complete and time.monotonic() < until:
            if not self._feed(log, reader) and not log.complete:
                self.arm.stopped.wait(0.5)

    def _properties(self) -> dict[str, Any]:
        """What the run says of itself; empty while Azure cannot be asked, which a run outlives.
        Raises AzureError, saying that it goes on, where that stays so."""
        arm = replace(self.arm, tell=None) if self._deaf else self.arm  # said once
        try:
            found = arm.get(self.path, self.target.api, f"asking for run {self.run_id}")
        except AzureError as error:
            passing = isinstance(error, (ServiceFault, SignedOut))
            if not passing or time.monotonic() - self._heard >= _SILENT:
                raise self._goes_on(error) from error
            if not self._deaf:
                again = " It is followed again after `az login` in a terminal."
                again = again if isinstance(error, SignedOut) else ""
                self.emit(Note(f"{error.message} The run goes on.{again}", "warning"))
            self._deaf = True
            return {}
        self._heard, self._deaf = time.monotonic(), False
        return dict(found.get("properties") or {})

    def _goes_on(self, error: AzureError) -> AzureError:
        named = f"--registry {self.target.registry} --run-id {self.run_id}"
        way = f"Its log: az acr task logs {named}\nTo stop it: az acr task cancel-run {named}"
        return type(error)(
            f"{error.message} Run {self.run_id} goes on in Azure.",
            hint="\n".join(filter(None, (error.hint, way))),
            code=error.code,
        )

    def _queued(self, properties: Mapping[str, Any]) -> None:
        if properties.get("status") not in _WAITING:
            return
        seconds = time.monotonic() - self._began
        self.emit(Queued(seconds))
        if seconds > _LONG_QUEUE and not self._warned:
            self._warned = True
            self.emit(
                Note(
                    f"The run has been queued for {seconds / 60:.0f} minutes. An agent pool "
                    "without a way out of its network stays queued for ever.",
                    "warning",
                )
            )

    def _verdict(self, properties: Mapping[str, Any]) -> Verdict:
        digest = None
        for image in properties.get("outputImages") or ():
            if (image.get("repository"), image.get("tag")) == (
                self.target.repository,
                self.target.tag,
            ):
                digest = image.get("digest")
        return Verdict(
            str(properties.get("status")), str(properties.get("runErrorMessage") or ""), digest
        )

    def _log_link(self) -> str:
        call = Call("POST", f"{self.path}/listLogSasUrl", self.target.api, "asking for the log")
        found = self.arm.call(call) or {}
        return str(found.get("logLink") or found.get("logArtifactLink") or "")


def schedule(arm: Arm, target: Target, body: Mapping[str, Any]) -> str:
    """Start a run and give its id. Sent once: where the answer is lost or a fault, the error
    names the runs that may be it."""
    since = datetime.now(timezone.utc)
    doing = f"starting a run of ACR Tasks in {target.login_server}"
    call = Call(
        "POST", f"{target.registry_id}/scheduleRun", target.api, doing, body=body, once=True
    )
    try:
        answer = arm.call(call) or {}
        run = (answer.get("properties") or {}).get("runId")
        if not run:
            raise ServiceFault(f"Azure's answer names no run, seen while {doing}.")
    except ServiceFault as error:
        if error.code == "throttled":
            raise
        raise _maybe_started(arm, target, since, error) from error
    return str(run)


def _maybe_started(arm: Arm, target: Target, since: datetime, error: ServiceFault) -> AzureError:
    try:
        runs = _recent(arm, target, since)
    except ImageError:
        runs = ["which could not be listed"]
    hint = "No run began meanwhile: run this again."
    if runs:
        hint = (
            f"A run may have been started all the same: {', '.join(runs)}. To stop it: az acr "
            f"task cancel-run --registry {target.registry} --run-id RUN"
        )
    return ServiceFault(error.message, hint=hint, code=error.code)


def _recent(arm: Arm, target: Target, since: datetime) -> list[str]:
    """Runs under way that began since then, by clocks as far apart as a sign-in allows."""
    call = Call(
        "GET",
        f"{target.registry_id}/runs",
        target.api,
        "listing runs",
        query=(("$top", "10"),),
    )
    found = []
    for run in (arm.call(call) or {}).get("value") or ():
        properties = run.get("properties") or {}
        made = _time(properties.get("createTime"))
        fresh = made is not None and (made - since).total_seconds() > -_SKEW
        if properties.get("status") not in ENDED and fresh:
            found.append(str(properties.get("runId")))
    return found


def _time(text: Any) -> datetime | None:
    # Seven digits of a second, which `fromisoformat` of Python 3.10 does not read.
    try:
        return datetime.strptime(str(text)[:19], "%Y-%m-%dT%H:%M:%S").replace(tzinfo=timezone.utc)
    except ValueError:
        return None
