"""The doctor: what is here, what is missing, and the remedy for each; changes nothing."""

from __future__ import annotations

import os
import platform
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib import metadata
from typing import TYPE_CHECKING, Literal

from . import state
from .context.describe import size_text
from .errors import BadSettings, ImageError, NotConnected

if TYPE_CHECKING:
    from .azure.connection import Connection
    from .build.engine import Engine

_ROOM = 5_000_000_000  # bytes: an inference image with a framework takes about this much


@dataclass(frozen=True, slots=True)
class Row:
    """One thing looked at: `state` in a word, `detail` what was found, `remedy` what to do."""

    what: str
    state: Literal["good", "note", "bad"]
    detail: str
    remedy: str = ""


def examine(*, connect: bool = False) -> tuple[Row, ...]:
    """The whole table; nothing is changed. With `connect` (a process of its own, which nobody
    connected before) the workspace that the surroundings name is asked too."""
    rows = [_kernel(), _server(), *_docker(), _state()]
    trouble = _refused() if connect else None
    return (*rows, *((trouble,) if trouble else _workspace()))


def _refused() -> Row | None:
    """Why the workspace that is named cannot be had; None where it can, or none is named."""
    from .wiring import Here

    try:
        Here().workspace(connect=True)
    except NotConnected:
        return None
    except ImageError as error:
        return Row("workspace", "bad", error.message, error.hint or "")
    return None


def _kernel() -> Row:
    versions = [f"{name} {_version(name)}" for name in ("ipython", "ipykernel", "ipywidgets")]
    detail = f"Python {platform.python_version()} at {sys.executable}; {', '.join(versions)}"
    missing = _version("ipywidgets") == "missing"
    return Row(
        "kernel",
        "note" if missing else "good",
        detail,
        "pip install ipywidgets, for the panel; everything else works without." if missing else "",
    )


def _server() -> Row:
    session = os.environ.get("JPY_SESSION_NAME")
    if session is None:
        return Row("front end", "note", "none told its name (a terminal, nbclient or papermill)")
    return Row("front end", "good", f"a Jupyter server, notebook {os.path.basename(session)}")  # noqa: PTH119  # a name, not a path of ours


def _docker() -> tuple[Row, ...]:
    from .build.engine import Engine

    try:
        engine = Engine.connect()
    except ImageError as error:
        return (Row("Docker", "bad", error.message, error.hint or ""),)
    try:
        return (
            Row("Docker", "good", f"{engine.title} at {engine.place.host}"),
            _ways(engine),
            _disk(engine),
        )
    finally:
        engine.close()


def _ways(engine: Engine) -> Row:
    from .build.local import WAY, local_builders

    try:
        ways = [builder.abilities.way for builder in local_builders(engine)]
    except BadSettings as error:
        return Row("builders", "bad", error.message, error.hint or "")
    if not ways:
        forced = f"{WAY} is '{os.environ[WAY]}', which is not here"
        return Row("builders", "bad", forced, "Unset it to take the best way that is there.")
    if "buildx" in ways:
        return Row("builders", "good", ", ".join(ways))
    return Row(
        "builders",
        "note",
        ", ".join(ways),
        "Install docker-buildx 0.13 or newer for secrets, private bases and quick rebuilds of big "
        "contexts.",
    )


def _disk(engine: Engine) -> Row:
    free = _asked(engine.free_disk)
    if free is None:
        return Row("disk", "note", "the engine keeps its images on another machine")
    good = free > _ROOM
    remedy = "" if good else "Remove old images with %azureml_image prune or docker image prune."
    return Row("disk", "good" if good else "bad", f"{size_text(free)} free for images", remedy)


def _asked(ask: Callable[[], int | None]) -> int | None:
    try:
        return ask()
    except ImageError:
        return None


def _state() -> Row:
    try:
        folder = state.folder()
        state.try_write(folder)
    except BadSettings as error:
        return Row("journal", "bad", error.message, error.hint or "")
    return Row("journal", "good", f"{folder} ({size_text(shutil.disk_usage(folder).free)} free)")


def _workspace() -> tuple[Row, ...]:
    from .azure import connection

    current = connection.current()
    if current is None:
        named = connection.named_by_config()
        detail = "none is connected"
        if named is not None:
            detail += f"; a config.json names '{named.workspace}'"
        return (Row("workspace", "note", detail, "%azureml_image workspace connects one."),)
    facts = current.facts
    kind = "the SANDBOX" if facts.sandbox else f"{facts.location}, group {facts.resource_group}"
    return (
        Row("identity", "good", facts.signed_in_as or "signed in"),
        Row("workspace", "good", f"{facts.name} ({kind})"),
        *_network(current),
        _registry(current),
        *_rights(current),
    )


def _network(current: Connection) -> tuple[Row, ...]:
    """What a cloud build has to reach, each asked by itself."""
    from .azure import reach

    upload, untold = None, ""
    try:
        upload = reach.upload_url(current)
    except ImageError as error:
        untold = f"; the upload host is not known: {error.message}"
    found = reach.places(current.arm, current.facts.login_server, upload)
    answering = ", ".join(f"{each.what} ({each.host})" for each in found if not each.blocked)
    rows = [
        Row("network", "bad", f"{each.what} ({each.host}): {each.blocked}", each.remedy)
        for each in found
        if each.blocked
    ]
    if answering:
        state: Literal["good", "note"] = "note" if untold else "good"
        rows.insert(0, Row("network", state, f"answering: {answering}{untold}"))
    return tuple(rows)


def _registry(current: Connection) -> Row:
    server = current.facts.login_server
    if server is None:
        return Row(
            "registry",
            "bad",
            "the workspace has none yet",
            "Name one with --registry-name, or attach one with %azureml_image workspace "
            "--attach-registry ID.",
        )
    try:
        current.registry(server).sign_in()
    except ImageError as error:
        return Row("registry", "bad", f"{server}: {error.message}", error.hint or "")
    return Row("registry", "good", f"{server}, and you may sign in to it")


def _rights(current: Connection) -> tuple[Row, ...]:
    from .azure.rights import lacking

    try:
        lacks = lacking(current)
    except ImageError as error:
        return (Row("rights", "note", error.message, error.hint or ""),)
    if not lacks:
        return (Row("rights", "good", "build in the cloud, push, register, deploy"),)
    return tuple(
        Row("rights", "bad", f"to {lack.step}: {lack.action} is missing", f"Ask for {lack.role}.")
        for lack in lacks
    )


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return "missing"
