"""Deployments that go, or are replaced, while their container is still on its way up.

The sandbox runs in this process, so that a test can hold the start until the other thing is done.
"""

from __future__ import annotations

import io
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import docker
import pytest
import requests

from jupyter_azureml_image.sandbox.engine import LABEL, Engine, Wanted
from jupyter_azureml_image.sandbox.failure import SandboxError
from jupyter_azureml_image.sandbox.world import World
from tests.sandbox.process import Sandbox

API = "2023-04-01-preview"
SERVES = "g4-serves:1"
NEVER_SERVES = "g4-never-serves:1"
PATIENCE = 60.0


class Inside(Sandbox):
    """A sandbox in this process, asked over HTTPS like any other."""

    def __init__(self, state: Path) -> None:
        self.state = state
        self.start()

    def start(self) -> None:
        self.world = World(self.state)
        self.addresses = self.world.start()

    def put(self, path: str, properties: dict[str, Any]) -> requests.Response:
        body = {"location": "eastus", "properties": properties}
        answer = self.arm("PUT", f"{self.workspace_path}/{path}", body, **{"api-version": API})
        assert answer.status_code in (200, 201), answer.text
        return answer

    def delete(self, path: str) -> requests.Response:
        return self.arm("DELETE", f"{self.workspace_path}/{path}", **{"api-version": API})

    def deploy(self, image: str = SERVES) -> requests.Response:
        """Ask for the deployment held/blue of an image."""
        route = {"port": 5001, "path": "/"}
        kinds = ("livenessRoute", "readinessRoute", "scoringRoute")
        version = f"environments/{image.partition(':')[0]}/versions/1"
        self.put(version, {"image": image, "inferenceConfig": dict.fromkeys(kinds, route)})
        environment = f"{self.workspace_path}/{version}"
        wanted = {"environmentId": environment, "instanceType": "Standard_DS3_v2"}
        return self.put("onlineEndpoints/held/deployments/blue", wanted)

    def outcome(self, answer: requests.Response) -> dict[str, Any]:
        """What came of an operation, once it has ended."""
        with self.session() as session:
            while True:
                found: dict[str, Any] = session.get(answer.headers["Azure-AsyncOperation"]).json()
                if found["status"] != "Updating":
                    return found


class Held:
    """Lets the engine start no container until it is told to."""

    def __init__(self, start: Callable[[Engine, Wanted], None]) -> None:
        self._start = start
        self.asked, self.allowed = threading.Semaphore(0), threading.Semaphore(0)

    def __call__(self, engine: Engine, wanted: Wanted) -> None:
        self.asked.release()
        assert self.allowed.acquire(timeout=PATIENCE)
        self._start(engine, wanted)

    def await_asked(self) -> None:
        assert self.asked.acquire(timeout=PATIENCE)


@pytest.fixture(scope="module")
def images(engine_host: str, tiny_image: str) -> Iterator[None]:
    """An image that serves, and one that runs and never answers."""
    serves = f"FROM {tiny_image}\nRUN mkdir /w && echo ok > /w/index.html\n"
    texts = {
        SERVES: serves + 'CMD ["httpd", "-f", "-p", "5001", "-h", "/w"]\n',
        NEVER_SERVES: f'FROM {tiny_image}\nCMD ["sleep", "600"]\n',
    }
    client = docker.DockerClient(engine_host)
    for tag, text in texts.items():
        client.images.build(fileobj=io.BytesIO(text.encode()), tag=tag, rm=True)
    yield
    for tag in texts:
        client.api.remove_image(tag, force=True)
    client.close()


@pytest.fixture
def inside(
    tmp_path: Path, engine_host: str, images: None, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Inside]:
    monkeypatch.setenv("DOCKER_HOST", engine_host)
    sandbox = Inside(tmp_path)
    sandbox.outcome(sandbox.put("onlineEndpoints/held", {"authMode": "Key"}))
    yield sandbox
    sandbox.world.stop()


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> Held:
    found = Held(Engine.run)

    def run(engine: Engine, wanted: Wanted) -> None:
        found(engine, wanted)

    monkeypatch.setattr(Engine, "run", run)
    return found


def containers(engine: docker.DockerClient, sandbox: Inside) -> list[str]:
    mine = {"label": f"{LABEL}={sandbox.world.secrets.sandbox}"}
    found = engine.containers.list(all=True, ignore_removed=True, filters=mine)
    return [each.name for each in found]


