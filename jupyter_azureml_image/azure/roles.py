"""The least built-in role that holds an action, for the hint of a missing right.

Source: Azure's built-in roles as documented in 2026; ACR Tasks has no built-in role of its own
(Azure/acr#174), so its hint names the custom role's page.
"""

from __future__ import annotations

_TASKS = "Contributor on the registry, or the custom role of docs/how-to/rights.md"
_SCIENTIST = "AzureML Data Scientist on the workspace"

# Longest fitting beginning wins; compared in lower case.
_ROLES: dict[str, str] = {
    "microsoft.containerregistry/registries/read": "Reader on the registry",
    "microsoft.containerregistry/registries/pull": "AcrPull on the registry",
    "microsoft.containerregistry/registries/push": "AcrPush on the registry",
    "microsoft.containerregistry/registries/repositories": "Container Registry Repository Writer",
    "microsoft.containerregistry/registries/listbuildsourceuploadurl": _TASKS,
    "microsoft.containerregistry/registries/schedulerun": _TASKS,
    "microsoft.containerregistry/registries/runs": _TASKS,
    "microsoft.containerregistry/registries": "Contributor on the registry",
    "microsoft.machinelearningservices/workspaces/read": "Reader on the workspace",
    "microsoft.machinelearningservices/workspaces/write": "Contributor on the workspace",
    "microsoft.machinelearningservices/workspaces/": _SCIENTIST,
    "microsoft.storage/storageaccounts/blobservices": "Storage Blob Data Contributor",
    "microsoft.resources/subscriptions": "Reader on the subscription",
}


def least_role(action: str) -> str:
    """The role to ask for so that `action` is allowed."""
    wanted = action.lower()
    fitting = [start for start in _ROLES if wanted.startswith(start)]
    return _ROLES[max(fitting, key=len)] if fitting else f"a role that has {action}"
