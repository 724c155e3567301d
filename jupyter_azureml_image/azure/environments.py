"""Environments: found by one light call, registered by azure-ai-ml, always by digest."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..errors import AzureError, ServiceFault, VersionTaken
from ..plan.registration import RegisteredEnvironment, Registration
from ..plan.request import Routes
from .arm import ML_API, Call
from .translate import translated

if TYPE_CHECKING:
    from .connection import Connection

FINGERPRINT_TAG = "fingerprint"
_ROUTES = ("livenessRoute", "readinessRoute", "scoringRoute")


def find(connection: Connection, name: str, version: str) -> RegisteredEnvironment | None:
    """The registered version, or None."""
    found = _look_up(connection, name, version)
    return None if found is None else _record(name, version, found)


def serves(connection: Connection, environment: RegisteredEnvironment) -> bool:
    """Whether it was registered with inference routes."""
    found = _look_up(connection, environment.name, environment.version) or {}
    return bool((found.get("properties") or {}).get("inferenceConfig"))


def register(connection: Connection, registration: Registration) -> RegisteredEnvironment:
    """Register it, or give the version back that already holds the same.

    Raises VersionTaken where it holds something else, ServiceFault where the service stored
    another image than was asked.
    """
    held = _held(connection, registration)
    if held is not None:
        return held
    label = f"{registration.name}:{registration.version}"
    try:
        with translated(f"registering environment {label}"):
            connection.ml_client.environments.create_or_update(_entity(registration))
    except AzureError as error:
        # Somebody else registered it since the look, or the answer got lost: what is there decides.
        held = _there(connection, registration)
        if held is None:
            raise error
        return held
    stored = find(connection, registration.name, registration.version)
    if stored is None or (stored.image or "") != registration.image:
        raise ServiceFault(
            f"The workspace did not store {label} with the image that was asked "
            f"({registration.image or 'none'}).",
            hint="Look at it in the studio before using it.",
        )
    return stored


def versions(connection: Connection, name: str) -> tuple[str, ...]:
    """All versions of an environment, archived ones too."""
    call = Call(
        "GET",
        f"{connection.name.path}/environments/{name}/versions",
        ML_API,
        f"listing environment {name}",
        query=(("listViewType", "All"),),
    )
    return tuple(str(item["name"]) for item in connection.arm.every(call))


def next_free(version: str, taken: tuple[str, ...]) -> str:
    """The next free version after `version`: 3 -> 4, v1.9 -> v1.10, 3fa9c1d20b77 -> …-2."""
    match = re.fullmatch(r"(.*?)(\d+)", version)
    if match is None or re.fullmatch(r"[0-9a-f]{12}", version):
        start, number = f"{version}-", 2
    else:
        start, number = match.group(1), int(match.group(2)) + 1
    while f"{start}{number}" in taken:
        number += 1
    return f"{start}{number}"


def _held(connection: Connection, registration: Registration) -> RegisteredEnvironment | None:
    found = _look_up(connection, registration.name, registration.version)
    if found is None:
        return None
    record = _record(registration.name, registration.version, found)
    if _same(found, record, registration):
        return record
    taken = versions(connection, registration.name)
    raise VersionTaken(
        f"Environment {registration.name}:{registration.version} is already registered with "
        "other content.",
        hint=f"The next free version: {registration.name}:"
        f"{next_free(registration.version, taken)}. Without a version, the content names it.",
    )


def _there(connection: Connection, registration: Registration) -> RegisteredEnvironment | None:
    """As `_held`, after a failure whose own sentence says more than that nobody can be asked."""
    try:
        return _held(connection, registration)
    except VersionTaken:
        raise
    except AzureError:
        return None


def _same(found: Mapping[str, Any], held: RegisteredEnvironment, asked: Registration) -> bool:
    """The same image, or another build of the same fingerprint; and the same routes."""
    fingerprint = asked.tags.get(FINGERPRINT_TAG)
    properties = found.get("properties") or {}
    place = asked.context.uri if asked.context else None
    content = (held.image or "", (properties.get("build") or {}).get("contextUri"))
    image = content == (asked.image, place) or (
        fingerprint is not None and held.tags.get(FINGERPRINT_TAG) == fingerprint
    )
    return image and _stored(properties) == _pairs(asked.routes)


def _stored(properties: Mapping[str, Any]) -> tuple[tuple[Any, Any], ...]:
    """The routes that are there, each as port and path."""
    inference = properties.get("inferenceConfig") or {}
    found = [inference[key] for key in _ROUTES if inference.get(key)]
    return tuple((route.get("port"), route.get("path")) for route in found)


def _routes(stored: tuple[tuple[Any, Any], ...]) -> Routes | None:
    if len(stored) != len(_ROUTES) or len({port for port, _ in stored}) != 1:
        return None
    return Routes(stored[0][0], *(str(path) for _, path in stored))


def _pairs(routes: Routes | None) -> tuple[tuple[int, str], ...]:
    if routes is None:
        return ()
    return tuple(
        (routes.port, path) for path in (routes.liveness, routes.readiness, routes.scoring)
    )


def _look_up(connection: Connection, name: str, version: str) -> dict[str, Any] | None:
    path = f"{connection.name.path}/environments/{name}/versions/{version}"
    return connection.arm.find(path, ML_API, f"looking for environment {name}:{version}")


def _record(name: str, version: str, found: Mapping[str, Any]) -> RegisteredEnvironment:
    properties = found.get("properties") or {}
    return RegisteredEnvironment(
        name=name,
        version=version,
        id=str(found.get("id") or ""),
        image=properties.get("image"),
        tags={str(key): str(value) for key, value in (properties.get("tags") or {}).items()},
        routes=_routes(_stored(properties)),
    )


def _entity(registration: Registration) -> Any:
    from azure.ai.ml.entities import BuildContext, Environment

    inference = None
    if registration.routes is not None:
        names = ("liveness_route", "readiness_route", "scoring_route")
        inference = {
            name: {"port": port, "path": path}
            for name, (port, path) in zip(names, _pairs(registration.routes), strict=True)
        }
    place = registration.context
    return Environment(
        name=registration.name,
        version=registration.version,
        image=registration.image or None,
        build=BuildContext(path=place.uri, dockerfile_path=place.dockerfile) if place else None,
        inference_config=inference,
        tags=dict(registration.tags),
        description=registration.description,
    )
