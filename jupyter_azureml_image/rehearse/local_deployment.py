"""`deploy --local`: a deployment of this machine's own engine, which stays until deleted."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ..build import leaving
from ..build.engine import RUN_LABEL, Engine
from ..build.owner import sweep
from ..dockerfile.facts import BaseFacts
from ..errors import BadUsage, BuilderUnavailable, DeploymentFailed, ImageError
from ..events import Emit, LogLine, Note, StepEnded, StepStarted
from ..plan.deployment import Deployment, DeployRequest, Resource
from ..plan.request import Routes
from . import probe
from .container import Container, Launch
from .mounting import APP, mount
from .readiness import Patience, await_ready

ENDPOINT_LABEL = "azureml-image.endpoint"
DEPLOYMENT_LABEL = "azureml-image.deployment"
_SECONDS = 120.0  # for the server to become ready
_LONGEST_REQUEST = 180.0  # seconds for the sample
_FREE = "runs on this machine and costs nothing"
_STEP = "deploy-start"


def deploy_locally(
    engine: Engine,
    image: str,
    asked: DeployRequest,
    emit: Emit,
    stopped: Callable[[], bool] = lambda: False,
) -> Deployment:
    """Run `image` behind a port of this machine until it is deleted.

    A deployment of the same name is replaced only when the new one is ready. Raises
    DeploymentFailed with the cause, BadUsage where an entry script is missing, and Cancelled
    where it is `stopped` before it is ready.
    """
    asked.check()
    facts = engine.image_facts(image)
    if facts is None:
        raise DeploymentFailed(
            f"{engine.title} does not hold '{image}'.",
            hint="Build it first; '%azureml_image runs' lists what was built.",
        )
    routes = _routes(facts)
    _script_there(engine, image, facts, asked)
    earlier = _containers(engine, asked.endpoint, asked.name)
    container = _started(engine, image, asked, routes)
    try:
        _gate(container, facts, Patience(routes, _SECONDS, stopped), emit)
        for old in earlier:
            Container(engine, old["Id"], routes.port).remove()
        with engine.asked_to("name a container"):
            engine.client.rename(container.id, _name(asked))
        return _deployment(container, asked, routes, emit)
    except BaseException:
        container.remove()
        raise


def delete_locally(engine: Engine, endpoint: str, deployment: str | None = None) -> bool:
    """Remove a local endpoint's containers (or one deployment's); whether there were any."""
    found = _containers(engine, endpoint, deployment)
    for each in found:
        Container(engine, each["Id"], 0).remove()
    return bool(found)


def local_resources(engine: Engine) -> tuple[Resource, ...]:
    """Local deployments, and the images that runs left in the engine."""
    deployments = tuple(
        Resource(
            kind="container",
            name=f"{_label(each, ENDPOINT_LABEL)}/{_label(each, DEPLOYMENT_LABEL)}",
            state=str(each.get("State", "")),
            bills=_FREE,
            delete_line=f"%azureml_image delete {_label(each, ENDPOINT_LABEL)}",
        )
        for each in _containers(engine)
    )
    images = tuple(
        Resource("image", name, f"{each['Size'] / 1e6:.0f} MB", _FREE, "%azureml_image prune")
        for each in engine.images()
        for name in _names(each)
    )
    return deployments + images


def prune_locally(engine: Engine, only: Sequence[str] | None = None) -> tuple[str, ...]:
    """Remove our stopped containers, and our images (`only` those) that no container uses; a
    line each."""
    removed: list[str] = []
    leaving.all_gone()
    sweep(engine)
    for each in _labelled(engine, RUN_LABEL):
        if each.get("State") in ("exited", "dead"):
            Container(engine, each["Id"], 0).remove()
            removed.append(f"container {', '.join(each.get('Names') or [each['Id'][:12]])}")
    # An image with a second name could lose this one although a container runs on it.
    used = {each.get("ImageID") for each in engine.client.containers(all=True)}
    for each in engine.images():
        if each["Id"] in used:
            continue
        for name in _names(each) if only is None else set(_names(each)) & set(only):
            # Refused, and rightly left, where another image is built on it.
            with contextlib.suppress(ImageError), engine.asked_to(f"remove {name}"):
                engine.client.remove_image(name)
                removed.append(f"image {name}")
    return tuple(removed)


def _routes(facts: BaseFacts) -> Routes:
    """The server's usual routes, on the port the image exposes where that is one other."""
    usual = Routes()
    ports = [port.partition("/")[0] for port in facts.exposed]
    if len(ports) == 1 and ports[0].isdigit():
        return Routes(port=int(ports[0]))
    return usual


