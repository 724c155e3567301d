"""The workspace itself and its registry, read by Resource Manager."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from ..errors import AzureError, BadUsage
from ..plan.registration import WorkspaceFacts
from .arm import ML_API, REGISTRY_API, RESOURCES_API, Arm, Call
from .config_file import WorkspaceName
from .translate import translated

if TYPE_CHECKING:
    from .connection import Connection

_REGISTRY_ID = re.compile(
    r"/subscriptions/[^/]+/resourceGroups/[^/]+/providers/Microsoft\.ContainerRegistry"
    r"/registries/[^/]+/?",
    re.IGNORECASE,
)


def facts(arm: Arm, name: WorkspaceName, known: WorkspaceFacts) -> WorkspaceFacts:
    """What the service says about the workspace, added to what is known of the caller."""
    found = arm.get(name.path, ML_API, f"reading workspace {name.workspace}")
    registry_id = (found.get("properties") or {}).get("containerRegistry") or None
    return replace(
        known,
        subscription_id=name.subscription_id,
        resource_group=name.resource_group,
        name=str(found.get("name") or name.workspace),
        location=str(found.get("location") or ""),
        registry_id=registry_id,
        login_server=_login_server_of(arm, registry_id) if registry_id else None,
    )


def own_login_server(known: WorkspaceFacts) -> str:
    """The workspace's registry; raises AzureError naming the ways out where it has none."""
    if known.login_server:
        return known.login_server
    raise AzureError(
        f"Workspace {known.name} has no container registry yet.",
        hint="Name one with --registry-name NAME, let Azure ML build (--build azureml), attach "
        "one with\n%azureml_image workspace --attach-registry ID, or stop at --until rehearse.",
        code="no-registry",
    )


def login_server(arm: Arm, known: WorkspaceFacts, registry: str) -> str:
    """The login server of a registry named by the user: a name of this subscription, or
    already a login server."""
    if re.search(r"[.:]", registry):
        return registry.rstrip("/")
    return _login_server_of(arm, registry_id(arm, known, registry))


def registry_id(arm: Arm, known: WorkspaceFacts, registry: str | None) -> str:
    """The ARM id of a registry, by name or login server (None: the workspace's own)."""
    if registry is None or registry == known.login_server:
        if known.registry_id is None:
            own_login_server(known)
        return str(known.registry_id)
    name = registry.partition(".")[0]
    # A registry with a domain name label answers at NAME-HASH.azurecr.io.
    names = {name, name.partition("-")[0]}
    kind = "Microsoft.ContainerRegistry/registries"
    listed = arm.every(
        Call(
            "GET",
            f"/subscriptions/{known.subscription_id}/resources",
            RESOURCES_API,
            f"looking for registry {name}",
            query=(("$filter", f"resourceType eq '{kind}'"),),
        )
    )
    lowered = {each.lower() for each in names}
    for resource in listed:
        if str(resource.get("name", "")).lower() in lowered:
            return str(resource["id"])
    raise AzureError(
        f"There is no registry {registry} in subscription {known.subscription_id}.",
        hint="Give its login server instead (NAME.azurecr.io), or check which account is "
        "signed in.",
        code="not-found",
    )


def attach_registry(connection: Connection, registry: str) -> None:
    """Attach the registry with that ARM id to the workspace, through azure-ai-ml."""
    if not _REGISTRY_ID.fullmatch(registry):
        raise BadUsage(
            f"{registry!r} is not the ARM id of a container registry.",
            hint="It looks like /subscriptions/…/resourceGroups/…/providers/"
            "Microsoft.ContainerRegistry/registries/NAME.",
        )
    name = connection.facts.name
    with translated(f"attaching the registry to workspace {name}"):
        workspaces = connection.ml_client.workspaces
        workspaces.begin_update(
            workspaces.get(name), container_registry=registry, update_dependent_resources=True
        ).result()


def _login_server_of(arm: Arm, registry: str) -> str:
    name = registry.rstrip("/").rpartition("/")[2]
    found = arm.get(registry, REGISTRY_API, f"reading registry {name}")
    server = (found.get("properties") or {}).get("loginServer")
    if not server:
        raise AzureError(f"Registry {name} does not say its login server.", code="no-registry")
    return str(server)
