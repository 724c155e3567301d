"""Where a deployment finds its environment, model and code, and the bytes behind them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from .arm import Document
from .assets import Assets
from .blob_files import BlobFiles
from .names import BLOB_SUFFIX, Names
from .operations import OperationFailed

IN_DATASTORE = re.compile(r"azureml://.*?datastores/[^/]+/paths/(?P<path>.*?)/?")
IN_STORAGE = re.compile(
    rf"https://(?P<account>[^./]+){re.escape(BLOB_SUFFIX)}(?::443)?/(?P<path>[^?]*?)/?"
)


class Shelf:
    """The assets of the workspace, by the references that a deployment holds."""

    def __init__(self, names: Names, assets: dict[str, Assets], blobs: BlobFiles) -> None:
        self._names = names
        self._assets = assets
        self._blobs = blobs

    def find(self, kind: str, reference: object) -> Document | None:
        """Return an asset (`environments`, `models`, `codes`) by ARM id or name:version."""
        if not reference:
            return None
        return self._assets[kind].version(*name_and_version(str(reference)))

    def environment(self, deployment: Document) -> Document:
        """Return the environment of a deployment. Raises `OperationFailed`."""
        reference = deployment["properties"]["environmentId"]
        found = self.find("environments", reference)
        if found is None:
            raise OperationFailed("ResourceNotFound", f"No environment exists for {reference}.")
        return found

    def lacking(self, properties: Document) -> str:
        """Return the sentence about an asset that is named and does not exist, else ''."""
        code = (properties.get("codeConfiguration") or {}).get("codeId")
        named = (
            ("environments", properties.get("environmentId"), "environment"),
            ("models", properties.get("model"), "model"),
            ("codes", code, "code"),
        )
        for kind, reference, word in named:
            if reference and self.find(kind, reference) is None:
                return f"No {word} exists for {reference}."
        if not properties.get("environmentId"):
            return "An environment is required: the sandbox deploys no MLflow model without one."
        return ""

    def own_name(self, uri: str) -> str:
        """Return the name of the folder or file behind a URI. Raises `OperationFailed`."""
        return self._prefix(uri).rsplit("/", 1)[-1]

    def files(self, uri: str) -> Iterator[tuple[str, Path]]:
        """Yield (relative name, where the bytes lie) of what is behind a URI; a single file has
        the name ''. Raises `OperationFailed`."""
        prefix = self._prefix(uri)
        single = self._blobs.file(prefix)
        if single:
            yield "", single
            return
        yield from self._blobs.below(prefix + "/")

    def _prefix(self, uri: str) -> str:
        match = IN_DATASTORE.fullmatch(uri)
        if match:
            return f"{self._names.account}/{self._names.container}/{match['path']}"
        match = IN_STORAGE.fullmatch(uri)
        if match:
            return f"{match['account']}/{match['path']}"
        message = f"The sandbox cannot read {uri}: it is not in the workspace's storage."
        raise OperationFailed("BadArgument", message)


def name_and_version(reference: str) -> tuple[str, str]:
    """Return name and version of an asset reference: an ARM id, or `[azureml:]name:version`."""
    match = re.search(r"/(?P<name>[^/]+)/versions/(?P<version>[^/]+)/?$", reference)
    if match is None:
        match = re.fullmatch(r"(?:azureml:)?(?P<name>[^/:]+):(?P<version>[^/:]+)", reference)
    return (match["name"], match["version"]) if match else ("", "")
