"""Azure as one application: which room answers for which host, who may ask, and what is noted
down."""

from __future__ import annotations

import collections
import json
import threading
import time
from dataclasses import dataclass

from .arm import Refusal, action_of, arm_error, check_scope, forbidden, signed_out
from .faults import MEANINGS, Faults
from .names import ARM, BLOB_SUFFIX, LOGIN, SCORING_SUFFIX, Names
from .tokens import Mint
from .web import Handler, Request, Response, Route, dispatch, json_response, leads_somewhere, route

NOTED = 5000


@dataclass(frozen=True, slots=True)
class Rooms:
    """Who answers: ARM's and sign-in's routes, blob storage, scoring."""

    arm: list[Route]
    login: list[Route]
    blob: Handler
    scoring: Handler


class Notes:
    """The last requests, without anything secret in them: `GET /_sandbox/requests` shows them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: collections.deque[dict[str, object]] = collections.deque(maxlen=NOTED)

    def add(self, method: str, host: str, what: str, *, path: str = "", status: int = 0) -> None:
        """Note one request; `what` is answered, passed or refused."""
        entry = {
            "time": time.time(),
            "method": method,
            "host": host,
            "path": path,
            "status": status,
            "what": what,
        }
        with self._lock:
            self._kept.append(entry)

    def shown(self) -> list[dict[str, object]]:
        """Return the notes, oldest first."""
        with self._lock:
            return list(self._kept)

    def clear(self) -> None:
        """Forget them."""
        with self._lock:
            self._kept.clear()


class Azure:
    """Answers every request to an Azure host."""

    def __init__(
        self, names: Names, mint: Mint, faults: Faults, notes: Notes, rooms: Rooms
    ) -> None:
        self._names = names
        self._mint = mint
        self._faults = faults
        self._notes = notes
        self._rooms = rooms
        self._own = [
            route("GET", "/_sandbox/faults", lambda _: json_response(200, self._shown())),
            route("PUT", "/_sandbox/faults", self._set_faults),
            route("DELETE", "/_sandbox/faults", self._clear_faults),
            route(
                "GET", "/_sandbox/requests", lambda _: json_response(200, {"value": notes.shown()})
            ),
            route("DELETE", "/_sandbox/requests", self._clear_notes),
        ]

    def __call__(self, request: Request) -> Response:
        """Answer, and note it."""
        if request.host == ARM and request.path.startswith("/_sandbox/"):
            return self._about_itself(request)
        response = self._faults.instead(request) or self._room(request)
        response = self._faults.after(request, response)
        self._notes.add(
            request.method, request.host, "answered", path=request.path, status=response.status
        )
        return response.with_headers({"x-ms-request-id": f"{time.time_ns():032x}"})

    def _room(self, request: Request) -> Response:
        host = request.host
        if host == ARM:
            return self._arm(request)
        if host == LOGIN:
            found = dispatch(self._rooms.login, request)
            return found or json_response(404, {"error": "not_found"})
        if host.endswith(BLOB_SUFFIX):
            return self._rooms.blob(request)
        if host.endswith(SCORING_SUFFIX):
            return self._rooms.scoring(request)
        return arm_error(404, "NotFound", f"The sandbox answers nothing at {host}.")

    def _arm(self, request: Request) -> Response:
        refused = self._may_not(request)
        if refused:
            return refused
        if "api-version" not in request.query:
            message = (
                "The api-version query parameter (?api-version=) is required for all requests."
            )
            return arm_error(400, "MissingApiVersionParameter", message)
        wrong = check_scope(self._names, request.path)
        if wrong:
            return wrong
        try:
            found = dispatch(self._rooms.arm, request)
        except Refusal as refusal:
            return refusal.response
        return found or self._not_had(request)

    def _not_had(self, request: Request) -> Response:
        if leads_somewhere(self._rooms.arm, request.path):
            message = f"The sandbox has no {request.method} of {request.path}."
            return arm_error(405, "MethodNotAllowed", message)
        message = f"The sandbox does not know {request.method} {request.path}."
        return arm_error(404, "NotFound", message)

    def _may_not(self, request: Request) -> Response | None:
        token = request.bearer()
        if not token:
            return signed_out(
                "AuthenticationFailed",
                "Authentication failed. The 'Authorization' header is missing.",
            )
        refused = self._faults.take("signed-out", request)
        if refused or not self._mint.signed_in(token):
            return signed_out(
                "ExpiredAuthenticationToken",
                "The access token has expired or is not yet valid.",
                str(refused.settings.get("claims", "")) if refused else "",
            )
        action = action_of(request.method, request.path)
        if self._faults.take_forbidden(action):
            return forbidden(self._names, action, request.path)
        return None

    # The sandbox's own switches

    def _about_itself(self, request: Request) -> Response:
        if not self._mint.signed_in(request.bearer()):
            return signed_out("AuthenticationFailed", "The sandbox's token is needed.")
        return dispatch(self._own, request) or arm_error(
            404, "NotFound", "There is no such switch."
        )

    def _shown(self) -> dict[str, object]:
        return {"value": self._faults.shown(), "known": MEANINGS}

    def _set_faults(self, request: Request) -> Response:
        try:
            value = json.loads(request.body.all())
            self._faults.set(value["faults"] if isinstance(value, dict) else value)
        except (ValueError, KeyError, TypeError) as wrong:
            return arm_error(400, "BadFault", str(wrong))
        return json_response(200, self._shown())

    def _clear_faults(self, request: Request) -> Response:
        self._faults.set([])
        return Response(204)

    def _clear_notes(self, request: Request) -> Response:
        self._notes.clear()
        return Response(204)
