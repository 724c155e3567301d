"""Deployments of an endpoint: each is a real container in the local engine."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable

from .arm import Document, body_of, ml_error, properties_of, system_data
from .endpoints import Endpoints
from .hosting import Hosting
from .names import ML, Names
from .operations import OperationFailed, Operations
from .store import Store
from .web import Request, Response, Route, json_response, route

NAME = re.compile(r"[a-zA-Z](?!.*--)[a-zA-Z0-9-]{1,30}[a-zA-Z0-9]")
KIND = "deployments"
PROBE = {
    "failureThreshold": 30,
    "successThreshold": 1,
    "timeout": "PT2S",
    "period": "PT10S",
    "initialDelay": "PT10S",
}


class Deployments:
    """Answers for deployments and keeps their containers as they should be."""

    def __init__(
        self,
        names: Names,
        store: Store,
        operations: Operations,
        endpoints: Endpoints,
        hosting: Hosting,
    ) -> None:
        self._names = names
        self._store = store
        self._operations = operations
        self._endpoints = endpoints
        self._hosting = hosting
        endpoints.forget = self._forget_all

    def routes(self) -> list[Route]:
        """Return the routes of deployments."""
        base = f"{self._names.workspace_id}/onlineEndpoints/{{endpoint}}/deployments"
        one = base + "/{deployment}"
        return [
            route("GET", base, self._list),
            route("GET", one, self._get),
            route("PUT", one, self._put),
            route("PATCH", one, self._patch),
            route("DELETE", one, self._delete),
            route("POST", one + "/getLogs", self._logs),
            route("GET", one + "/skus", self._skus),
        ]

    def find(self, endpoint: str, name: str) -> Document | None:
        """Return the deployment as it is stored."""
        return self._store.get(self._id(endpoint, name))

    def of(self, endpoint: str) -> list[Document]:
        """Return the deployments of an endpoint as they are stored."""
        return self._store.children(self._endpoints.id(endpoint), KIND)

    def restore(self) -> None:
        """After a start: take up containers that still run, start the others again, finish what was
        cut off."""
        everything = self._store.every(KIND)
        unfinished = {
            d["_operation"]
            for d in everything
            if d["properties"]["provisioningState"] != "Succeeded"
        }
        self._operations.give_up(unfinished)
        for document in everything:
            state = document["properties"]["provisioningState"]
            if state == "Succeeded":
                threading.Thread(target=self._bring_back, args=(document,), daemon=True).start()
            elif state in ("Updating", "Creating"):
                self._operations.run(document["_operation"], self._work(document["id"]))
            elif state == "Deleting":
                self._hosting.stop(document)
                self._store.delete(document["id"])

    def containers(self) -> set[str]:
        """Return the names of the containers that belong to a deployment."""
        return {d["_container"] for d in self._store.every(KIND) if d.get("_container")}

    def _bring_back(self, document: Document) -> None:
        try:
            name = self._hosting.ensure(document)
        except OperationFailed as failed:
            self._change(
                document["id"], _log=f"The sandbox could not start it again: {failed.message}"
            )
        else:
            self._change(document["id"], _container=name)

    def _id(self, endpoint: str, name: str) -> str:
        return f"{self._endpoints.id(endpoint)}/deployments/{name}"

    def _change(self, resource_id: str, **private: object) -> None:
        with self._store.together():
            document = self._store.get(resource_id)
            if document is not None:
                self._store.put(resource_id, KIND, {**document, **private})

    def _missing(self, request: Request) -> Response:
        endpoint, name = request.params["endpoint"], request.params["deployment"]
        if self._endpoints.find(endpoint) is None:
            return self._endpoints.missing(endpoint)
        return ml_error(404, "UserError", f"OnlineDeployment {name} not found.", "NotFoundError")

    def _list(self, request: Request) -> Response:
        endpoint = request.params["endpoint"]
        if self._endpoints.find(endpoint) is None:
            return self._endpoints.missing(endpoint)
        version = request.query["api-version"]
        return json_response(200, {"value": [_shown(item, version) for item in self.of(endpoint)]})

    def _get(self, request: Request) -> Response:
        found = self.find(request.params["endpoint"], request.params["deployment"])
        if found is None:
            return self._missing(request)
        return json_response(200, _shown(found, request.query["api-version"]))

    def _put(self, request: Request) -> Response:
        endpoint, name, given = (
            request.params["endpoint"],
            request.params["deployment"],
            body_of(request),
        )
        if self._endpoints.find(endpoint) is None:
            return self._endpoints.missing(endpoint)
        wrong = self._wrong(name, properties_of(given))
        return wrong or self._accept(endpoint, name, given, request.query["api-version"])

    def _patch(self, request: Request) -> Response:
        endpoint, name, given = (
            request.params["endpoint"],
            request.params["deployment"],
            body_of(request),
        )
        before = self.find(endpoint, name)
        if before is None:
            return self._missing(request)
        merged = {
            **_shown(before),
            **given,
            "properties": {**before["properties"], **properties_of(given)},
        }
        return self._accept(endpoint, name, merged, request.query["api-version"])

    def _wrong(self, name: str, sent: Document) -> Response | None:
        if not NAME.fullmatch(name):
            message = (
                f"The deployment name {name} is invalid: 3 to 32 letters, digits and "
                f"single hyphens."
            )
            return ml_error(400, "UserError", message, "BadArgument")
        if sent.get("endpointComputeType", "Managed") == "Managed" and not sent.get("instanceType"):
            return ml_error(
                400,
                "UserError",
                "InstanceType is required for a managed deployment.",
                "BadArgument",
            )
        lacking = self._hosting.lacking(sent)
        return ml_error(400, "UserError", lacking, "BadArgument") if lacking else None

    def _accept(self, endpoint: str, name: str, given: Document, version: str) -> Response:
        before = self.find(endpoint, name)
        operation = self._operations.begin("od")
        document = self._document(endpoint, name, given, before)
        uri = self._operations.url(operation, version).split("&")[0]
        document["properties"]["properties"] = {"AzureAsyncOperationUri": uri}
        document["_operation"] = operation
        self._store.put(document["id"], KIND, document)
        self._operations.run(operation, self._work(document["id"]))
        headers = self._operations.headers(operation, version, document["id"])
        return json_response(200 if before else 201, _shown(document, version), headers)

    def _document(
        self, endpoint: str, name: str, given: Document, before: Document | None
    ) -> Document:
        sent = properties_of(given)
        defaults: Document = {
            "description": None,
            "codeConfiguration": None,
            "environmentId": None,
            "environmentVariables": {},
            "scaleSettings": {"scaleType": "Default"},
            "requestSettings": {},
            "modelMountPath": None,
            "appInsightsEnabled": False,
            "livenessProbe": None,
            "readinessProbe": None,
            "model": None,
            "privateNetworkConnection": False,
            "egressPublicNetworkAccess": "Enabled",
            "endpointComputeType": "Managed",
        }
        properties = {
            **defaults,
            **{key: value for key, value in sent.items() if value is not None},
        }
        settings = {
            "maxQueueWait": "PT0S",
            "requestTimeout": "PT5S",
            "maxConcurrentRequestsPerInstance": 1,
        }
        properties["requestSettings"] = {**settings, **(sent.get("requestSettings") or {})}
        properties["provisioningState"] = "Updating" if before else "Creating"
        sku = given.get("sku") or {}
        return {
            "id": self._id(endpoint, name),
            "name": name,
            "type": f"{ML}/workspaces/onlineEndpoints/deployments",
            "location": self._names.location,
            "kind": "Managed",
            "tags": given.get("tags") or {},
            "sku": {"name": "Default", "tier": "Standard", "capacity": sku.get("capacity") or 1},
            "properties": properties,
            "systemData": system_data(before),
            "_endpoint": endpoint,
            "_container": (before or {}).get("_container", ""),
            "_log": "",
        }

    def _work(self, resource_id: str) -> Callable[[], None]:
        def work() -> None:
            document = self._store.get(resource_id)
            if document is None:
                return
            try:
                name = self._hosting.start(document)
            except OperationFailed:
                log = self._hosting.last_words(document)
                self._conclude(resource_id, "Failed", _log=log)
                raise
            old = document.get("_container")
            self._conclude(resource_id, "Succeeded", _container=name)
            if old and old != name:
                self._hosting.remove(old)

        return work

    def _conclude(self, resource_id: str, state: str, **private: object) -> None:
        with self._store.together():
            document = self._store.get(resource_id)
            if document is None:
                return
            properties = document["properties"]
            properties["provisioningState"] = state
            if state == "Succeeded":
                properties["livenessProbe"] = {**PROBE, **(properties["livenessProbe"] or {})}
                properties["readinessProbe"] = {**PROBE, **(properties["readinessProbe"] or {})}
            self._store.put(resource_id, KIND, {**document, **private})

    def _delete(self, request: Request) -> Response:
        endpoint, name = request.params["endpoint"], request.params["deployment"]
        found, parent = self.find(endpoint, name), self._endpoints.find(endpoint)
        if found is None or parent is None:
            return Response(204)
        share = int((parent["properties"].get("traffic") or {}).get(name, 0))
        if share:
            message = (
                f"Specified deployment [{name}] can not be deleted: {share}% of the traffic of"
                f" endpoint {endpoint} "
                "goes to it. Set its traffic to 0 first."
            )
            return ml_error(400, "UserError", message, "BadArgument")
        operation = self._operations.begin("od")
        self._operations.run(operation, lambda: self._forget(found))
        headers = self._operations.headers(operation, request.query["api-version"])
        return Response(202, headers={**headers, "Location": headers["Azure-AsyncOperation"]})

    def _forget(self, document: Document) -> None:
        self._hosting.stop(document)
        self._store.delete(document["id"])

    def _forget_all(self, endpoint: str) -> None:
        for document in self.of(endpoint):
            self._forget(document)

    def _logs(self, request: Request) -> Response:
        found = self.find(request.params["endpoint"], request.params["deployment"])
        if found is None:
            return self._missing(request)
        given = body_of(request)
        text = found.get("_log") or self._hosting.log(found, int(given.get("tail") or 5000))
        state = found["properties"]["provisioningState"]
        ended = {"Succeeded": "Succeeded", "Failed": "Failed"}.get(state, "InProgress")
        head = (
            "Instance status:\nSystemSetup: Succeeded\nUserContainerImagePull: Succeeded\n"
            f"ModelDownload: Succeeded\nUserContainerStart: {ended}\n\nContainer logs:\n"
        )
        return json_response(200, {"content": head + text})

    def _skus(self, request: Request) -> Response:
        found = self.find(request.params["endpoint"], request.params["deployment"])
        if found is None:
            return self._missing(request)
        capacity = {"minimum": 0, "maximum": 50, "default": 1, "scaleType": "Manual"}
        sku = {"name": "Default", "tier": "Standard"}
        kind = f"{ML}/workspaces/onlineEndpoints/deployments"
        return json_response(
            200, {"value": [{"sku": sku, "resourceType": kind, "capacity": capacity}]}
        )


def _shown(document: Document, version: str = "") -> Document:
    shown = {key: value for key, value in document.items() if not key.startswith("_")}
    if not version.startswith("2022"):  # later versions know egressPublicNetworkAccess only
        kept = {k: v for k, v in shown["properties"].items() if k != "privateNetworkConnection"}
        shown["properties"] = kept
    return shown
