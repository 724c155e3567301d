"""Switches that make the sandbox fail as Azure can: set over HTTP (`PUT /_sandbox/faults`) or from
a test.

Each fault is an object with `fault` (its name) and its settings; `times` is how often it strikes
(for ever). Two work on any request and choose it by `method`, `host` and `path` (regular
expressions, searched for):

- `answer`: `status` with `code`, `message` and `retry_after` (seconds) instead of the real answer;
- `cut`: the connection breaks after `bytes` bytes of the request, or of the answer with `"of":
"answer"`.

The others have a meaning of their own, told in `MEANINGS`.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from .arm import arm_error
from .web import HangUp, Request, Response

MEANINGS = {
    "answer": "answer `status` instead",
    "cut": "break the connection in the middle",
    "no-registry": "the workspace has no container registry",
    "identity-datastore": "the default datastore hands out no secret",
    "forbidden": "the right `action` is missing (403 AuthorizationFailed)",
    "signed-out": "every token is refused by ARM (401); `claims` challenges to sign in anew",
    "blocked-host": "the proxy lets nobody through to hosts that match `host`",
    "token-expires": "sign-in hands out tokens that live `seconds`",
    "compute-user": "the identity endpoint answers with the logged-in user `name`, not its own",
    "registry-scope-refused": "no token for the registry's own scope; one for ARM still exchanges",
    "exchange-refused": "the registry exchanges no token (401)",
    "firewall": "the registry refuses this client's address (403)",
    "tasks-not-allowed": "ACR Tasks is not permitted (400 TasksOperationsNotAllowed)",
    "abac": "the registry wants the caller's identity in a run (ABAC)",
    "run-queued": "runs stay Queued until they are cancelled",
    "run-failed": "runs fail at the end with `message`",
    "run-without-log": "no log is ever written",
    "run-timeout": "runs end as Timeout",
    "image-gone": "the run succeeds, but its image is not in the registry",
    "slow-log": "the log comes `seconds` late",
    "log-replaced": "the log is replaced by a shorter one in the middle",
    "log-expired": "signatures of log links have expired",
    "azure-pace": "no hint how soon to ask again: clients wait as long as on Azure",
    "refuse-foreign-hosts": "the proxy refuses every host that is not Azure's",
}


@dataclass(slots=True)
class Fault:
    """One switch that is on; `left` counts down, None never does."""

    name: str
    left: int | None
    settings: dict[str, Any] = field(default_factory=dict)
    struck: int = 0

    def fits(self, request: Request) -> bool:
        """Say whether method, host and path are those that the settings name."""
        asked = {"method": request.method, "host": request.host, "path": request.path}
        return all(
            re.search(str(self.settings.get(key, "")), value, re.IGNORECASE)
            for key, value in asked.items()
        )


class Faults:
    """The switches that are on, in the order in which they were set."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._on: list[Fault] = []

    def set(self, wanted: list[dict[str, Any]]) -> None:
        """Replace all switches. Raises `ValueError` for one that is not known."""
        fresh = []
        for item in wanted:
            settings = dict(item)
            name, times = settings.pop("fault", ""), settings.pop("times", None)
            if name not in MEANINGS:
                raise ValueError(
                    f"There is no fault '{name}'; there are: {', '.join(sorted(MEANINGS))}."
                )
            fresh.append(Fault(name, times if times is None else int(times), settings))
        with self._lock:
            self._on = fresh

    def shown(self) -> list[dict[str, Any]]:
        """Return the switches as they were set, with how often each has struck."""
        with self._lock:
            return [
                {"fault": f.name, "times": f.left, "struck": f.struck, **f.settings}
                for f in self._on
            ]

    def on(self, name: str) -> bool:
        """Say whether a switch is on, without counting."""
        with self._lock:
            return any(fault.name == name and fault.left != 0 for fault in self._on)

    def take(self, name: str, request: Request | None = None) -> Fault | None:
        """Let a switch strike: return it and count, or None where it is off or fits another
        request."""
        with self._lock:
            for fault in self._on:
                if (
                    fault.name == name
                    and fault.left != 0
                    and (request is None or fault.fits(request))
                ):
                    return self._strike(fault)
        return None

    def take_forbidden(self, action: str) -> bool:
        """Say whether the right for `action` is switched off."""
        with self._lock:
            for fault in self._on:
                wanted = str(fault.settings.get("action", ""))
                if (
                    fault.name == "forbidden"
                    and fault.left != 0
                    and wanted.lower() == action.lower()
                ):
                    self._strike(fault)
                    return True
        return False

    def blocks(self, host: str) -> bool:
        """Say whether this host is behind a network that does not let us through."""
        with self._lock:
            for fault in self._on:
                wanted = str(fault.settings.get("host", ""))
                if fault.name == "blocked-host" and fault.left != 0 and re.search(wanted, host):
                    self._strike(fault)
                    return True
        return False

    @staticmethod
    def _strike(fault: Fault) -> Fault:
        fault.struck += 1
        if fault.left is not None:
            fault.left -= 1
        return fault

    def instead(self, request: Request) -> Response | None:
        """Return the answer that a switch puts in place of the real one, or None. Raises
        `HangUp`."""
        fault = self.take("answer", request)
        if fault:
            return _answer(fault)
        cut = self.take("cut", request) if self._cuts("request") else None
        if cut:
            wanted = int(cut.settings.get("bytes", 0))
            for piece in request.body.pieces() if wanted else ():
                wanted -= len(piece)
                if wanted <= 0:
                    break
            raise HangUp
        return None

    def after(self, request: Request, response: Response) -> Response:
        """Return the answer, or one that breaks off in the middle."""
        cut = self.take("cut", request) if self._cuts("answer") else None
        if cut is None:
            return response
        whole = response.body if isinstance(response.body, bytes) else b"".join(response.body)
        headers = {**response.headers, "Content-Length": str(len(whole))}
        return Response(
            response.status, _broken(whole[: int(cut.settings.get("bytes", 0))]), headers
        )

    def _cuts(self, side: str) -> bool:
        with self._lock:
            return any(
                f.name == "cut" and f.settings.get("of", "request") == side and f.left != 0
                for f in self._on
            )


def _answer(fault: Fault) -> Response:
    settings = fault.settings
    status = int(settings.get("status", 500))
    usual = {
        429: "TooManyRequests",
        503: "ServiceUnavailable",
        504: "GatewayTimeout",
        403: "AuthorizationFailed",
    }
    code = str(settings.get("code") or usual.get(status, "InternalServerError"))
    message = str(settings.get("message") or "The sandbox was told to answer so.")
    headers = {"Retry-After": str(settings["retry_after"])} if "retry_after" in settings else {}
    return arm_error(status, code, message, headers=headers)


def _broken(start: bytes) -> Iterator[bytes]:
    yield start
    raise HangUp
