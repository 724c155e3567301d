"""What the caller may do, as ARM lists it: everything, but what the faults take away."""

from __future__ import annotations

from .faults import Faults
from .names import Names
from .web import Request, Response, Route, json_response, route


class Permissions:
    """Answers for the caller's rights on the workspace and the registry."""

    def __init__(self, names: Names, faults: Faults) -> None:
        self._names = names
        self._faults = faults

    def routes(self) -> list[Route]:
        """Return the routes of both lists."""
        scopes = (self._names.workspace_id, self._names.registry_id)
        tail = "/providers/Microsoft.Authorization/permissions"
        return [route("GET", scope + tail, self._list) for scope in scopes]

    def _list(self, request: Request) -> Response:
        taken = [str(f.get("action")) for f in self._faults.shown() if f["fault"] == "forbidden"]
        granted = {"actions": ["*"], "notActions": taken, "dataActions": [], "notDataActions": []}
        return json_response(200, {"value": [granted], "nextLink": None})
