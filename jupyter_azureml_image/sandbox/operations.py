"""Long-running operations, as Azure ML's front end runs them: 201, a status URL, 200 until the
end."""

from __future__ import annotations

import base64
import secrets
import threading
import traceback
import uuid
from collections.abc import Callable

from .arm import Document, arm_error, now
from .names import ARM, ML, Names
from .store import Store
from .web import Request, Response, Route, json_response, route

# Azure sends no hint and azure-core then waits 30 s between polls of an endpoint. The sandbox is
# quicker than
# Azure and says so; the fault `azure-pace` takes the hint away.
POLL_MILLISECONDS = 200
RUNNING = "Updating"


class OperationFailed(Exception):
    """The work behind an operation came to nothing; code and message are what Azure would say."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class Operations:
    """Starts work in threads and answers for how it goes."""

    def __init__(self, names: Names, store: Store, hints: Callable[[], bool]) -> None:
        self._names = names
        self._store = store
        self._hints = hints
        self._threads: list[threading.Thread] = []

    def routes(self) -> list[Route]:
        """Return the routes of the status URLs."""
        base = f"/subscriptions/{{s}}/providers/{ML}/locations/{{location}}"
        return [
            route("GET", base + "/mfeOperationsStatus/{operation}", self._status),
            route("GET", base + "/mfeOperationResults/{operation}", self._result),
        ]

    def begin(self, prefix: str) -> str:
        """Note down a new operation that runs; return its name. `run` does its work."""
        name = f"{prefix}:{self._names.workspace_guid}:{uuid.uuid4()}"
        self._keep(
            name, {"name": name, "status": RUNNING, "startTime": now(), "percentComplete": 0.0}
        )
        return name

    def ever(self, prefix: str) -> bool:
        """Say whether there ever was an operation with this prefix."""
        known = (document["name"] for document in self._store.every("operation"))
        return any(name.startswith(f"{prefix}:") for name in known)

    def run(self, name: str, work: Callable[[], None]) -> None:
        """Do an operation's work in a thread."""
        thread = threading.Thread(target=self._run, args=(name, work), name=name, daemon=True)
        self._threads = [t for t in self._threads if t.is_alive()] + [thread]
        thread.start()

    def give_up(self, kept: set[str]) -> None:
        """End what an earlier life of the sandbox left running, except the operations named."""
        for document in self._store.every("operation"):
            if document["status"] == RUNNING and document["name"] not in kept:
                error = {
                    "code": "OperationCanceled",
                    "message": "The sandbox was restarted meanwhile.",
                }
                self._keep(
                    document["name"],
                    {**document, "status": "Canceled", "error": error, "endTime": now()},
                )

    def join(self, seconds: float) -> None:
        """Wait until the work in hand is done, at most so long for each piece."""
        for thread in self._threads:
            thread.join(seconds)

    def url(self, name: str, version: str) -> str:
        """Return the status URL of an operation; since 2024 Azure's carries kilobytes of
        signature."""
        signature = base64.urlsafe_b64encode(secrets.token_bytes(3000)).decode().rstrip("=")
        return f"https://{ARM}{self._id(name)}?api-version={version}&t=1&c={signature}&s=0&h=0"

    def headers(self, name: str, version: str, location: str = "") -> dict[str, str]:
        """Return the headers that lead a client to the operation."""
        found = {
            "Azure-AsyncOperation": self.url(name, version),
            "x-ms-async-operation-timeout": "PT30M",
        }
        if location:
            found["Location"] = f"https://{ARM}{location}?api-version={version}"
        return {**found, **self._hint()}

    def _hint(self) -> dict[str, str]:
        return {"x-ms-retry-after-ms": str(POLL_MILLISECONDS)} if self._hints() else {}

    def _id(self, name: str) -> str:
        base = f"/subscriptions/{self._names.subscription}/providers/{ML}"
        return f"{base}/locations/{self._names.location}/mfeOperationsStatus/{name}"

    def _keep(self, name: str, document: Document) -> None:
        self._store.put(self._id(name), "operation", {"id": self._id(name), **document})

    def _run(self, name: str, work: Callable[[], None]) -> None:
        document = self._store.get(self._id(name)) or {}
        outcome: Document = {"status": "Succeeded"}
        try:
            work()
        except OperationFailed as failed:
            # Azure leaves the code out and puts it before the message: "(None) ResourceNotReady:
            # ..."
            outcome = {"status": "Failed", "error": {"message": f"{failed.code}: {failed.message}"}}
        except (
            Exception
        ) as broken:  # the client waits for an end of the operation, whatever went wrong here
            traceback.print_exc()
            outcome = {
                "status": "Failed",
                "error": {"code": "InternalServerError", "message": str(broken)},
            }
        self._keep(name, {**document, **outcome, "endTime": now(), "percentComplete": 100.0})

    def _status(self, request: Request) -> Response:
        document = self._store.get(self._id(request.params["operation"]))
        if document is None:
            return arm_error(404, "NotFound", "The operation was not found.")
        return json_response(200, document, self._hint() if document["status"] == RUNNING else {})

    def _result(self, request: Request) -> Response:
        document = self._store.get(self._id(request.params["operation"]))
        if document is None:
            return arm_error(404, "NotFound", "The operation was not found.")
        return Response(202 if document["status"] == RUNNING else 200)
