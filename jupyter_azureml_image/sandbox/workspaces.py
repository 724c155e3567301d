"""The workspace itself, its datastore, and the lists that a client reads to find them."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable

from .arm import Document, body_of, not_found, now, properties_of
from .names import BLOB_SUFFIX, ML, Names
from .sas import account_sas, container_sas
from .store import Store
from .web import Request, Response, Route, json_response, route

DATASTORE = "workspaceblobstore"
SAS_SECONDS = 3600
PENDING = "{kind}/{name}/versions/{version}/startPendingUpload"


class Workspaces:
    """Answers for the one workspace. `switched_on` asks whether a fault is on."""

    def __init__(
        self, names: Names, store: Store, account_key: str, switched_on: Callable[[str], bool]
    ) -> None:
        self._names = names
        self._store = store
        self._account_key = account_key
        self._switched_on = switched_on
        if store.get(names.workspace_id) is None:
            store.put(names.workspace_id, "workspace", _new_workspace(names))

    def routes(self) -> list[Route]:
        """Return the routes of workspace and datastore."""
        names = self._names
        one = f"{names.group_id}/providers/{ML}/workspaces/{{workspace}}"
        stores = f"{names.workspace_id}/datastores"
        return [
            route("GET", f"/subscriptions/{{s}}/providers/{ML}/workspaces", self._list),
            route("GET", f"{names.group_id}/providers/{ML}/workspaces", self._list),
            route("GET", one, self._get),
            route("PATCH", one, self._patch),
            route("GET", stores, self._list_datastores),
            route("GET", stores + "/{name}", self._get_datastore),
            route("POST", stores + "/{name}/listSecrets", self._secrets),
            route("POST", f"{names.workspace_id}/{PENDING}", self._start_upload),
        ]

    def document(self) -> Document:
        """Return the workspace as ARM shows it."""
        document = self._store.get(self._names.workspace_id) or _new_workspace(self._names)
        if self._switched_on("no-registry"):
            document["properties"]["containerRegistry"] = None
        return document

    def _list(self, request: Request) -> Response:
        return json_response(200, {"value": [self.document()]})

    def _get(self, request: Request) -> Response:
        wrong = self._wrong_name(request)
        return wrong or json_response(200, self.document())

    def _patch(self, request: Request) -> Response:
        wrong = self._wrong_name(request)
        if wrong:
            return wrong
        given = body_of(request)
        document = self._store.get(self._names.workspace_id) or _new_workspace(self._names)
        document["properties"].update(properties_of(given))
        document["tags"] = given.get("tags", document["tags"])
        document["systemData"]["lastModifiedAt"] = now()
        self._store.put(self._names.workspace_id, "workspace", document)
        return json_response(200, document)

    def _wrong_name(self, request: Request) -> Response | None:
        name = request.params["workspace"]
        if name.lower() == self._names.workspace.lower():
            return None
        return not_found(f"{ML}/workspaces", name, self._names.resource_group)

    def _list_datastores(self, request: Request) -> Response:
        return json_response(200, {"value": [self._datastore()]})

    def _get_datastore(self, request: Request) -> Response:
        name = request.params["name"]
        if name != DATASTORE:
            return not_found(f"{ML}/workspaces/datastores", name, self._names.resource_group)
        return json_response(200, self._datastore())

    def _secrets(self, request: Request) -> Response:
        name = request.params["name"]
        if name != DATASTORE:
            return not_found(f"{ML}/workspaces/datastores", name, self._names.resource_group)
        given = body_of(request)
        if not given.get("expirableSecret"):
            return json_response(200, {"secretsType": "AccountKey", "key": self._account_key})
        seconds = int(given.get("expireAfterHours") or 1) * SAS_SECONDS
        token = account_sas(self._names.account, self._account_key, seconds)
        return json_response(200, {"secretsType": "Sas", "sasToken": token})

    def _start_upload(self, request: Request) -> Response:
        names = self._names
        container = str(uuid.uuid4())
        blob_uri = f"https://{names.account}{BLOB_SUFFIX}/{container}"
        token = container_sas(names.account, self._account_key, container, SAS_SECONDS)
        reference = {
            "blobUri": blob_uri,
            "storageAccountArmId": self.document()["properties"]["storageAccount"],
            "credential": {"credentialType": "SAS", "sasUri": f"{blob_uri}?{token}"},
        }
        kind = {"pendingUploadId": container, "pendingUploadType": "TemporaryBlobReference"}
        return json_response(200, {"blobReferenceForConsumption": reference, **kind})

    def _datastore(self) -> Document:
        names = self._names
        credentials = "None" if self._switched_on("identity-datastore") else "AccountKey"
        moment = (self._store.get(names.workspace_id) or {}).get("systemData", {})
        return {
            "id": f"{names.workspace_id}/datastores/{DATASTORE}",
            "name": DATASTORE,
            "type": f"{ML}/workspaces/datastores",
            "properties": {
                "description": None,
                "tags": None,
                "properties": None,
                "isDefault": True,
                "credentials": {"credentialsType": credentials},
                "intellectualProperty": None,
                "subscriptionId": names.subscription,
                "resourceGroup": names.resource_group,
                "datastoreType": "AzureBlob",
                "accountName": names.account,
                "containerName": names.container,
                "endpoint": "core.windows.net",
                "protocol": "https",
                "serviceDataAccessAuthIdentity": "WorkspaceSystemAssignedIdentity",
            },
            "systemData": moment,
        }


def _new_workspace(names: Names) -> Document:
    moment = re.sub(r"0\+00:00$", "Z", now())
    group = names.group_id
    storage = f"{group}/providers/Microsoft.Storage/storageAccounts/{names.account}"
    insights = f"{group}/providers/Microsoft.insights/components/sandboxinsights"
    person = {"By": "Sandbox User", "ByType": "User", "At": moment}
    return {
        "id": names.workspace_id,
        "name": names.workspace,
        "type": f"{ML}/workspaces",
        "location": names.location,
        "tags": {},
        "etag": None,
        "properties": {
            "friendlyName": names.workspace,
            "description": "An offline workspace on this machine",
            "storageAccount": storage,
            "keyVault": f"{group}/providers/Microsoft.Keyvault/vaults/sandboxvault",
            "applicationInsights": insights,
            "hbiWorkspace": False,
            "tenantId": names.tenant,
            "imageBuildCompute": None,
            "provisioningState": "Succeeded",
            "allowRoleAssignmentOnRG": True,
            "v1LegacyMode": False,
            "softDeleteEnabled": False,
            "containerRegistry": names.registry_id,
            "creationTime": moment,
            "storageHnsEnabled": False,
            "workspaceId": names.workspace_guid,
            "privateLinkCount": 0,
            "publicNetworkAccess": "Enabled",
            "discoveryUrl": f"https://{names.location}.api.azureml.ms/discovery",
            "mlFlowTrackingUri": f"azureml://{names.location}.api.azureml.ms/mlflow/v1.0{names.workspace_id}",
            "enableDataIsolation": False,
            "systemDatastoresAuthMode": "accesskey",
        },
        "identity": {
            "type": "SystemAssigned",
            "principalId": names.principal,
            "tenantId": names.tenant,
        },
        "kind": "Default",
        "sku": {"name": "Basic", "tier": "Basic"},
        "systemData": {
            f"{verb}{key}": value
            for verb in ("created", "lastModified")
            for key, value in person.items()
        },
    }