@pytest.mark.parametrize("gone", ["onlineEndpoints/held", "onlineEndpoints/held/deployments/blue"])
def test_what_is_deleted_before_its_container_starts_leaves_none(
    inside: Inside, held: Held, engine: docker.DockerClient, gone: str
) -> None:
    made = inside.deploy()
    held.await_asked()
    assert inside.outcome(inside.delete(gone))["status"] == "Succeeded"
    held.allowed.release()
    ended = inside.outcome(made)
    assert containers(engine, inside) == []
    assert ended["status"] == "Failed"
    assert "was deleted" in ended["error"]["message"]


def test_what_is_deleted_while_it_is_waited_for_goes_at_once(
    inside: Inside, engine: docker.DockerClient
) -> None:
    made = inside.deploy(NEVER_SERVES)
    while not containers(engine, inside):
        pass
    assert inside.outcome(inside.delete("onlineEndpoints/held"))["status"] == "Succeeded"
    assert inside.outcome(made)["status"] == "Failed"
    assert containers(engine, inside) == []


def test_of_two_updates_under_way_at_once_the_later_one_stays(
    inside: Inside, held: Held, engine: docker.DockerClient
) -> None:
    first = inside.deploy()
    held.await_asked()
    second = inside.deploy()
    held.await_asked()
    held.allowed.release(2)
    outcomes = [inside.outcome(first)["status"], inside.outcome(second)["status"]]
    left = containers(engine, inside)
    assert len(left) == 1
    assert outcomes == ["Failed", "Succeeded"]


def test_a_deployment_made_anew_is_not_taken_for_the_deleted_one(
    inside: Inside, held: Held, engine: docker.DockerClient
) -> None:
    first = inside.deploy()
    held.await_asked()
    inside.outcome(inside.delete("onlineEndpoints/held/deployments/blue"))
    second = inside.deploy(NEVER_SERVES)
    held.await_asked()
    held.allowed.release()
    assert inside.outcome(first)["status"] == "Failed"
    path = f"{inside.workspace_path}/onlineEndpoints/held/deployments/blue"
    shown = inside.arm("GET", path, **{"api-version": API}).json()
    assert shown["properties"]["provisioningState"] == "Creating"
    inside.outcome(inside.delete("onlineEndpoints/held"))
    held.allowed.release()
    assert inside.outcome(second)["status"] == "Failed"
    assert containers(engine, inside) == []


def test_a_deployment_that_is_brought_back_after_it_was_deleted_leaves_no_container(
    inside: Inside, held: Held, engine: docker.DockerClient
) -> None:
    made = inside.deploy()
    held.allowed.release()
    assert inside.outcome(made)["status"] == "Succeeded"
    held.await_asked()
    inside.world.stop()
    inside.start()
    held.await_asked()
    assert inside.outcome(inside.delete("onlineEndpoints/held"))["status"] == "Succeeded"
    returning = [each for each in threading.enumerate() if each.name == "bring-back"]
    held.allowed.release()
    for each in returning:
        each.join(PATIENCE)
    assert containers(engine, inside) == []


def test_a_restart_removes_what_a_killed_one_left_and_not_the_registry(
    inside: Inside, engine: docker.DockerClient, tiny_image: str
) -> None:
    inside.outcome(inside.deploy())
    assert inside.outcome(inside.delete("onlineEndpoints/held"))["status"] == "Succeeded"
    inside.world.stop()
    ours = {LABEL: inside.world.secrets.sandbox}
    for name, labels in (("left", {**ours, f"{LABEL}.deployment": "x"}), ("registry", ours)):
        engine.api.create_container(tiny_image, name=f"g4-{name}", labels=labels)
    inside.start()
    assert containers(engine, inside) == ["g4-registry"]


def test_what_is_being_made_while_the_sandbox_goes_down_is_there_to_be_swept(
    engine_host: str, images: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_HOST", engine_host)
    engine, order = Engine(), list[str]()
    create, asked, allowed = engine.api.create_container, threading.Event(), threading.Event()

    def held(*arguments: Any, **named: Any) -> Any:
        asked.set()
        assert allowed.wait(PATIENCE)
        made = create(*arguments, **named)
        order.append("made")
        return made

    def close() -> None:
        engine.close()
        order.append("closed")

    monkeypatch.setattr(engine.api, "create_container", held)
    wanted = Wanted(name="g4-made-late", image=NEVER_SERVES, labels={})
    threads = [threading.Thread(target=each) for each in (lambda: engine.run(wanted), close)]
    threads[0].start()
    assert asked.wait(PATIENCE)
    threads[1].start()
    allowed.set()
    for thread in threads:
        thread.join(PATIENCE)
    engine.remove(wanted.name)
    assert order == ["made", "closed"]
    with pytest.raises(SandboxError, match="going down"):
        engine.run(wanted)