def _script_there(engine: Engine, image: str, facts: BaseFacts, asked: DeployRequest) -> None:
    if asked.mounts.code is not None or "AZUREML_ENTRY_SCRIPT" in facts.env or not facts.server:
        return
    root = facts.env.get("AML_APP_ROOT", APP).rstrip("/")
    if not engine.holds(image, f"{root}/main.py"):
        raise BadUsage(
            f"The image '{image}' holds no entry script, so its server would not start.",
            hint="Add --code DIR --scoring-script FILE, as for a deployment on Azure.",
        )


def _started(engine: Engine, image: str, asked: DeployRequest, routes: Routes) -> Container:
    mounting = mount(asked.mounts)
    labels = {
        RUN_LABEL: "deployment",
        ENDPOINT_LABEL: asked.endpoint,
        DEPLOYMENT_LABEL: asked.name,
    }
    launch = Launch(image, routes.port, mounting.environment, mounting.archive(), labels)
    try:
        return Container.start(engine, launch)
    except BuilderUnavailable as error:
        raise DeploymentFailed(error.message, hint=error.hint) from error


def _gate(container: Container, facts: BaseFacts, patience: Patience, emit: Emit) -> None:
    """Wait until it serves; raises DeploymentFailed with the cause from its log."""
    emit(StepStarted(_STEP, "start the deployment"))
    began = time.monotonic()
    command = (*facts.entrypoint, *facts.cmd)
    try:
        unready = await_ready(container, command, patience)
    except BaseException:
        emit(StepEnded(_STEP, "cancelled", time.monotonic() - began))
        raise
    emit(StepEnded(_STEP, "failed" if unready else "done", time.monotonic() - began))
    if unready is None:
        return
    for line in unready.log[-60:]:
        emit(LogLine(line))
    raise DeploymentFailed(unready.sentence, hint=unready.cause.hint)


def _deployment(
    container: Container, asked: DeployRequest, routes: Routes, emit: Emit
) -> Deployment:
    host, port = container.address()
    answer = None
    if asked.sample is not None:
        answer = probe.post((host, port), routes.scoring, asked.sample, _LONGEST_REQUEST)
        if answer is None or answer.status >= 300:
            said = f"answered {answer.status}" if answer else "did not answer"
            emit(Note(f"The deployment runs, but {said} to the sample.", "warning"))
    return Deployment(
        endpoint=asked.endpoint,
        name=asked.name,
        environment=asked.environment,
        scoring_uri=f"http://{host}:{port}{routes.scoring}",
        traffic=100,
        bills=_FREE,
        delete_line=f"%azureml_image delete {asked.endpoint}",
        swagger_uri=f"http://{host}:{port}/swagger.json",
        status=answer.status if answer else None,
        answer=answer.text if answer else None,
        local=True,
    )


def _name(asked: DeployRequest) -> str:
    return f"azureml-{asked.endpoint}-{asked.name}"


def _containers(
    engine: Engine, endpoint: str | None = None, deployment: str | None = None
) -> list[Mapping[str, Any]]:
    found = _labelled(engine, ENDPOINT_LABEL)
    return [
        each
        for each in found
        if endpoint in (None, _label(each, ENDPOINT_LABEL))
        and deployment in (None, _label(each, DEPLOYMENT_LABEL))
    ]


def _labelled(engine: Engine, label: str) -> list[Mapping[str, Any]]:
    with engine.asked_to("list containers"):
        found: list[Mapping[str, Any]] = engine.client.containers(
            all=True, filters={"label": label}
        )
    return found


def _label(container: Mapping[str, Any], label: str) -> str:
    return str((container.get("Labels") or {}).get(label, ""))


def _names(image: Mapping[str, Any]) -> list[str]:
    names = [name for name in image.get("RepoTags") or () if name != "<none>:<none>"]
    return names or [str(image["Id"])]
