"""Runs of ACR Tasks: queued, started, built for real on the local engine, pushed, told about in
a log."""

from __future__ import annotations

import threading
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from .arm import Document, now
from .blob_files import BlobFiles
from .builder import Build, BuildBroke, base_images, push
from .engine import Engine, split_reference
from .failure import SandboxError
from .faults import Faults
from .names import ACR, Names
from .run_log import RunLog
from .store import Store
from .task_steps import BadTask, BuildStep, Place, Step, steps_of

KIND = "runs"
ENDED = ("Succeeded", "Failed", "Canceled", "Error", "Timeout")
STOP_SECONDS = 10
EXIT_ONE = "failed during run, err: exit status 1"


@dataclass(frozen=True, slots=True)
class Yard:
    """What a run works with. `forget_image` removes a manifest from the registry."""

    blobs: BlobFiles
    engine: Engine
    faults: Faults
    login_server: Callable[[], str]
    credentials: Callable[[], tuple[str, str]]
    forget_image: Callable[[str, str], None]


class Runs:
    """Keeps the runs and carries them out, each in a thread of its own."""

    def __init__(self, names: Names, store: Store, yard: Yard) -> None:
        self._names = names
        self._store = store
        self._yard = yard
        self._lock = threading.Lock()
        self._builds: dict[str, Build] = {}
        self._threads: list[threading.Thread] = []
        for document in store.every(KIND):
            if (
                document["properties"]["status"] not in ENDED
            ):  # its agent died with the last process
                self._end(document["name"], "Error", "The agent that ran this build was lost.")

    def find(self, run: str) -> Document | None:
        """Return a run, or None."""
        return self._store.get(self._id(run))

    def all(self) -> list[Document]:
        """Return all runs, the newest first."""
        return self._store.every(KIND)[::-1]

    def log_blob(self, run: str) -> str:
        """Return `container/name` of a run's log."""
        return f"{self._names.tasks_container}/logs/{run}/rawtext.log"

    def schedule(self, request: Document, version: str) -> Document:
        """Queue a run; return it as the service answers."""
        with self._store.together():
            number = int(self._store.setting("runs", "0")) + 1
            self._store.change_setting("runs", str(number))
        run = f"ca{number}"
        moment = now()
        properties = {
            "runId": run,
            "status": "Queued",
            "lastUpdatedTime": moment,
            "provisioningState": "Succeeded",
            "isArchiveEnabled": False,
        }
        document = {
            "type": f"{ACR}/registries/runs",
            "properties": properties,
            "id": self._id(run),
            "name": run,
            "systemData": {
                "lastModifiedBy": "Sandbox User",
                "lastModifiedByType": "User",
                "lastModifiedAt": moment,
            },
        }
        more = {
            "runType": "QuickRun",
            "createTime": moment,
            "platform": {"os": "linux", "architecture": "amd64"},
            "agentConfiguration": {
                "cpu": (request.get("agentConfiguration") or {}).get("cpu") or 2
            },
        }
        if request.get("agentPoolName"):
            more["agentPoolName"] = request["agentPoolName"]
        self._store.put(self._id(run), KIND, {**document, "properties": {**properties, **more}})
        if self._yard.faults.take("run-queued") is None:
            job = (run, request, version)
            work = threading.Thread(target=self._carry_out, args=job, daemon=True)
            self._threads.append(work)
            work.start()
        return document

    def cancel(self, run: str) -> None:
        """Cancel a run that has not ended."""
        with self._lock:
            build = self._builds.get(run)
            document = self.find(run)
            if document is None or document["properties"]["status"] in ENDED:
                return
            if build is None:
                self._end(run, "Canceled", "")
                return
        build.stop()

    def stop_all(self) -> None:
        """Cancel what runs."""
        for run in list(self._builds):
            self.cancel(run)
        for thread in self._threads:
            thread.join(STOP_SECONDS)

    def _id(self, run: str) -> str:
        return f"{self._names.registry_id}/runs/{run}"

    def _change(self, run: str, **changed: object) -> None:
        with self._store.together():
            document = self.find(run)
            if document is not None and document["properties"]["status"] not in ENDED:
                document["properties"].update(changed, lastUpdatedTime=now())
                self._store.put(self._id(run), KIND, document)

    def _end(
        self, run: str, status: str, message: str, images: list[Document] | None = None
    ) -> None:
        more: Document = {"runErrorMessage": message} if message else {}
        if images:
            more["outputImages"] = images
        self._change(run, status=status, finishTime=now(), **more)

    # One run, in its thread

    def _carry_out(self, run: str, request: Document, version: str) -> None:
        log = RunLog(
            self._yard.blobs, f"{self._names.tasks_account}/{self.log_blob(run)}", self._yard.faults
        )
        build = Build(self._yard.engine, log.say)
        with self._lock:
            if (self.find(run) or {"properties": {"status": "Canceled"}})["properties"][
                "status"
            ] in ENDED:
                return
            self._builds[run] = build
        timer = threading.Timer(float(request.get("timeout") or 3600), build.stop)
        timer.daemon = True
        timer.start()
        began = time.monotonic()
        self._change(run, status="Running", startTime=now())
        try:
            images = self._work(run, request, version, _Hands(build, log))
            status, message = "Succeeded", ""
        except Exception as broken:  # the client waits for the run's end, whatever went wrong here
            if not isinstance(broken, (BuildBroke, SandboxError, BadTask)):
                traceback.print_exc()
            images, status, message = [], *self._verdict(build, broken, log, timer)
        finally:
            timer.cancel()
            with self._lock:
                self._builds.pop(run, None)
        spent = f"{time.monotonic() - began:.0f}s"
        if status == "Succeeded":
            log.say(f"\nRun ID: {run} was successful after {spent}")
        else:
            reason = f". Error: {message}" if message else ""
            log.say(f"\nRun ID: {run} {status.lower()} after {spent}{reason}")
        self._end(run, status, message, images)
        log.finish(status)

    def _verdict(
        self, build: Build, broken: Exception, log: RunLog, timer: threading.Timer
    ) -> tuple[str, str]:
        if build.stopped:
            # the timer that fired has ended; the one that did not is still alive
            return ("Canceled", "") if timer.is_alive() else ("Timeout", "")
        if isinstance(broken, _Told):
            return broken.status, str(broken)
        log.say(str(broken))
        log.stamp("Container failed during run: build. No retries remaining.")
        log.say("failed to run step ID: build: exit status 1")
        return "Failed", EXIT_ONE

    def _work(self, run: str, request: Document, version: str, hands: _Hands) -> list[Document]:
        server, log = self._yard.login_server(), hands.log
        log.stamp("Downloading source code...")
        source = self._source(request)
        log.stamp("Finished downloading source code")
        log.stamp(f"Using acb_vol_{run} as the home volume")
        log.stamp("Setting up Docker configuration...")
        log.stamp("Successfully set up Docker configuration")
        log.stamp(f"Logging in to registry: {server}")
        if self._yard.faults.on("abac") and not _as_caller(request, version):
            raise BuildBroke(f"Error response from daemon: Get http://{server}/v2/: unauthorized")
        log.stamp(f"Successfully logged into {server}")
        failing = self._yard.faults.take("run-failed")
        if failing:
            raise _Told("Failed", str(failing.settings.get("message") or EXIT_ONE))
        if self._yard.faults.take("run-timeout"):
            raise _Told("Timeout", "")
        steps = steps_of(request, Place(run, server))
        try:
            return [image for step in steps for image in self._step(step, source, hands)]
        finally:
            # an agent is thrown away after its run: nothing that was built or pulled stays here
            built = [tag for step in steps if isinstance(step, BuildStep) for tag in step.tags]
            for name in [*built, *hands.pulled]:
                self._yard.engine.forget_image(name)

    def _step(self, step: Step, source: Path, hands: _Hands) -> list[Document]:
        log = hands.log
        if isinstance(step, BuildStep):
            log.stamp(
                "Executing step ID: build. Timeout(sec): 28800, Working directory: '', Network: ''"
            )
            log.stamp("Scanning for dependencies...")
            log.stamp("Successfully scanned dependencies")
            log.stamp("Launching container with name: build")
            for image in base_images(source, step.dockerfile):
                if image.startswith(f"{self._yard.login_server()}/"):
                    if not self._yard.engine.has_image(image):
                        hands.pulled.append(image)
                    self._yard.engine.pull(image, self._yard.credentials())
            hands.build.run(source, step)
            log.stamp("Successfully executed container: build")
            return []
        log.stamp("Executing step ID: push. Timeout(sec): 3600, Working directory: '', Network: ''")
        return [self._push(reference, hands) for reference in step.references]

    def _push(self, reference: str, hands: _Hands) -> Document:
        hands.log.stamp(f"Pushing image: {reference}, attempt 1")
        digest = push(self._yard.engine, reference, self._yard.credentials(), hands.log.say)
        hands.log.stamp(f"Successfully pushed image: {reference}")
        repository, tag = split_reference(reference)
        server, _, name = repository.partition("/")
        if self._yard.faults.take("image-gone"):
            self._yard.forget_image(name, digest)
        return {"registry": server, "repository": name, "tag": tag, "digest": digest}

    def _source(self, request: Document) -> Path:
        location = str(request.get("sourceLocation") or "")
        blob = f"{self._names.tasks_account}/{self._names.tasks_container}/{location}"
        found = self._yard.blobs.file(blob)
        if found is None:
            raise BuildBroke(
                f"failed to download source code: {location or 'none'} was not found (404)"
            )
        return found


@dataclass(frozen=True, slots=True)
class _Hands:
    build: Build
    log: RunLog
    pulled: list[str] = field(default_factory=list)


class _Told(BuildBroke):
    """A fault decided how this run ends."""

    def __init__(self, status: str, message: str) -> None:
        super().__init__(message)
        self.status = status


def _as_caller(request: Document, version: str) -> bool:
    """Say whether the run may use the caller's identity, which older API versions do not know."""
    source = ((request.get("credentials") or {}).get("sourceRegistry") or {}).get("identity")
    return source == "[caller]" and version >= "2025-03-01"
