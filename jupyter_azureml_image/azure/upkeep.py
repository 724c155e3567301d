"""What this package made and left running: listing it, taking it down, rolling it back."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from ..errors import AzureError, Cancelled
from ..events import Emit, Note
from ..plan.deployment import Resource
from . import environments
from .arm import ML_API, Call
from .deployments import MARK, set_traffic
from .quiet import quiet
from .rollout import wait
from .traffic import Candidate, roll_back_to, without
from .translate import translated

if TYPE_CHECKING:
    from .connection import Connection

Stopped = Callable[[], bool]


def resources(connection: Connection) -> tuple[Resource, ...]:
    """Endpoints and deployments that carry this package's tag, with the line that deletes each."""
    found: list[Resource] = []
    for endpoint in _endpoints(connection):
        name, tags = str(endpoint["name"]), _tags(endpoint)
        deployments = [each for each in _deployments(connection, name) if MARK in _tags(each)]
        if MARK in tags:
            found.append(Resource("endpoint", name, _state(endpoint), "", _delete_line(name), tags))
        found += [_as_resource(connection, name, each) for each in deployments]
    return tuple(found)


def delete(
    connection: Connection,
    endpoint: str,
    deployment: str | None,
    emit: Emit,
    stopped: Stopped = lambda: False,
) -> str:
    """Delete an endpoint, or one deployment of it (its share goes to the others); the sentence
    that says so. Raises AzureError where it does not exist, Cancelled when `stopped`."""
    path = f"{connection.name.path}/onlineEndpoints/{endpoint}"
    what = f"endpoint {endpoint}" if deployment is None else f"deployment {deployment}"
    wanted = path if deployment is None else f"{path}/deployments/{deployment}"
    if connection.arm.find(wanted, ML_API, f"looking for {what}") is None:
        raise AzureError(
            f"There is no {what} in workspace {connection.facts.name}.",
            hint="%azureml_image resources lists what there is.",
            code="not-found",
        )
    client = connection.ml_client
    goes_on = f"Azure goes on deleting {what}"
    with quiet(emit), translated(f"deleting {what}"):
        if deployment is not None:
            _give_share_away(connection, endpoint, deployment, emit, stopped)
        with _left(goes_on):
            if deployment is None:
                wait(client.online_endpoints.begin_delete(endpoint), stopped)
            else:
                wait(client.online_deployments.begin_delete(deployment, endpoint), stopped)
    return f"Deleted {what}; it bills no more."


def rollback(
    connection: Connection, endpoint: str, emit: Emit, stopped: Stopped = lambda: False
) -> str:
    """All traffic back to the last deployment whose image passed its rehearsal; its name.
    Raises AzureError where there is none."""
    traffic = _shares(connection, endpoint)
    candidates = [_candidate(connection, each) for each in _deployments(connection, endpoint)]
    chosen = roll_back_to(candidates, traffic)
    with quiet(emit), _left(f"Azure goes on giving all requests to {chosen}"):
        set_traffic(
            connection.ml_client, endpoint, {chosen: 100}, lambda poller: wait(poller, stopped)
        )
    return chosen


@contextmanager
def _left(goes_on: str) -> Iterator[None]:
    """An interrupt ends the waiting only; the sentence says what Azure does all the same."""
    try:
        yield
    except Cancelled as error:
        raise Cancelled(
            f"Not waited for any longer; {goes_on}.",
            hint="%azureml_image resources shows what is there.",
        ) from error


def _give_share_away(
    connection: Connection, endpoint: str, deployment: str, emit: Emit, stopped: Stopped
) -> None:
    """Azure deletes no deployment that takes requests."""
    traffic = _shares(connection, endpoint)
    if not traffic.get(deployment):
        return
    after = without(traffic, deployment)
    told = ", ".join(f"{name} {share} %" for name, share in after.items()) or "nobody"
    emit(
        Note(f"{deployment} took {traffic[deployment]} % of the requests; now: {told}.", "warning")
    )
    with _left(f"Azure goes on moving the requests, and {deployment} is not deleted"):
        set_traffic(connection.ml_client, endpoint, after, lambda poller: wait(poller, stopped))


def _shares(connection: Connection, endpoint: str) -> dict[str, int]:
    path = f"{connection.name.path}/onlineEndpoints/{endpoint}"
    found = connection.arm.get(path, ML_API, f"reading endpoint {endpoint}")
    traffic = (found.get("properties") or {}).get("traffic") or {}
    return {str(name): int(share) for name, share in traffic.items()}


def _endpoints(connection: Connection) -> list[dict[str, Any]]:
    path = f"{connection.name.path}/onlineEndpoints"
    return list(connection.arm.every(Call("GET", path, ML_API, "listing endpoints")))


def _deployments(connection: Connection, endpoint: str) -> list[dict[str, Any]]:
    path = f"{connection.name.path}/onlineEndpoints/{endpoint}/deployments"
    return list(connection.arm.every(Call("GET", path, ML_API, f"listing endpoint {endpoint}")))


def _as_resource(connection: Connection, endpoint: str, item: Mapping[str, Any]) -> Resource:
    name = str(item["name"])
    machine = (item.get("properties") or {}).get("instanceType", "")
    count = (item.get("sku") or {}).get("capacity") or 1
    bills = "nothing (sandbox)" if connection.facts.sandbox else f"{count} × {machine}"
    return Resource(
        "deployment",
        f"{endpoint}/{name}",
        _state(item),
        bills,
        f"{_delete_line(endpoint)} --deployment {name}",
        _tags(item),
    )


def _candidate(connection: Connection, item: Mapping[str, Any]) -> Candidate:
    tags = _tags(item)
    system = item.get("systemData") or {}
    properties = item.get("properties") or {}
    return Candidate(
        name=str(item["name"]),
        made=tags.get("deployed") or str(system.get("createdAt") or ""),
        rehearsal=tags.get("rehearsal") or _rehearsal(connection, properties.get("environmentId")),
        healthy=_state(item) == "Succeeded",
    )


def _rehearsal(connection: Connection, environment_id: str | None) -> str | None:
    parts = (environment_id or "").split("/")
    if len(parts) < 4 or parts[-2] != "versions":
        return None
    found = environments.find(connection, parts[-3], parts[-1])
    return found.tags.get("rehearsal") if found else None


def _state(item: Mapping[str, Any]) -> str:
    return str((item.get("properties") or {}).get("provisioningState") or "")


def _tags(item: Mapping[str, Any]) -> dict[str, str]:
    return {str(key): str(value) for key, value in (item.get("tags") or {}).items()}


def _delete_line(endpoint: str) -> str:
    return f"%azureml_image delete {endpoint}"
