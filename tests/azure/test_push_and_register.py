from __future__ import annotations

import dataclasses
import uuid
from collections.abc import Iterator

import pytest

from jupyter_azureml_image.azure.connection import Connection
from jupyter_azureml_image.azure.push import Shipment, push
from jupyter_azureml_image.build.engine import Engine
from jupyter_azureml_image.errors import RegistryError, VersionTaken
from jupyter_azureml_image.events import Event, Transfer
from jupyter_azureml_image.plan.registration import Registration
from jupyter_azureml_image.plan.request import Routes
from tests.sandbox.test_environments import scoring_route

from .images import make


def _files(label: str) -> dict[str, str]:
    dockerfile = f"FROM scratch\nCOPY marker /marker\nLABEL {label}\n"
    return {"Dockerfile": dockerfile, "marker": uuid.uuid4().hex}


@pytest.fixture
def image(engine: Engine, workspace: Connection) -> Iterator[str]:
    """A tiny image of its own in the engine, removed after the test with its pushed names."""
    reference = f"azure-test-{uuid.uuid4().hex[:8]}:1"
    make(engine, reference, _files("azureml-image.test=azure"))
    yield reference
    engine.remove(f"{workspace.facts.login_server}/{reference}")
    engine.remove(reference)


@pytest.fixture
def pushed(workspace: Connection, image: str) -> str:
    """The reference by digest of an image in the workspace's registry."""
    server, repository = str(workspace.facts.login_server), image.partition(":")[0]
    digest = workspace.push(image, server, repository, lambda _: None)
    return f"{server}/{repository}@{digest}"


def _registration(image: str, **changes: object) -> Registration:
    name = f"env-{uuid.uuid4().hex[:8]}"
    asked = Registration(name, "1", image, Routes(), {"fingerprint": "f1", "rehearsal": "served"})
    return dataclasses.replace(asked, **changes)  # type: ignore[arg-type]


def test_a_push_gives_the_digest_that_the_registry_holds(workspace: Connection, image: str) -> None:
    events: list[Event] = []
    server, repository = str(workspace.facts.login_server), image.partition(":")[0]

    digest = workspace.push(image, server, repository, events.append)

    assert digest.startswith("sha256:")
    assert workspace.has_image(server, repository, digest)
    assert workspace.registry(server).digest(repository, "1") == digest
    assert not workspace.has_image(server, repository, "sha256:" + "0" * 64)
    assert all(isinstance(event, Transfer) for event in events)


def test_an_image_on_a_stand_in_is_pushed_nowhere_but_to_the_sandbox(
    workspace: Connection, engine: Engine
) -> None:
    reference = f"azure-test-{uuid.uuid4().hex[:8]}:1"
    make(engine, reference, _files("azureml-image.standin=true"))
    registry = workspace.registry(str(workspace.facts.login_server))
    try:
        with pytest.raises(RegistryError, match="stand-in"):
            push(engine, registry, Shipment(reference, "never"), lambda _: None)
        assert registry.digest("never", "1") is None
    finally:
        engine.remove(reference)


def test_an_environment_is_registered_by_digest_with_its_routes_and_tags(
    workspace: Connection, pushed: str
) -> None:
    asked = _registration(pushed)
    stored = workspace.register(asked)
    assert (stored.image, stored.tags["rehearsal"]) == (pushed, "served")

    environment = workspace.environment(stored)
    assert environment.image == pushed
    assert scoring_route(environment) == (5001, "/score")
    assert workspace.find_environment(asked.name, "1") == stored
    assert workspace.find_environment(asked.name, "2") is None


def test_a_training_image_is_registered_without_routes(workspace: Connection, pushed: str) -> None:
    stored = workspace.register(_registration(pushed, routes=None))
    assert not workspace.environment(stored).inference_config


def test_the_same_content_again_gives_the_same_version_back(
    workspace: Connection, pushed: str
) -> None:
    asked = _registration(pushed)
    first = workspace.register(asked)
    again = workspace.register(dataclasses.replace(asked, tags={"fingerprint": "f1", "run": "r2"}))
    assert again == first


def test_another_build_of_the_same_fingerprint_gives_the_same_version_back(
    workspace: Connection, pushed: str
) -> None:
    asked = _registration(pushed)
    first = workspace.register(asked)
    other = pushed.partition("@")[0] + "@sha256:" + "1" * 64
    assert workspace.register(dataclasses.replace(asked, image=other)) == first


@pytest.mark.parametrize(
    "changes",
    [{"tags": {"fingerprint": "f2"}, "image": "x@sha256:" + "2" * 64}, {"routes": Routes(8080)}],
    ids=["another image", "other routes"],
)
def test_a_taken_version_with_other_content_names_the_next_free_one(
    workspace: Connection, pushed: str, changes: dict[str, object]
) -> None:
    asked = _registration(pushed)
    workspace.register(asked)
    with pytest.raises(VersionTaken) as raised:
        workspace.register(dataclasses.replace(asked, **changes))  # type: ignore[arg-type]
    assert f"{asked.name}:1" in raised.value.message
    assert f"{asked.name}:2" in (raised.value.hint or "")
    assert workspace.free_version(asked.name, "1") == "2"
