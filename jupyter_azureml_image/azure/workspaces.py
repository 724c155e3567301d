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
_ID_SHAPE = (
    "/subscriptions/…/resourceGroups/…/providers/Microsoft.ContainerRegistry/registries/NAME"
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
    """The login server of a registry named by the user: a name of this subscription, a login
    server (also as an address), or an ARM id of any subscription."""
    if _REGISTRY_ID.fullmatch(registry):
        return _login_server_of(arm, registry)
    server = _written(registry)
    if re.search(r"[.:]", server):
        return server
    return _login_server_of(arm, registry_id(arm, known, server))


def registry_id(arm: Arm, known: WorkspaceFacts, registry: str | None) -> str:
    """The ARM id of a registry, by name, login server or itself (None: the workspace's own)."""
    if registry is not None and _REGISTRY_ID.fullmatch(registry):
        return registry.rstrip("/")
    server = known.login_server if registry is None else _written(registry)
    if server == known.login_server:
        if known.registry_id is None:
            own_login_server(known)
        return str(known.registry_id)
    name = str(server).partition(".")[0]
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
    for resource in listed:
        if str(resource.get("name", "")).lower() in names:
            return str(resource["id"])
    raise AzureError(
        f"There is no registry {server} in subscription {known.subscription_id}.",
        hint=f"One of another subscription is named by its ARM id ({_ID_SHAPE}). Check the name, "
        "too, and which account is signed in.",
        code="not-found",
    )


def _written(registry: str) -> str:
    """A name or login server as it is compared; raises BadUsage for a repository."""
    server = re.sub(r"^https?://", "", registry.lower()).rstrip("/")
    host, slash, _ = server.partition("/")
    if slash:
        raise BadUsage(
            f"{registry!r} names more than a registry.",
            hint=f"Write --registry-name {host}: the repository is called like the environment.",
        )
    return server


def attach_registry(connection: Connection, registry: str) -> None:
    """Attach the registry with that ARM id to the workspace, through azure-ai-ml."""
    if not _REGISTRY_ID.fullmatch(registry):
        raise BadUsage(
            f"{registry!r} is not the ARM id of a container registry.",
            hint=f"It looks like {_ID_SHAPE}.",
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
