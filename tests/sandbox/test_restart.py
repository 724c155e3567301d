from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import docker
import requests

from tests.sandbox.process import Sandbox

LABEL = "azureml-image.sandbox"
API = "2023-04-01-preview"
WEB = (
    "RUN mkdir -p /www && echo ok > /www/index.html && echo answered > /www/score\n"
    'CMD ["httpd", "-f", "-p", "5001", "-h", "/www"]\n'
)


def command(sandbox: Sandbox, *options: str) -> subprocess.CompletedProcess[str]:
    line = [sys.executable, "-m", "jupyter_azureml_image.sandbox", "--state", str(sandbox.state)]
    return subprocess.run(
        [*line, *options], env=sandbox.environment, capture_output=True, text=True, check=False
    )


def deployed(sandbox: Sandbox, image: str) -> str:
    """Make an endpoint with one deployment, by plain calls; return its key."""
    route = {"port": 5001, "path": "/"}
    routes = {"livenessRoute": route, "readinessRoute": route}
    routes["scoringRoute"] = {"port": 5001, "path": "/score"}
    environment = f"{sandbox.workspace_path}/environments/e/versions/1"
    endpoint = f"{sandbox.workspace_path}/onlineEndpoints/kept"
    bodies = [
        (environment, {"properties": {"image": image, "inferenceConfig": routes}}),
        (endpoint, {"location": "eastus", "properties": {"authMode": "Key"}}),
        (
            f"{endpoint}/deployments/blue",
            {
                "location": "eastus",
                "properties": {"environmentId": environment, "instanceType": "Standard_DS3_v2"},
            },
        ),
        (
            endpoint,
            {"location": "eastus", "properties": {"authMode": "Key", "traffic": {"blue": 100}}},
        ),
    ]
    for path, body in bodies:
        answer = sandbox.arm("PUT", path, body, **{"api-version": API})
        assert answer.status_code in (200, 201), answer.text
        status = answer.headers.get("Azure-AsyncOperation")
        while status:
            with sandbox.session() as session:
                found = session.get(status).json()
            if found["status"] != "Updating":
                assert found["status"] == "Succeeded", found
                break
    keys = sandbox.arm("POST", f"{endpoint}/listKeys", **{"api-version": API})
    return str(keys.json()["primaryKey"])


def ask(sandbox: Sandbox, key: str) -> requests.Response:
    with sandbox.session(key) as session:
        return session.get("https://kept.eastus.inference.ml.azure.com/score")


def test_kill_and_restart_keep_everything_and_stop_leaves_nothing(
    tmp_path: Path, engine_host: str, engine: docker.DockerClient, tiny_image: str
) -> None:
    sandbox = Sandbox(tmp_path, engine=engine_host)
    try:
        context = tmp_path / "context"
        context.mkdir()
        (context / "Dockerfile").write_text(f"FROM {tiny_image}\n{WEB}")
        tag = f"{sandbox.login_server}/kept/web:1"
        engine.images.build(path=str(context), tag=tag, rm=True)
        image = sandbox.push(engine, tag)
        engine.api.remove_image(tag)
        key = deployed(sandbox, image)
        assert ask(sandbox, key).text == "answered\n"
        before = sandbox.addresses
        blue = f"{sandbox.workspace_path}/onlineEndpoints/kept/deployments/blue"
        mine = {"label": f"{LABEL}.deployment={blue}"}
        running = engine.containers.list(ignore_removed=True, filters=mine)

        sandbox.kill()
        sandbox.start()
        assert sandbox.addresses == before
        assert ask(sandbox, key).text == "answered\n"
        assert engine.containers.list(ignore_removed=True, filters=mine) == running

        assert sandbox.stop() == 0
        assert engine.containers.list(all=True, ignore_removed=True, filters=mine) == []
        assert not sandbox.port_file.exists()

        sandbox.start()
        assert sandbox.addresses == before
        answer = ask(sandbox, key)
        while answer.status_code == 424:  # the container is being started again
            answer = ask(sandbox, key)
        assert answer.text == "answered\n"

        sandbox.kill()
        assert command(sandbox, "--stop").returncode == 0
        assert engine.containers.list(all=True, ignore_removed=True, filters=mine) == []
    finally:
        if sandbox.process.poll() is None:
            sandbox.stop()


def test_a_killed_sandbox_leaves_no_registry_process(own_sandbox: Sandbox) -> None:
    children = Path(f"/proc/{own_sandbox.process.pid}/task").glob("*/children")
    child = int(" ".join(file.read_text() for file in children).split()[0])
    own_sandbox.kill()
    while (
        Path(f"/proc/{child}").exists()
        and "zombie" not in Path(f"/proc/{child}/status").read_text()
    ):
        os.sched_yield()


def test_a_second_sandbox_on_the_same_state_says_who_is_there(own_sandbox: Sandbox) -> None:
    answer = command(own_sandbox, "--port-file", str(own_sandbox.state / "other.json"))
    assert answer.returncode == 1
    assert f"process {own_sandbox.process.pid}" in answer.stderr
    assert "--stop" in answer.stderr


def test_stop_ends_the_running_one_cleanly(own_sandbox: Sandbox) -> None:
    assert command(own_sandbox, "--stop").returncode == 0
    assert own_sandbox.process.wait(10) == 0
    assert not own_sandbox.port_file.exists()
    assert command(own_sandbox, "--stop").returncode == 0  # nothing to stop is no failure


def test_an_interrupt_ends_it_like_a_stop(own_sandbox: Sandbox) -> None:
    own_sandbox.process.send_signal(signal.SIGINT)
    assert own_sandbox.process.wait(30) == 0


def test_reset_forgets_the_state(own_sandbox: Sandbox) -> None:
    path = f"{own_sandbox.workspace_path}/environments/e/versions/1"
    assert own_sandbox.arm("PUT", path, {"properties": {"image": "x"}}).status_code == 201
    token = own_sandbox.addresses["token"]
    assert command(own_sandbox, "--reset").returncode == 0
    own_sandbox.process.wait(10)
    own_sandbox.start()
    assert own_sandbox.addresses["token"] != token
    assert own_sandbox.arm("GET", path).status_code == 404


def test_without_options_it_says_what_to_name(own_sandbox: Sandbox) -> None:
    answer = command(own_sandbox)
    assert answer.returncode == 2
    assert "--port-file" in answer.stderr


def test_a_deployment_without_an_engine_fails_with_the_reason(own_sandbox: Sandbox) -> None:
    environment = f"{own_sandbox.workspace_path}/environments/e/versions/1"
    endpoint = f"{own_sandbox.workspace_path}/onlineEndpoints/none"
    own_sandbox.arm("PUT", environment, {"properties": {"image": "x"}})
    own_sandbox.arm("PUT", endpoint, {"location": "eastus", "properties": {"authMode": "Key"}})
    body = {"properties": {"environmentId": environment, "instanceType": "Standard_DS3_v2"}}
    answer = own_sandbox.arm("PUT", f"{endpoint}/deployments/blue", body)
    assert answer.status_code == 201
    with own_sandbox.session() as session:
        while True:
            status = session.get(answer.headers["Azure-AsyncOperation"]).json()
            if status["status"] != "Updating":
                break
    assert status["status"] == "Failed"
    assert "reaches no Docker engine" in status["error"]["message"]
