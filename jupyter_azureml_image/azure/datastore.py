"""The workspace's own blob store, where Azure ML looks for build contexts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .arm import Call
from .translate import translated

if TYPE_CHECKING:
    from .connection import Connection

# The api-version azure-ai-ml 1.35 uses; the first whose secrets end by themselves.
_API = "2024-10-01-preview"
_NAME = "workspaceblobstore"
_SECRET_HOURS = 1


@dataclass(frozen=True, slots=True)
class Datastore:
    """A blob container of the workspace, and what opens it (a signature, a key, or the
    signed-in caller)."""

    account_url: str
    container: str
    opener: Any

    def url(self, folder: str) -> str:
        """The address of a folder in it."""
        return f"{self.account_url}/{self.container}/{folder}/"

    def client(self) -> Any:
        """azure-storage-blob's client of the container; close it after use."""
        from azure.storage.blob import ContainerClient, ExponentialRetry

        return ContainerClient(
            self.account_url,
            self.container,
            credential=self.opener,
            retry_policy=ExponentialRetry(initial_backoff=1, increment_base=2, retry_total=6),
        )


def default_datastore(connection: Connection) -> Datastore:
    """The workspace's default blob store. Raises Forbidden where its secrets may not be read."""
    path = f"{connection.name.path}/datastores/{_NAME}"
    doing = f"reading datastore {_NAME}"
    found = connection.arm.get(path, _API, doing).get("properties") or {}
    account = f"{found.get('accountName')}.blob.{found.get('endpoint') or 'core.windows.net'}"
    kind = (found.get("credentials") or {}).get("credentialsType")
    with translated(doing):
        opener = connection.arm.credential if kind == "None" else _secret(connection, path, doing)
    return Datastore(
        f"{found.get('protocol') or 'https'}://{account}", str(found.get("containerName")), opener
    )


def _secret(connection: Connection, path: str, doing: str) -> Any:
    body = {"expirableSecret": True, "expireAfterHours": _SECRET_HOURS}
    call = Call("POST", f"{path}/listSecrets", _API, doing, body=body)
    secret = connection.arm.call(call) or {}
    if secret.get("sasToken"):
        from azure.core.credentials import AzureSasCredential

        return AzureSasCredential(str(secret["sasToken"]).lstrip("?"))
    if secret.get("key"):
        return str(secret["key"])
    return connection.arm.credential
