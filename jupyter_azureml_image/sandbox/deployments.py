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
                threading.Thread(
                    target=self._bring_back, args=(document,), name="bring-back", daemon=True
                ).start()
            elif state in ("Updating", "Creating"):
                self._operations.run(document["_operation"], self._work(document))
            elif state == "Deleting":
                self._hosting.stop(document)
                self._store.delete(document["id"])

    def containers(self) -> set[str]:
        """Return the names of the containers that belong to a deployment."""
        return {d["_container"] for d in self._store.every(KIND) if d.get("_container")}

    def _bring_back(self, document: Document) -> None:
        try:
            if self._hosting.alive(document):
                return
            name = self._bring_up(document)
        except OperationFailed as failed:
            self._change(document, _log=f"The sandbox could not start it again: {failed.message}")
            return
        if self._change(document, _container=name, _starting="") is None:
            self._hosting.remove(name)

    def _id(self, endpoint: str, name: str) -> str:
        return f"{self._endpoints.id(endpoint)}/deployments/{name}"

    def _change(
        self, document: Document, state: str | None = None, **private: object
    ) -> Document | None:
        """Change what is stored and return how it was; None, and nothing is changed, where the
        deployment was deleted or asked for anew since `document` was read."""
        with self._store.together():
            held = self._store.get(document["id"])
            if held is None or held["_operation"] != document["_operation"]:
                return None
            properties = {**held["properties"]}
            if state is not None:
                properties["provisioningState"] = state
            if state == "Succeeded":
                for kind in ("livenessProbe", "readinessProbe"):
                    properties[kind] = {**PROBE, **(properties[kind] or {})}
            self._store.put(held["id"], KIND, {**held, "properties": properties, **private})
            return held

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
        with self._store.together():  # its endpoint must not go between the look and the note
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
        with self._store.together():
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
        self._operations.run(operation, self._work(document))
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

    def _work(self, document: Document) -> Callable[[], None]:
        def work() -> None:
            try:
                name = self._bring_up(document)
            except OperationFailed:
                log = self._hosting.last_words(document)
                self._change(document, "Failed", _log=log, _starting="")
                raise
            before = self._change(document, "Succeeded", _container=name, _starting="")
            if before is None:
                self._hosting.remove(name)
                raise _overtaken(document)
            if before["_container"] not in ("", name):
                self._hosting.remove(before["_container"])

        return work

    def _bring_up(self, document: Document) -> str:
        """Start a container and wait until it serves; return its name. Raises `OperationFailed`.

        Its name is noted before the wait: a deletion meanwhile removes it, and one that came
        before the note has taken away what the note would be made on.
        """
        name = self._hosting.launch(document)
        if self._change(document, _starting=name) is None:
            self._hosting.remove(name)
            raise _overtaken(document)
        self._hosting.await_serving(document, name)
        return name

    def _delete(self, request: Request) -> Response:
        endpoint, name = request.params["endpoint"], request.params["deployment"]
        found, parent = self.find(endpoint, name), self._endpoints.find(endpoint)
        if found is None or parent is None:
            return Response(204)
        share = int((parent["properties"].get("traffic") or {}).get(found["name"], 0))
        if share:
            message = (
                f"Specified deployment [{name}] can not be deleted: {share}% of the traffic of"
                f" endpoint {endpoint} "
                "goes to it. Set its traffic to 0 first."
            )
            return ml_error(400, "UserError", message, "BadArgument")
        operation = self._operations.begin("od")
        self._operations.run(operation, lambda: self._forget(found["id"]))
        headers = self._operations.headers(operation, request.query["api-version"])
        return Response(202, headers={**headers, "Location": headers["Azure-AsyncOperation"]})

    def _forget(self, resource_id: str) -> None:
        with self._store.together():
            held = self._store.get(resource_id)
            if held is None:
                return
            # From here on no work under way knows it as its own.
            held = {**held, "_operation": ""}
            held["properties"] = {**held["properties"], "provisioningState": "Deleting"}
            self._store.put(resource_id, KIND, held)
        self._hosting.stop(held)
        with self._store.together():
            if (self._store.get(resource_id) or {}).get("_operation") == "":
                self._store.delete(resource_id)
                self._endpoints.unlink(held["_endpoint"], held["name"])

    def _forget_all(self, endpoint: str) -> None:
        for document in self.of(endpoint):
            self._forget(document["id"])

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


def _overtaken(document: Document) -> OperationFailed:
    message = (
        f"Deployment {document['name']} was deleted or asked for anew while its container was "
        f"being started."
    )
    return OperationFailed("OperationCanceled", message)


def _shown(document: Document, version: str = "") -> Document:
    shown = {key: value for key, value in document.items() if not key.startswith("_")}
    if not version.startswith("2022"):  # later versions know egressPublicNetworkAccess only
        kept = {k: v for k, v in shown["properties"].items() if k != "privateNetworkConnection"}
        shown["properties"] = kept
    return shown
