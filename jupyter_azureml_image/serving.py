"""The public functions for what comes after the registration: deploy, roll back, take down."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeAlias

from . import options as _options
from . import state
from .errors import BadUsage, BuilderUnavailable, NotConnected
from .events import Event, Note
from .journal import Journal
from .plan.deployment import Deployment, DeployRequest, Resource
from .plan.naming import local_reference
from .plan.registration import RegisteredEnvironment
from .plan.request import Mounts
from .registering import introduction
from .result import ImageBuild

if TYPE_CHECKING:
    from .azure.connection import Connection
    from .build.engine import Engine

OnEvent = Callable[[Event], None]
Stopped = Callable[[], bool]
Deployable: TypeAlias = "str | ImageBuild | RegisteredEnvironment"
"""NAME:VERSION of an environment, the result of a cell, or a registered environment."""


def deploy(
    environment: Deployable,
    *,
    endpoint: str,
    on_event: OnEvent | None = None,
    stopped: Stopped | None = None,
    local: bool = False,
    **options: Any,
) -> Deployment:
    """Deploy an environment to a managed online endpoint, or, with `local`, run its image in
    the local engine until it is deleted.

    Options are those of `%azureml_image deploy`; `sample` may hold the sample request itself.
    `stopped` is asked now and then whether to give up (Cancelled; what was half made goes away).
    Raises BadUsage before anything is made, DeploymentFailed with the cause from the log.
    """
    asked = _request(environment, endpoint, options)
    emit = on_event or _unheard
    if local:
        from .rehearse.local_deployment import deploy_locally

        image = _image(environment, asked.environment)
        return deploy_locally(_engine(), image, asked, emit, stopped or _never)
    from .azure.deployments import deploy as deploy_online

    return deploy_online(_introduced(emit), asked, emit, stopped or _never)


def rollback(
    endpoint: str, *, on_event: OnEvent | None = None, stopped: Stopped | None = None
) -> str:
    """All traffic back to the last deployment whose image passed its rehearsal; its name.
    `stopped` is asked now and then whether to wait no longer (Cancelled; Azure goes on)."""
    from .azure.upkeep import rollback as roll_back

    emit = on_event or _unheard
    return roll_back(_introduced(emit), endpoint, emit, stopped or _never)


def delete(
    endpoint: str,
    deployment: str | None = None,
    *,
    on_event: OnEvent | None = None,
    stopped: Stopped | None = None,
) -> str:
    """Delete an endpoint (online, or a local one), or one deployment; the sentence that says so.
    `stopped` is asked now and then whether to wait no longer (Cancelled; Azure goes on)."""
    from .azure.upkeep import delete as delete_online
    from .rehearse.local_deployment import delete_locally

    engine = _engine_if_any()
    if engine is not None and delete_locally(engine, endpoint, deployment):
        return f"Removed the local deployment of {endpoint}."
    emit = on_event or _unheard
    return delete_online(_introduced(emit), endpoint, deployment, emit, stopped or _never)


def resources(*, on_event: OnEvent | None = None) -> tuple[Resource, ...]:
    """Everything this package made and that is still there, with the line that removes each.
    A warning is emitted where no workspace can be asked: something may bill there."""
    from .azure.upkeep import resources as online
    from .rehearse.local_deployment import local_resources

    engine = _engine_if_any()
    here = local_resources(engine) if engine else ()
    try:
        return (*here, *online(_connection()))
    except NotConnected as error:
        said = f"{error.message} What runs in Azure is not listed."
        (on_event or _unheard)(Note(said, "warning"))
        return here


def prune() -> tuple[str, ...]:
    """Remove this package's images, stopped containers and ended runs from this machine; what
    was removed, a line each. What still runs stays."""
    from .rehearse.local_deployment import prune_locally

    engine = _engine_if_any()
    removed = list(prune_locally(engine)) if engine else []
    kept = Journal(state.folder())
    ended = [
        row for row in kept.runs(limit=10_000) if not (row.status == "running" and row.owner_lives)
    ]
    for row in ended:
        kept.forget(row.run_id)
    return (*removed, *([f"{len(ended)} ended runs"] if ended else []))


def _request(environment: Deployable, endpoint: str, options: dict[str, Any]) -> DeployRequest:
    verb = _options.verb("deploy")
    known = {option.dest for option in verb.options} if verb else set()
    for name in options:
        if name not in known | {"sample"}:
            raise BadUsage(f"deploy() has no option '{name}'.", hint=_options.nearest(name, known))
    sample = options.pop("sample", None)
    given = _options.read_all(verb, options) if verb else {}
    return DeployRequest(
        environment=_named(environment),
        endpoint=endpoint,
        deployment=given.get("deployment"),
        instance_type=given.get("instance_type"),
        instance_count=given.get("instance_count", 1),
        mounts=Mounts(given.get("code"), given.get("scoring_script"), given.get("model")),
        traffic=given.get("traffic"),
        sample=_options.sample_from(given.get("request_file"), sample),
    )


def _named(environment: Deployable) -> str:
    if isinstance(environment, ImageBuild):
        if environment.version is None:
            raise BadUsage(
                f"The build of '{environment.name}' has no version: it stopped before its plan.",
                hint="Run its cell without --until, so that it is registered.",
            )
        return f"{environment.name}:{environment.version}"
    if isinstance(environment, RegisteredEnvironment):
        return f"{environment.name}:{environment.version}"
    return environment


def _image(environment: Deployable, named: str) -> str:
    """The image to run locally, as the engine knows it."""
    if isinstance(environment, ImageBuild) and environment.local_reference:
        return environment.local_reference
    name, _, version = named.removeprefix("azureml:").partition(":")
    if not version:
        raise BadUsage(
            f"'{named}' does not say which version to run.",
            hint="Write NAME:VERSION; %azureml_image runs lists what was built.",
        )
    return local_reference(name, version)


def _connection() -> Connection:
    from .wiring import Here

    connection = Here().workspace(connect=True)
    if connection is None:
        raise RuntimeError("a connection was asked for and neither given nor refused")
    return connection


def _introduced(emit: OnEvent) -> Connection:
    """The workspace that is used, after saying which it is and who is signed in."""
    connection = _connection()
    emit(introduction(connection.facts))
    return connection


def _engine() -> Engine:
    from .wiring import Here

    return Here().engine()


def _engine_if_any() -> Engine | None:
    try:
        return _engine()
    except BuilderUnavailable:
        return None


def _never() -> bool:
    """For a caller who lets it run to its end."""
    return False


def _unheard(event: Event) -> None:
    """For a caller who watches nothing."""
