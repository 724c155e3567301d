"""Options to a `BuildRequest`."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..errors import BadUsage
from ..paths import from_home
from ..plan.naming import check_name, check_version
from ..plan.request import (
    BuildRequest,
    CheckPolicy,
    Mounts,
    Recipe,
    Rehearsal,
    Routes,
    TaskOptions,
)
from . import values
from .cell import OPTIONS, by_dest
from .parse import nearest
from .text_file import reason, shown

# What the faces know beside the options: where the text came from, the running notebook, and
# the sample request's text where it came from a variable.
_BESIDE = ("path", "first_line", "notebook", "sample")


def request_from(name: str, text: str, **options: Any) -> BuildRequest:
    """One run as asked: `name` is NAME or NAME:VERSION, `text` the Dockerfile, `options` by
    their Python names (`--build-arg` is `build_arg`), as strings or as Python values.

    Also taken: `path` (of the Dockerfile, where it was read from a file), `first_line` (the
    number of its first line where the user reads it), `notebook` (path of the running one) and
    `sample` (the sample request itself: text, bytes, or a JSON value).
    Raises BadUsage for a name or a value that cannot be used.
    """
    given = _read(options)
    name, version = split_name(name)
    return BuildRequest(
        name=name,
        version=version or given.get("version"),
        recipe=_recipe(text, given),
        context=given.get("context") or str(Path.cwd()),
        build=given.get("build", "auto"),
        until=given.get("until", "register"),
        check=CheckPolicy(
            given.get("fail_on", "error"), given.get("ignore", ()), given.get("allow_file", ())
        ),
        rehearsal=_rehearsal(given),
        task=TaskOptions(
            given.get("agent_pool"),
            given.get("cpu"),
            given.get("timeout"),
            not given.get("no_dependency_image", False),
        ),
        registry=given.get("registry_name"),
        tags=given.get("env_tag", ()),
        description=given.get("description"),
        detach=given.get("detach", False),
        notebook=given.get("notebook"),
    )


def split_name(text: str) -> tuple[str, str | None]:
    """NAME[:VERSION] as its two parts; raises BadUsage where Azure ML or Docker refuses one."""
    if "{" in text or "}" in text:
        raise BadUsage(
            f"NAME: '{text}' still holds braces.",
            hint="{name} and {name.attribute} take a Python value; nothing else is computed here.",
        )
    name, colon, version = text.partition(":")
    return check_name(name), check_version(version) if colon else None


def sample_text(value: Any) -> str:
    """A sample request as the body that is posted: text as it is, other values as JSON."""
    if isinstance(value, bytes):
        return value.decode("utf-8", errors="replace")
    if isinstance(value, str):
        return value
    try:
        return json.dumps(value)
    except TypeError as error:
        raise BadUsage(
            f"--request-file: {error}.", hint="Use text, or a value JSON can hold."
        ) from None


def _read(options: Mapping[str, Any]) -> dict[str, Any]:
    given: dict[str, Any] = {}
    for key, value in options.items():
        option = by_dest(key)
        if value is None:
            continue
        if key in _BESIDE:
            given[key] = value
        elif key == "version":
            given[key] = check_version(str(value))
        elif option is None:
            known = [o.dest for o in OPTIONS]
            raise BadUsage(f"There is no option '{key}'.", hint=nearest(key, known) or None)
        else:
            given[key] = values.read(option, value)
    return given


def _recipe(text: str, given: Mapping[str, Any]) -> Recipe:
    path = given.get("path") or given.get("file")
    return Recipe(
        text=text,
        path=None if path is None else os.fspath(path),
        build_args=given.get("build_arg", ()),
        target=given.get("target"),
        platform=given.get("platform", "linux/amd64"),
        secrets=given.get("secret", ()),
        network=given.get("network"),
        no_cache=given.get("no_cache", False),
        pull=given.get("pull", False),
        first_line=given.get("first_line", 1),
    )


def _rehearsal(given: Mapping[str, Any]) -> Rehearsal:
    usual = Routes()
    return Rehearsal(
        wanted=not given.get("no_rehearse", False),
        sample=sample_from(given.get("request_file"), given.get("sample")),
        mounts=Mounts(given.get("code"), given.get("scoring_script"), given.get("model")),
        routes=Routes(
            given.get("port", usual.port),
            given.get("liveness_route", usual.liveness),
            given.get("readiness_route", usual.readiness),
            given.get("scoring_route", usual.scoring),
        ),
    )


def sample_from(place: str | None, value: Any = None) -> str | None:
    """The sample request's body: `value` where there is one, else the text of the file `place`."""
    if value is not None:
        return sample_text(value)
    if place is None:
        return None
    if place.startswith("@"):
        raise BadUsage(
            f"--request-file: {place} names a variable, and there is no notebook here.",
            hint="Give the path of a file.",
        )
    try:
        return from_home(place).read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise BadUsage(f"--request-file: {place} cannot be read: it is not UTF-8 text.") from None
    except (OSError, ValueError) as error:
        raise BadUsage(f"--request-file: {shown(place)} cannot be read: {reason(error)}.") from None
