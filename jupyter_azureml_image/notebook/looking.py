"""The verbs that look and change nothing: doctor, settings, bases, explain."""

from __future__ import annotations

import platform
from importlib import metadata
from typing import TYPE_CHECKING, Any

from ..view.table import Table

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

Given = dict[str, Any]

VERSIONS = (
    "jupyter-azureml-image",
    "ipython",
    "ipykernel",
    "ipywidgets",
    "docker",
    "azure-ai-ml",
    "azure-identity",
)


def doctor(shell: InteractiveShell | None, given: Given) -> Table:
    """Everything examined, with its remedy."""
    from ..doctor import examine

    rows = [(row.state, row.what, row.detail, row.remedy) for row in examine()]
    return Table("Doctor", ("State", "What", "Found", "Remedy"), tuple(rows))


def settings(shell: InteractiveShell | None, given: Given) -> Table:
    """Every setting and version, and where it came from."""
    from .. import settings as kept
    from . import frontend

    notebook = frontend.notebook(shell.user_ns) if shell else None
    folder = notebook.rpartition("/")[0] if notebook else None
    rows = [
        (
            value.setting.name,
            value.setting.option.default or "not set"
            if value.value is None
            else _shown(value.value),
            value.source,
        )
        for value in kept.values(folder)
    ]
    rows.append(("python", f"{platform.python_version()} on {platform.platform()}", "running"))
    rows += [(name, _version(name), "installed") for name in VERSIONS]
    return Table("Settings", ("Setting", "Value", "From"), tuple(rows))


def bases(shell: InteractiveShell | None, given: Given) -> Table:
    """The catalog's images that match."""
    from .. import catalog

    found = catalog.search(" ".join(given.get("words", ())))
    fresh = bool(given.get("refresh"))
    head = ("Status", "Image", "Python", "Accelerator", "Successor")
    rows = []
    for image in found:
        row = (
            image.status,
            image.reference,
            image.python or "unknown",
            image.accelerator,
            image.successor_reference or "",
        )
        rows.append((*row, _tags(image.reference)) if fresh else row)
    return Table("Base images", (*head, "Tags") if fresh else head, tuple(rows))


def explain(shell: InteractiveShell | None, given: Given) -> Table:
    """What a code means."""
    from ..explain.page import meaning

    return Table(given["code"], (), tuple((line,) for line in meaning(given["code"]).splitlines()))


def _tags(reference: str) -> str:
    from ..catalog.refresh import refresh

    tags = refresh(reference)
    return ", ".join(tags.tags[:5])


def _shown(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, (tuple, list)) else str(value)


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return "missing"
