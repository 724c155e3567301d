"""`config.json`: where azure-ai-ml looks for it, and what it says."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ..errors import BadSettings
from ..paths import is_file, is_folder, is_there

# azure-ai-ml's own order: each of these folders all the way up, then the next.
_FOLDERS = (".azureml", "aml_config", "")
_NAMES = ("config.json", "project.json")
_LEVELS = 20


@dataclass(frozen=True, slots=True)
class WorkspaceName:
    """Which workspace; `source` is the file that says so, None where it was given by hand."""

    subscription_id: str
    resource_group: str
    workspace: str
    source: str | None = None

    @property
    def path(self) -> str:
        """Its ARM id."""
        return (
            f"/subscriptions/{self.subscription_id}/resourceGroups/{self.resource_group}"
            f"/providers/Microsoft.MachineLearningServices/workspaces/{self.workspace}"
        )


def search(folder: Path) -> tuple[WorkspaceName, ...]:
    """Every different workspace that configuration files in or above `folder` name, the one
    azure-ai-ml would take first. A `config.json` of something else is passed over."""
    found: dict[str, WorkspaceName] = {}
    for path in _files(folder):
        name = _said(path)
        if name is not None:
            found.setdefault(name.path.lower(), name)
    return tuple(found.values())


def read(place: Path) -> WorkspaceName:
    """The workspace a file (or the first fitting file in or above a folder) names; raises
    BadSettings."""
    if is_folder(place):
        found = search(place)
        if found:
            return found[0]
        raise BadSettings(
            f"No config.json in or above {place} names a workspace.",
            hint="Download it from the workspace's page in the Azure portal, or name the "
            "workspace: --subscription ID -g GROUP -w NAME.",
        )
    if not is_there(place):
        raise BadSettings(f"There is no file {place}.", hint="-f wants the path of a config.json.")
    name = _said(place)
    if name is None:
        raise BadSettings(
            f"{place} does not name a workspace.",
            hint="It needs subscription_id, resource_group and workspace_name.",
        )
    return name


def _files(folder: Path) -> Iterator[Path]:
    levels = [folder.resolve(), *folder.resolve().parents][:_LEVELS]
    for inner in _FOLDERS:
        for file in _NAMES:
            for level in levels:
                path = level / inner / file
                if is_file(path):  # of folders that nobody named
                    yield path


def _said(path: Path) -> WorkspaceName | None:
    try:
        said = json.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError):
        return None
    if not isinstance(said, dict):
        return None
    scope = said.get("Scope")
    if isinstance(scope, str) and scope.count("/") >= 8:
        parts = scope.split("/")
        return WorkspaceName(parts[2], parts[4], parts[8], str(path))
    try:
        return WorkspaceName(
            str(said["subscription_id"]),
            str(said["resource_group"]),
            str(said["workspace_name"]),
            str(path),
        )
    except KeyError:
        return None
