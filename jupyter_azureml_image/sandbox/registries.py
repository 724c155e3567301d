"""What ARM says about the container registry, and the lists that name it."""

from __future__ import annotations

from collections.abc import Callable

from .arm import Document, body_of, not_found, now
from .faults import Faults
from .names import ACR, ML, Names
from .web import Request, Response, Route, json_response, route

SKU = {"name": "Standard", "tier": "Standard"}


class Registries:
    """Answers for the one registry; `login_server` is where it really listens."""

    def __init__(self, names: Names, faults: Faults, login_server: Callable[[], str]) -> None:
        self._names = names
        self._faults = faults
        self._login_server = login_server
        self._created = now()

    def routes(self) -> list[Route]:
        """Return the routes of the registry and of the subscription that holds it."""
        names = self._names
        return [
            route("GET", f"{names.group_id}/providers/{ACR}/registries/{{registry}}", self._get),
            route("GET", f"{names.group_id}/providers/{ACR}/registries", self._list),
            route("GET", f"/subscriptions/{{s}}/providers/{ACR}/registries", self._list),
            route(
                "POST",
                f"/subscriptions/{{s}}/providers/{ACR}/checkNameAvailability",
                self._check_name,
            ),
            route("GET", "/subscriptions/{s}/resources", self._resources),
            route("GET", f"{names.group_id}/resources", self._resources),
            route("GET", names.group_id, self._group),
            route("HEAD", names.group_id, lambda _: Response(204)),
            route("GET", "/subscriptions/{s}/resourceGroups", self._groups),
            route("GET", "/subscriptions", self._subscriptions),
            route("GET", "/subscriptions/{s}", self._subscription),
            route("GET", "/tenants", self._tenants),
        ]

    def document(self) -> Document:
        """Return the registry as ARM shows it."""
        names = self._names
        mode = (
            "AbacRepositoryPermissions" if self._faults.on("abac") else "LegacyRegistryPermissions"
        )
        disabled = {"status": "disabled"}
        return {
            **self._resource(f"{ACR}/registries", names.registry_id, names.registry),
            "sku": SKU,
            "properties": {
                "loginServer": self._login_server(),
                "creationDate": self._created,
                "provisioningState": "Succeeded",
                "adminUserEnabled": False,
                "policies": {
                    "quarantinePolicy": disabled,
                    "trustPolicy": {"type": "Notary", "status": "disabled"},
                    "retentionPolicy": {"days": 7, "status": "disabled"},
                    "exportPolicy": {"status": "enabled"},
                    "azureADAuthenticationAsArmPolicy": {"status": "enabled"},
                },
                "encryption": disabled,
                "dataEndpointEnabled": False,
                "dataEndpointHostNames": [],
                "privateEndpointConnections": [],
                "publicNetworkAccess": "Enabled",
                "networkRuleBypassOptions": "AzureServices",
                "networkRuleBypassAllowedForTasks": False,
                "zoneRedundancy": "Disabled",
                "anonymousPullEnabled": False,
                "roleAssignmentMode": mode,
            },
        }

    def _resource(self, kind: str, resource_id: str, name: str) -> Document:
        return {
            "type": kind,
            "id": resource_id,
            "name": name,
            "location": self._names.location,
            "tags": {},
            "systemData": {
                "createdAt": self._created,
                "createdBy": "Sandbox User",
                "createdByType": "User",
            },
        }

    def _get(self, request: Request) -> Response:
        name = request.params["registry"]
        if name.lower() != self._names.registry:
            return not_found(f"{ACR}/registries", name, self._names.resource_group)
        return json_response(200, self.document())

    def _list(self, request: Request) -> Response:
        return json_response(200, {"value": [self.document()]})

    def _check_name(self, request: Request) -> Response:
        taken = str(body_of(request).get("name", "")).lower() == self._names.registry
        reason = (
            {"reason": "AlreadyExists", "message": "The registry name is already in use."}
            if taken
            else {}
        )
        return json_response(200, {"nameAvailable": not taken, **reason})

    def _resources(self, request: Request) -> Response:
        names = self._names
        everything = [
            {
                **self._resource(f"{ACR}/registries", names.registry_id, names.registry),
                "sku": SKU,
            },
            self._resource(f"{ML}/workspaces", names.workspace_id, names.workspace),
        ]
        wanted = request.query.get("$filter", "").lower()
        shown = [
            item
            for item in everything
            if ("resourcetype" not in wanted or f"'{item['type'].lower()}'" in wanted)
            and ("name eq" not in wanted or f"'{item['name'].lower()}'" in wanted)
        ]
        return json_response(200, {"value": shown})

    def _group(self, request: Request) -> Response:
        return json_response(200, self._group_document())

    def _groups(self, request: Request) -> Response:
        return json_response(200, {"value": [self._group_document()]})

    def _group_document(self) -> Document:
        names = self._names
        return {
            "id": names.group_id,
            "name": names.resource_group,
            "type": "Microsoft.Resources/resourceGroups",
            "location": names.location,
            "properties": {"provisioningState": "Succeeded"},
        }

    def _subscription_document(self) -> Document:
        names = self._names
        return {
            "id": f"/subscriptions/{names.subscription}",
            "subscriptionId": names.subscription,
            "displayName": "Sandbox on this machine",
            "state": "Enabled",
            "tenantId": names.tenant,
            "authorizationSource": "RoleBased",
            "managedByTenants": [],
        }

    def _subscription(self, request: Request) -> Response:
        return json_response(200, self._subscription_document())

    def _subscriptions(self, request: Request) -> Response:
        return json_response(200, {"value": [self._subscription_document()]})

    def _tenants(self, request: Request) -> Response:
        tenant = self._names.tenant
        return json_response(200, {"value": [{"id": f"/tenants/{tenant}", "tenantId": tenant}]})
