"""ACR Tasks over ARM: where to put the source, how to start a run, what became of it."""

from __future__ import annotations

import datetime
import secrets

from .arm import Document, arm_error, body_of, not_found, properties_of
from .faults import Faults
from .names import ACR, BLOB_SUFFIX, Names
from .runs import Runs
from .sas import blob_sas
from .web import Request, Response, Route, json_response, route

UPLOAD_SECONDS = 3600
LOG_SECONDS = 75 * 60
SHORTEST, LONGEST = 300, 28800


class Tasks:
    """Answers for the registry's runs."""

    def __init__(self, names: Names, runs: Runs, faults: Faults, account_key: str) -> None:
        self._names = names
        self._runs = runs
        self._faults = faults
        self._key = account_key

    def routes(self) -> list[Route]:
        """Return the routes of ACR Tasks."""
        base = self._names.registry_id
        return [
            route("POST", base + "/listBuildSourceUploadUrl", self._upload_url),
            route("POST", base + "/scheduleRun", self._schedule),
            route("GET", base + "/runs", self._list),
            route("GET", base + "/runs/{run}", self._get),
            route("PATCH", base + "/runs/{run}", self._get),
            route("POST", base + "/runs/{run}/listLogSasUrl", self._log_url),
            route("POST", base + "/runs/{run}/cancel", self._cancel),
        ]

    def _upload_url(self, request: Request) -> Response:
        moment = datetime.datetime.now(datetime.timezone.utc).strftime("%Y%m%d%H%M")
        relative = f"source/{moment}/{secrets.token_hex(16)}.tar.gz"
        url = self._url(f"{self._names.tasks_container}/{relative}", "rcw", UPLOAD_SECONDS)
        return json_response(200, {"uploadUrl": url, "relativePath": relative})

    def _url(self, path: str, permissions: str, seconds: int) -> str:
        account = self._names.tasks_account
        token = blob_sas(account, self._key, path, permissions, seconds)
        return f"https://{account}{BLOB_SUFFIX}/{path}?{token}"

    def _schedule(self, request: Request) -> Response:
        if self._faults.take("tasks-not-allowed"):
            message = (
                f"ACR Tasks requests for the registry {self._names.registry} and "
                f"{self._names.subscription} are not "
                "permitted. Please file an Azure support request at "
                "http://aka.ms/azuresupport for assistance."
            )
            return arm_error(400, "TasksOperationsNotAllowed", message, target="request")
        given = body_of(request)
        wrong = _wrong(given)
        if wrong:
            return arm_error(400, "InvalidRequest", wrong, target="request")
        return json_response(200, self._runs.schedule(given, request.query["api-version"]))

    def _list(self, request: Request) -> Response:
        found = self._runs.all()
        wanted = request.query.get("$filter", "").lower()
        if "status eq" in wanted:
            found = [run for run in found if f"'{properties_of(run)['status'].lower()}'" in wanted]
        top = request.query.get("$top", "")
        return json_response(200, {"value": found[: int(top)] if top.isdecimal() else found})

    def _get(self, request: Request) -> Response:
        run = self._runs.find(request.params["run"])
        return json_response(200, run) if run else self._missing(request)

    def _log_url(self, request: Request) -> Response:
        run = self._runs.find(request.params["run"])
        if run is None:
            return self._missing(request)
        expired = self._faults.take("log-expired")
        seconds = int(expired.settings.get("seconds", -60)) if expired else LOG_SECONDS
        return json_response(
            200, {"logLink": self._url(self._runs.log_blob(run["name"]), "r", seconds)}
        )

    def _cancel(self, request: Request) -> Response:
        run = self._runs.find(request.params["run"])
        if run is None:
            return self._missing(request)
        self._runs.cancel(run["name"])
        return Response(200)

    def _missing(self, request: Request) -> Response:
        return not_found(
            f"{ACR}/registries/runs", request.params["run"], self._names.resource_group
        )


def _wrong(given: Document) -> str:
    """Return what is wrong with a request, or ''."""
    needed = {
        "DockerBuildRequest": ("dockerFilePath", "platform"),
        "EncodedTaskRunRequest": ("encodedTaskContent", "platform"),
    }
    kind = str(given.get("type"))
    if kind not in needed:
        return f"The run request type '{kind}' is not supported."
    for name in needed[kind]:
        if not given.get(name):
            return f"The property '{name}' is required."
    if not given["platform"].get("os"):
        return "The property 'platform.os' is required."
    seconds = given.get("timeout")
    if seconds is not None and not SHORTEST <= int(seconds) <= LONGEST:
        return f"The timeout must be between {SHORTEST} and {LONGEST} seconds."
    return ""
