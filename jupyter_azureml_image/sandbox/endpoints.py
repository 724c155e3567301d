"""Online endpoints: names, keys, traffic."""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Callable

from .arm import Document, body_of, ml_error, properties_of, system_data
from .names import ML, Names
from .operations import Operations
from .store import Store
from .tokens import Mint
from .web import Request, Response, Route, json_response, route

NAME = re.compile(r"[a-zA-Z](?!.*--)[a-zA-Z0-9-]{1,30}[a-zA-Z0-9]")
KIND = "onlineEndpoints"
TOKEN_SECONDS = 3600
MODES = ("Key", "AMLToken", "AADToken")
MOST_MIRRORED = 50


class Endpoints:
    """Answers for endpoints; `forget` is asked to take down the deployments of one that goes."""

    def __init__(self, names: Names, store: Store, operations: Operations, mint: Mint) -> None:
        self._names = names
        self._store = store
        self._operations = operations
        self._mint = mint
        self.forget: Callable[[str], None] = lambda endpoint_id: None

    def routes(self) -> list[Route]:
        """Return the routes of endpoints."""
        base = f"{self._names.workspace_id}/{KIND}"
        one = base + "/{endpoint}"
        return [
            route("GET", base, self._list),
            route("GET", one, self._get),
            route("PUT", one, self._put),
            route("PATCH", one, self._patch),
            route("DELETE", one, self._delete),
            route("POST", one + "/listKeys", self._keys),
            route("POST", one + "/regenerateKeys", self._regenerate),
            route("POST", one + "/token", self._token),
        ]

    def id(self, name: str) -> str:
        """Return the ARM id of an endpoint."""
        return f"{self._names.workspace_id}/{KIND}/{name}"

    def find(self, name: str) -> Document | None:
        """Return the endpoint as it is stored, keys included."""
        return self._store.get(self.id(name))

    def missing(self, name: str) -> Response:
        """Return the answer for an endpoint that does not exist."""
        return ml_error(404, "UserError", f"OnlineEndpoint {name} not found.", "NotFoundError")

    def opens(self, endpoint: Document, token: str) -> bool:
        """Say whether a bearer token opens the scoring URL: a key, a token of this endpoint, or
        who is signed in, as its authentication mode asks."""
        if any(
            secrets.compare_digest(token.encode(), key.encode())
            for key in endpoint["_keys"].values()
        ):
            return True
        if endpoint["properties"]["authMode"] == "AADToken":
            return self._mint.signed_in(token)
        claims = self._mint.read(token) if token.count(".") == 2 else None
        return (
            claims is not None
            and claims.get("use") == "scoring"
            and claims.get("aud") == endpoint["name"]
        )

    def unlink(self, endpoint: str, deployment: str) -> None:
        """Take a deployment that is gone out of the traffic, where it had a share of nothing."""
        with self._store.together():
            document = self.find(endpoint)
            if document is not None:
                for split in ("traffic", "mirrorTraffic"):
                    document["properties"][split].pop(deployment, None)
                self._store.put(document["id"], KIND, document)

    def finish_interrupted(self) -> None:
        """Let endpoints that were being made when the sandbox was killed be made."""
        for endpoint in self._store.every(KIND):
            if endpoint["properties"]["provisioningState"] != "Succeeded":
                self._succeed(endpoint["name"])

    def _list(self, request: Request) -> Response:
        found = self._store.children(self._names.workspace_id, KIND)
        return json_response(200, {"value": [_shown(item) for item in found]})

    def _get(self, request: Request) -> Response:
        found = self.find(request.params["endpoint"])
        return (
            json_response(200, _shown(found)) if found else self.missing(request.params["endpoint"])
        )

    def _put(self, request: Request) -> Response:
        name, given = request.params["endpoint"], body_of(request)
        if not NAME.fullmatch(name):
            message = (
                f"The endpoint name {name} is invalid: 3 to 32 characters, letters, digits and"
                f" single hyphens, "
                "beginning with a letter and ending with a letter or digit."
            )
            return ml_error(400, "UserError", message, "BadArgument")
        before = self.find(name)
        wrong = self._wrong(name, properties_of(given))
        if wrong:
            return wrong
        return self._accept(name, given, before, request.query["api-version"])

    def _patch(self, request: Request) -> Response:
        name, given = request.params["endpoint"], body_of(request)
        before = self.find(name)
        if before is None:
            return self.missing(name)
        wrong = self._wrong(name, properties_of(given))
        if wrong:
            return wrong
        merged = {**before, **given, "properties": {**before["properties"], **properties_of(given)}}
        return self._accept(name, merged, before, request.query["api-version"])

    def _accept(
        self, name: str, given: Document, before: Document | None, version: str
    ) -> Response:
        operation = self._operations.begin("oeidp" if before is None else "oe")
        document = self._document(name, given, before)
        document["properties"]["properties"] = {
            "azureml.onlineendpointid": self.id(name).lower(),
            "AzureAsyncOperationUri": self._operations.url(operation, version).split("&")[0],
        }
        self._store.put(self.id(name), KIND, document)
        self._operations.run(operation, lambda: self._succeed(name))
        headers = self._operations.headers(operation, version, self.id(name))
        return json_response(200 if before else 201, _shown(document), headers)

    def _document(self, name: str, given: Document, before: Document | None) -> Document:
        sent, names = properties_of(given), self._names
        host = names.scoring_host(name)
        known = before["properties"] if before else {}
        return {
            "id": self.id(name),
            "name": name,
            "type": f"{ML}/workspaces/{KIND}",
            "location": names.location,
            "kind": "Managed",
            "tags": given.get("tags") or {},
            "identity": {
                "type": "SystemAssigned",
                "principalId": names.principal,
                "tenantId": names.tenant,
            },
            "properties": {
                "description": sent.get("description"),
                "scoringUri": f"https://{host}/score" if before else None,
                "swaggerUri": f"https://{host}/swagger.json" if before else None,
                "authMode": sent.get("authMode") or known.get("authMode") or "Key",
                "provisioningState": "Updating" if before else "Creating",
                "compute": None,
                "traffic": sent.get("traffic") or {},
                "mirrorTraffic": sent.get("mirrorTraffic") or {},
                "publicNetworkAccess": sent.get("publicNetworkAccess") or "Enabled",
            },
            "systemData": system_data(before),
            "_keys": before["_keys"] if before else _fresh_keys(),
        }

    def _succeed(self, name: str) -> None:
        with self._store.together():
            document = self.find(name)
            if document is None:
                return
            host = self._names.scoring_host(name)
            document["properties"].update(
                provisioningState="Succeeded",
                scoringUri=f"https://{host}/score",
                swaggerUri=f"https://{host}/swagger.json",
            )
            self._store.put(self.id(name), KIND, document)

    def _wrong(self, name: str, sent: Document) -> Response | None:
        mode = sent.get("authMode") or "Key"
        if mode not in MODES:
            message = (
                f"The value of authMode is not valid: '{mode}'. It is one of: {', '.join(MODES)}."
            )
            return ml_error(400, "UserError", message, "BadArgument")
        if sent.get("compute"):
            message = "The sandbox has no Kubernetes compute: its endpoints are managed ones."
            return ml_error(400, "UserError", message, "BadArgument")
        return self._wrong_traffic(name, sent.get("traffic") or {}, sent.get("mirrorTraffic") or {})

    def _wrong_traffic(self, name: str, traffic: Document, mirror: Document) -> Response | None:
        known = {item["name"] for item in self._store.children(self.id(name), "deployments")}
        strange = sorted({*traffic, *mirror} - known)
        if strange:
            message = (
                f"Deployment {strange[0]} does not exist on endpoint {name}: traffic can"
                f" only go to those that do."
            )
            return ml_error(400, "UserError", message, "BadArgument")
        shares = [*traffic.values(), *mirror.values()]
        if not all(isinstance(share, int) and share >= 0 for share in shares):
            message = f"Traffic of endpoint {name} is told in whole percents."
            return ml_error(400, "UserError", message, "BadArgument")
        if len(mirror) > 1 or sum(mirror.values()) > MOST_MIRRORED:
            message = (
                f"Mirror traffic of endpoint {name} can go to one deployment only, at most "
                f"{MOST_MIRRORED}%."
            )
            return ml_error(400, "UserError", message, "BadArgument")
        total = sum(traffic.values())
        if total not in (0, 100):
            message = f"Traffic of endpoint {name} sums up to {total}%: it must be 0% or 100%."
            return ml_error(400, "UserError", message, "BadArgument")
        return None

    def _delete(self, request: Request) -> Response:
        name = request.params["endpoint"]
        if self.find(name) is None:
            return Response(204)
        operation = self._operations.begin("oe")

        def work() -> None:
            self.forget(name)
            self._store.delete(self.id(name))

        self._operations.run(operation, work)
        headers = self._operations.headers(operation, request.query["api-version"])
        return Response(202, headers={**headers, "Location": headers["Azure-AsyncOperation"]})

    def _keys(self, request: Request) -> Response:
        found = self.find(request.params["endpoint"])
        if found is None:
            return self.missing(request.params["endpoint"])
        if found["properties"]["authMode"] != "Key":
            return ml_error(
                400, "UserError", "The endpoint does not use key authentication.", "BadArgument"
            )
        return json_response(200, found["_keys"])

    def _regenerate(self, request: Request) -> Response:
        name = request.params["endpoint"]
        found, given = self.find(name), body_of(request)
        if found is None:
            return self.missing(name)
        if given.get("keyType") not in ("Primary", "Secondary"):
            message = "The value of keyType is not valid: it is one of Primary, Secondary."
            return ml_error(400, "UserError", message, "BadArgument")
        which = "secondaryKey" if given.get("keyType") == "Secondary" else "primaryKey"
        asked = given.get("keyValue")
        # The SDK sends the key that there is; whoever regenerates wants another one.
        same = asked == found["_keys"][which]
        found["_keys"][which] = secrets.token_urlsafe(24) if same or not asked else asked
        self._store.put(self.id(name), KIND, found)
        operation = self._operations.begin("oe")
        self._operations.run(operation, lambda: None)
        return Response(
            202, headers=self._operations.headers(operation, request.query["api-version"])
        )

    def _token(self, request: Request) -> Response:
        name = request.params["endpoint"]
        if self.find(name) is None:
            return self.missing(name)
        token = self._mint.make({"use": "scoring", "aud": name}, TOKEN_SECONDS)
        expiry = int(time.time()) + TOKEN_SECONDS
        answer = {
            "accessToken": token,
            "expiryTimeUtc": expiry,
            "refreshAfterTimeUtc": expiry,
            "tokenType": "Bearer",
        }
        return json_response(200, answer)


def _fresh_keys() -> dict[str, str]:
    return {"primaryKey": secrets.token_urlsafe(24), "secondaryKey": secrets.token_urlsafe(24)}


def _shown(document: Document) -> Document:
    return {key: value for key, value in document.items() if not key.startswith("_")}
