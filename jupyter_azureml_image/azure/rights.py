"""Which of our steps the signed-in caller may take, asked without taking any.

Resource Manager lists the caller's own permissions on a resource (Microsoft.Authorization,
permissions, api-version 2022-04-01): patterns of actions, each entry with its own exceptions.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from .arm import Call
from .roles import least_role

if TYPE_CHECKING:
    from .connection import Connection

_API = "2022-04-01"
_ML = "Microsoft.MachineLearningServices/workspaces"
_ACR = "Microsoft.ContainerRegistry/registries"
# With repository permissions (ABAC) a registry asks for this data action instead of push/write.
_ABAC_PUSH = f"{_ACR}/repositories/content/write"

WORKSPACE_STEPS = (
    ("register", f"{_ML}/environments/versions/write"),
    ("deploy", f"{_ML}/onlineEndpoints/write"),
    ("deploy", f"{_ML}/onlineEndpoints/deployments/write"),
    ("upload code and models", f"{_ML}/datastores/listSecrets/action"),
)
REGISTRY_STEPS = (
    ("push", f"{_ACR}/push/write"),
    ("build in the cloud", f"{_ACR}/listBuildSourceUploadUrl/action"),
    ("build in the cloud", f"{_ACR}/scheduleRun/action"),
    ("follow a cloud build", f"{_ACR}/runs/read"),
    ("read a cloud build's log", f"{_ACR}/runs/listLogSasUrl/action"),
    ("stop a cloud build", f"{_ACR}/runs/cancel/action"),
)


@dataclass(frozen=True, slots=True)
class Lack:
    """A right that is missing: for which step, and the least role that has it."""

    step: str
    action: str
    role: str


def lacking(connection: Connection) -> tuple[Lack, ...]:
    """The rights that are missing on the workspace and its registry. Raises AzureError where
    they may not be asked."""
    found = list(_lacking(connection, connection.name.path, WORKSPACE_STEPS))
    registry = connection.facts.registry_id
    if registry:
        found += _lacking(connection, registry, REGISTRY_STEPS)
    return tuple(found)


def _lacking(
    connection: Connection, scope: str, steps: Iterable[tuple[str, str]]
) -> Iterable[Lack]:
    call = Call(
        "GET",
        f"{scope}/providers/Microsoft.Authorization/permissions",
        _API,
        f"asking what you may do on {scope.rpartition('/')[2]}",
    )
    permissions = list(connection.arm.every(call))
    for step, action in steps:
        by_repository = step == "push" and any(grants_data(p, _ABAC_PUSH) for p in permissions)
        if not by_repository and not any(grants(p, action) for p in permissions):
            yield Lack(step, action, least_role(action))


def grants(permission: Mapping[str, Any], action: str) -> bool:
    """Whether one entry of the list grants an action."""
    return _fits(permission.get("actions"), action) and not _fits(
        permission.get("notActions"), action
    )


def grants_data(permission: Mapping[str, Any], action: str) -> bool:
    """Whether one entry of the list grants a data action."""
    return _fits(permission.get("dataActions"), action) and not _fits(
        permission.get("notDataActions"), action
    )


def _fits(patterns: Iterable[str] | None, action: str) -> bool:
    return any(fnmatchcase(action.lower(), pattern.lower()) for pattern in patterns or ())
