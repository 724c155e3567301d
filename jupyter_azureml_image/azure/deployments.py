"""Managed online deployments, through azure-ai-ml.

Order matters: names and the environment are checked first, then the endpoint is made, then the
deployment, then the sample is posted to it alone, and only then does it get traffic. What this
call made is taken down again when it does not come up; its log is kept first.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..errors import AzureError, BadUsage, DeploymentFailed, ImageError
from ..events import Emit, Note
from ..paths import from_home
from ..plan.deployment import Deployment, DeployRequest
from ..plan.registration import RegisteredEnvironment
from . import environments
from .arm import ML_API, Call
from .quiet import quiet
from .rollout import Rollout
from .scoring import Answer, post
from .traffic import shares
from .translate import translated
from .undo import undone

if TYPE_CHECKING:
    from .connection import Connection

MARK = "azureml-image"
"""The tag of everything this package makes."""

_SANDBOX_MACHINE = "Standard_DS3_v2"


@dataclass(frozen=True, slots=True)
class _Before:
    """The endpoint as it was found: whether it is there, and its deployments' shares, zeroes
    included."""

    there: bool
    shares: Mapping[str, int]

    def percent(self, request: DeployRequest) -> int | None:
        """What the new deployment is to get, None where nothing is to change."""
        return 100 if request.traffic is None and not self.shares else request.traffic

    def after(self, request: DeployRequest) -> dict[str, int]:
        """The shares as they are wanted; raises BadUsage where they do not come to 100."""
        percent = self.percent(request)
        return {} if percent is None else shares(self.shares, request.name, percent)


def deploy(
    connection: Connection,
    request: DeployRequest,
    emit: Emit,
    stopped: Callable[[], bool] = lambda: False,
) -> Deployment:
    """Deploy an environment to an endpoint, made where it is missing.

    Raises BadUsage before anything is made, DeploymentFailed with the cause from the container's
    log, QuotaExceeded, Forbidden, Cancelled. Nothing that this call made is left behind then,
    or the error says what is.
    """
    request.check()
    environment = _environment(connection, request)
    machine = _machine(connection, request)
    rollout = Rollout(connection, request, emit, stopped)
    before = _before(rollout)
    before.after(request)
    bills = _bills(connection, request, machine)
    emit(Note(bills))
    with quiet(emit):
        try:
            if not before.there:
                _endpoint(rollout)
            _deployment(rollout, environment, machine)
            answer = _sample(rollout)
            traffic = _traffic(rollout, before)
        except (ImageError, KeyboardInterrupt) as error:
            raise undone(rollout, error) from error
        with translated(f"reading endpoint {request.endpoint}"):
            endpoint = rollout.client.online_endpoints.get(request.endpoint)
    return Deployment(
        endpoint=request.endpoint,
        name=request.name,
        environment=f"{environment.name}:{environment.version}",
        scoring_uri=str(endpoint.scoring_uri),
        swagger_uri=endpoint.openapi_uri,
        traffic=traffic.get(request.name, 0),
        bills=bills,
        delete_line=f"%azureml_image delete {request.endpoint}",
        status=answer.status if answer else None,
        answer=answer.text if answer else None,
        sandbox=connection.facts.sandbox,
    )


def _environment(connection: Connection, request: DeployRequest) -> RegisteredEnvironment:
    name, _, version = request.environment.removeprefix("azureml:").partition(":")
    if not version:
        raise BadUsage(
            f"{request.environment!r} does not say which version to deploy.",
            hint="Write NAME:VERSION; %azureml_image runs lists what was registered.",
        )
    found = environments.find(connection, name, version)
    if found is None:
        raise AzureError(
            f"Environment {name}:{version} is not registered in {connection.facts.name}.",
            hint="Register it first: run its cell without --until.",
            code="not-found",
        )
    if request.mounts.scoring_script is None and not environments.serves(connection, found):
        raise BadUsage(
            f"Environment {name}:{version} has no inference routes: its image runs no server.",
            hint="It is a training image; deploy one that serves, or give --code and "
            "--scoring-script.",
        )
    return found


def _machine(connection: Connection, request: DeployRequest) -> str:
    if request.instance_type:
        return request.instance_type
    if connection.facts.sandbox:
        return _SANDBOX_MACHINE
    raise BadUsage(
        "--instance-type is not given, and it decides the price, so there is no default.",
        hint="A small one: --instance-type Standard_DS3_v2 (Standard_F4s_v2, Standard_E4s_v3 …).",
    )


def _bills(connection: Connection, request: DeployRequest, machine: str) -> str:
    if connection.facts.sandbox:
        return "SANDBOX: a container on this machine; bills nothing."
    many = f"{request.instance_count} × {machine}"
    return f"Bills {many} from now until deleted: %azureml_image delete {request.endpoint}"


def _before(rollout: Rollout) -> _Before:
    """The endpoint as it is."""
    name = rollout.request.endpoint
    arm = rollout.connection.arm
    found = arm.find(rollout.endpoint_path, ML_API, f"looking for endpoint {name}")
    if found is None:
        return _Before(False, {})
    traffic = (found.get("properties") or {}).get("traffic") or {}
    listed = arm.every(
        Call("GET", f"{rollout.endpoint_path}/deployments", ML_API, f"listing {name}")
    )
    return _Before(True, {str(each["name"]): int(traffic.get(each["name"], 0)) for each in listed})


def _endpoint(rollout: Rollout) -> None:
    """Make the endpoint."""
    from azure.ai.ml.entities import ManagedOnlineEndpoint

    name = rollout.request.endpoint
    with rollout.step("endpoint", f"creating endpoint {name}"):
        tags = {MARK: rollout.request.environment}
        entity = ManagedOnlineEndpoint(name=name, auth_mode="key", tags=tags)
        rollout.made_endpoint = True
        try:
            poller = rollout.client.online_endpoints.begin_create_or_update(entity)
        except Exception:
            rollout.made_endpoint = _taken(rollout, rollout.endpoint_path)
            raise
        rollout.wait(poller)


def _taken(rollout: Rollout, path: str) -> bool:
    """Whether Azure began what it gave no good answer to: the answer may have got lost."""
    try:
        found = rollout.connection.arm.find(path, ML_API, "looking for what was begun")
    except ImageError:
        return True  # nobody knows: it is taken down, or said that it may bill
    return found is not None


def _deployment(rollout: Rollout, environment: RegisteredEnvironment, machine: str) -> None:
    request = rollout.request
    doing = f"deploying {request.environment} to {request.endpoint} as {request.name}"
    path = f"{rollout.endpoint_path}/deployments/{request.name}"
    is_new = rollout.connection.arm.find(path, ML_API, doing) is None
    with rollout.step("deployment", doing):
        entity = _entity(request, environment, machine)
        # Before it is asked for: an interrupt may come after Azure took it and before it said so.
        rollout.made_deployment = is_new
        try:
            poller = rollout.client.online_deployments.begin_create_or_update(entity)
        except Exception:
            rollout.made_deployment = is_new and _taken(rollout, path)
            raise
        rollout.tried_deployment = True
        rollout.wait(poller)


def _entity(request: DeployRequest, environment: RegisteredEnvironment, machine: str) -> Any:
    from azure.ai.ml.entities import CodeConfiguration, ManagedOnlineDeployment

    mounts = request.mounts
    code = None
    if mounts.code is not None and mounts.scoring_script is not None:
        folder = str(from_home(mounts.code).resolve())
        code = CodeConfiguration(code=folder, scoring_script=mounts.scoring_script)
    return ManagedOnlineDeployment(
        name=request.name,
        endpoint_name=request.endpoint,
        environment=environment.id,
        instance_type=machine,
        instance_count=request.instance_count,
        code_configuration=code,
        model=_model(mounts.model) if mounts.model else None,
        tags={
            MARK: request.environment,
            "rehearsal": environment.tags.get("rehearsal", ""),
            "deployed": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        },
    )


def _model(model: str) -> Any:
    """A path becomes a model of its own; NAME:VERSION is one that is registered."""
    from azure.ai.ml.entities import Model

    path = from_home(model)
    if path.exists():
        return Model(path=str(path.resolve()), type="custom_model")
    return f"azureml:{model.removeprefix('azureml:')}"


def _sample(rollout: Rollout) -> Answer | None:
    """Post the sample to the new deployment alone; a wrong answer is a failed deployment."""
    if rollout.request.sample is None:
        return None
    with rollout.step("sample", "posting the sample request"):
        answer = post(rollout)
        if answer.status != 200:
            raise DeploymentFailed(
                f"The deployment runs, but answered the sample with {answer.status}: "
                f"{answer.text[:300]}",
                hint=_HINTS.get(answer.status),
            )
    return answer


_HINTS = {
    424: "424 means that the container answered with an error: its log is above.",
    404: "404 means that no deployment takes requests at that route.",
    408: "408 means that the container took too long to answer.",
}


def _traffic(rollout: Rollout, before: _Before) -> Mapping[str, int]:
    request, percent = rollout.request, before.percent(rollout.request)
    now = _before(rollout).shares  # somebody else may have changed them in these minutes
    if percent is None or now.get(request.name) == percent:
        return now
    after = shares(now, request.name, percent)
    with rollout.step("traffic", f"giving {request.name} {percent} percent of the requests"):
        set_traffic(rollout.client, request.endpoint, after, rollout.wait)
    return after


def set_traffic(
    client: Any, endpoint: str, after: dict[str, int], wait: Callable[[Any], Any]
) -> None:
    """Set an endpoint's shares."""
    with translated(f"setting the traffic of {endpoint}"):
        entity = client.online_endpoints.get(endpoint)
        entity.traffic = after
        wait(client.online_endpoints.begin_create_or_update(entity))
