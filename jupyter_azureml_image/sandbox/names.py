"""What things are called in the sandbox: one subscription, one group, one workspace, one
registry."""

from __future__ import annotations

from dataclasses import dataclass

ARM = "management.azure.com"
LOGIN = "login.microsoftonline.com"
BLOB_SUFFIX = ".blob.core.windows.net"
SCORING_SUFFIX = ".inference.ml.azure.com"
STUDIO_SUFFIX = ".azureml.ms"

ML = "Microsoft.MachineLearningServices"
ACR = "Microsoft.ContainerRegistry"


@dataclass(frozen=True, slots=True)
class Names:
    """The fixed names of the sandbox's Azure, and the ARM ids made of them."""

    subscription: str = "5a4db000-0000-4000-8000-000000000001"
    tenant: str = "5a4db000-0000-4000-8000-000000000002"
    principal: str = "5a4db000-0000-4000-8000-000000000003"
    workspace_guid: str = "5a4db000-0000-4000-8000-000000000004"
    resource_group: str = "sandbox"
    workspace: str = "sandbox"
    registry: str = "sandboxregistry"
    location: str = "eastus"
    account: str = "sandboxstorage"
    tasks_account: str = "acrtaskssandbox000"

    @property
    def group_id(self) -> str:
        """ARM id of the resource group."""
        return f"/subscriptions/{self.subscription}/resourceGroups/{self.resource_group}"

    @property
    def workspace_id(self) -> str:
        """ARM id of the workspace."""
        return f"{self.group_id}/providers/{ML}/workspaces/{self.workspace}"

    @property
    def registry_id(self) -> str:
        """ARM id of the container registry."""
        return f"{self.group_id}/providers/{ACR}/registries/{self.registry}"

    @property
    def container(self) -> str:
        """Blob container behind the workspace's default datastore."""
        return f"azureml-blobstore-{self.workspace_guid}"

    @property
    def tasks_container(self) -> str:
        """Blob container where ACR Tasks keeps sources and logs."""
        return f"container-{self.workspace_guid.replace('-', '')}"

    def scoring_host(self, endpoint: str) -> str:
        """Host name under which an online endpoint answers."""
        return f"{endpoint}.{self.location}{SCORING_SUFFIX}"


def is_azure_host(host: str) -> bool:
    """Say whether the sandbox answers for this host; every other host passes through."""
    host = host.lower()
    suffixes = (BLOB_SUFFIX, SCORING_SUFFIX, STUDIO_SUFFIX)
    return host in (ARM, LOGIN) or host.endswith(suffixes)
