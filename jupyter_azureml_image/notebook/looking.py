"""The verbs that look and change nothing: doctor, settings, bases, explain."""

from __future__ import annotations

import platform
from importlib import metadata
from typing import TYPE_CHECKING, Any

from ..errors import RegistryError
from ..view.table import Table

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from ..catalog.refresh import Tags

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

    found = examine(connect=shell is None)
    rows = [(row.state, row.what, row.detail, row.remedy) for row in found]
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

    words = " ".join(given.get("words", ()))
    exact = catalog.is_exact(words)
    found = catalog.named(words) if exact else catalog.search(words)
    head: tuple[str, ...] = (
        "Status",
        "Image",
        "Python",
        "Accelerator",
        "Supported until",
        "Successor",
    )
    rows: tuple[tuple[str, ...], ...] = tuple(
        (
            image.status,
            image.reference,
            image.python or "unknown",
            image.accelerator,
            image.supported_until or "unknown",
            image.successor_reference or "",
        )
        for image in found
    )
    note = catalog.age_sentence()
    if given.get("refresh") and found:
        from ..catalog.refresh import refresh_all

        asked = {image.reference: words if exact else image.reference for image in found}
        today = refresh_all(list(asked.values()))
        rows = tuple((*row, *_today(today[asked[row[1]]])) for row in rows)
        head = (*head, "Tag" if exact else "Newest tag", "Digest")
        note = f"{note} Tags and digests are of now; {_pin(rows)}"
    return Table("Base images", head, rows, note)


def explain(shell: InteractiveShell | None, given: Given) -> Table:
    """What a code means."""
    from ..explain.page import meaning

    return Table(given["code"], (), tuple((line,) for line in meaning(given["code"]).splitlines()))


def _pin(rows: tuple[tuple[str, ...], ...]) -> str:
    """How a Dockerfile takes exactly what was listed: the whole line where it is one image."""
    *_, tag, digest = rows[0]
    if len(rows) > 1 or not digest:
        return "FROM IMAGE@DIGEST pins one."
    return f"this pins it: FROM {rows[0][1]}:{tag}@{digest}"


def _today(answer: Tags | RegistryError) -> tuple[str, str]:
    """The newest tag and its digest, or why there is none."""
    if isinstance(answer, RegistryError):
        return answer.message, ""
    return answer.newest or "none", answer.digest or ""


def _shown(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, (tuple, list)) else str(value)


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return "missing"
