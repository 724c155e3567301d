"""The calls that the conformance check looks at: the real azure-ai-ml client against a sandbox."""

from __future__ import annotations

import base64
import io
import json
import os
import subprocess
import sys
import tarfile
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests

from tools import base_image
from tools.places import fail

START_SECONDS = 60
ROUTES = {
    "liveness_route": {"port": 5001, "path": "/"},
    "readiness_route": {"port": 5001, "path": "/"},
    "scoring_route": {"port": 5001, "path": "/score"},
}
DOCKERFILE = f"""FROM {base_image.TINY}
COPY file /www/index.html
COPY file /www/score
CMD ["httpd", "-f", "-p", "5001", "-h", "/www"]
"""
ACR_VERSIONS = ("2019-06-01-preview", "2025-03-01-preview")


def run(state: Path, record: Path) -> None:
    """Make the calls of the scenario; the sandbox writes them to ``record``."""
    state.mkdir(parents=True)
    host = base_image.choose_host()
    base_image.provide_tiny(host)
    with _sandbox(state, record, host) as addresses:
        image = _tasks(addresses)
        _workspace(addresses, state, image)
    _product(state.parent / "product", record, host)


@contextmanager
def _sandbox(state: Path, record: Path, host: str) -> Iterator[dict[str, str]]:
    port_file = state / "port.json"
    line = [sys.executable, "-m", "jupyter_azureml_image.sandbox", "--state", str(state)]
    line += ["--port-file", str(port_file), "--record", str(record)]
    process = subprocess.Popen(line, env={**os.environ, "DOCKER_HOST": host})
    before = dict(os.environ)
    try:
        end = time.monotonic() + START_SECONDS
        while not port_file.exists():
            if process.poll() is not None or time.monotonic() > end:
                raise fail("the sandbox did not start")
            time.sleep(0.05)
        addresses: dict[str, str] = json.loads(port_file.read_text())
        for name in ("HTTPS_PROXY", "https_proxy"):
            os.environ[name] = addresses["proxy"]
        for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"):
            os.environ[name] = addresses["ca_file"]
        yield addresses
    finally:
        os.environ.clear()
        os.environ.update(before)
        process.terminate()
        process.wait()


def _product(folder: Path, record: Path, host: str) -> None:
    """Let the product build by both ways and register, in a sandbox of its own."""
    context = folder / "context"
    context.mkdir(parents=True)
    (context / "file").write_text("x")
    (context / "Dockerfile").write_text(DOCKERFILE)
    environment = {
        **os.environ,
        "DOCKER_HOST": host,
        "AZUREML_IMAGE_STATE": str(folder / "state"),
        "AZUREML_IMAGE_WORKSPACE": "sandbox",
        "AZUREML_IMAGE_SANDBOX_RECORD": str(record),
        "XDG_DATA_HOME": str(folder / "data"),
    }
    program = [sys.executable, "-m", "jupyter_azureml_image"]
    try:
        for builder in ("acr", "local"):
            line = ["build", f"conform-{builder}:1", "--context", str(context), "--build", builder]
            subprocess.run([*program, *line, "--no-rehearse"], env=environment, check=True)
    finally:
        stop = ["sandbox", "--stop", "--state", str(folder / "state" / "sandbox")]
        subprocess.run([*program, *stop], env=environment, check=False)


class _Token:
    """The sandbox's token as a credential."""

    def __init__(self, token: str) -> None:
        self._token = token

    def get_token(self, *_: str, **__: object) -> Any:
        """Return the token; it never expires here."""
        from azure.core.credentials import AccessToken

        return AccessToken(self._token, int(time.time()) + 3600)


def _workspace(addresses: dict[str, str], folder: Path, image: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from azure.ai.ml import MLClient
        from azure.ai.ml.entities import BuildContext, Environment, Model
        from azure.core.exceptions import ResourceExistsError, ResourceNotFoundError
    names = (addresses["subscription_id"], addresses["resource_group"], addresses["workspace"])
    credential = _Token(addresses["token"])
    client = MLClient(credential, *names, enable_telemetry=False, show_progress=False)
    client.workspaces.get()
    made = Environment(
        name="env", version="1", image=image, inference_config=ROUTES, tags={"a": "b"}
    )
    environment = client.environments.create_or_update(made)
    for refused, error in (("1", ResourceExistsError), ("9", ResourceNotFoundError)):
        try:
            if refused == "1":
                client.environments.create_or_update(
                    Environment(name="env", version="1", image="x")
                )
            else:
                client.environments.get("env", refused)
        except error:
            continue
    client.environments.get("env", label="latest")
    list(client.environments.list())
    client.environments.archive("env", version="1")
    client.environments.restore("env", version="1")
    context = folder / "context"
    context.mkdir()
    (context / "Dockerfile").write_text("FROM scratch\n")
    (context / "score.py").write_text("def init(): ...\ndef run(data): ...\n")
    build = BuildContext(path=str(context))
    client.environments.create_or_update(Environment(name="ctx", version="1", build=build))
    client.environments.create_or_update(Environment(name="auto", image=image))
    client.models.create_or_update(Model(name="model", version="1", path=str(context)))
    _endpoint(client, environment, context)


def _endpoint(client: Any, environment: Any, code: Path) -> None:
    from azure.ai.ml.entities import (
        CodeConfiguration,
        ManagedOnlineDeployment,
        ManagedOnlineEndpoint,
        Model,
    )

    endpoint = ManagedOnlineEndpoint(name="conform", auth_mode="key")
    client.online_endpoints.begin_create_or_update(endpoint).result()
    deployment = ManagedOnlineDeployment(
        name="blue",
        endpoint_name="conform",
        environment=environment,
        model=Model(name="model", version="2", path=str(code)),
        code_configuration=CodeConfiguration(code=str(code), scoring_script="score.py"),
        instance_type="Standard_DS3_v2",
        instance_count=1,
        environment_variables={"WORKER_COUNT": "1"},
    )
    client.online_deployments.begin_create_or_update(deployment).result()
    client.online_deployments.get_logs("blue", "conform", lines=5)
    endpoint.traffic = {"blue": 100}
    client.online_endpoints.begin_create_or_update(endpoint).result()
    client.online_endpoints.get_keys("conform")
    list(client.online_endpoints.list())
    list(client.online_deployments.list("conform"))
    client.online_endpoints.begin_delete("conform").result()


def _tasks(addresses: dict[str, str]) -> str:
    """Run builds of each kind; return the last good image by digest."""
    image = ""
    subscription = f"/subscriptions/{addresses['subscription_id']}"
    group = f"{subscription}/resourceGroups/{addresses['resource_group']}"
    registry = f"{group}/providers/Microsoft.ContainerRegistry/registries/sandboxregistry"
    with requests.Session() as session:
        session.headers["Authorization"] = f"Bearer {addresses['token']}"

        def call(method: str, path: str, version: str, body: object = None) -> Any:
            url = f"https://management.azure.com{path}?api-version={version}"
            return session.request(method, url, json=body).json()

        call("GET", registry, "2023-07-01")
        call("GET", f"{subscription}/resources", "2024-11-01")
        for version in ACR_VERSIONS:
            upload = call("POST", f"{registry}/listBuildSourceUploadUrl", version)
            _put(session, upload["uploadUrl"])
            for request in _requests(upload["relativePath"]):
                run_id = call("POST", f"{registry}/scheduleRun", version, request)["name"]
                call("POST", f"{registry}/runs/{run_id}/listLogSasUrl", version)
                running = True
                while running:
                    found = call("GET", f"{registry}/runs/{run_id}", version)["properties"]
                    running = found["status"] in ("Queued", "Started", "Running")
                for built in found.get("outputImages", []):
                    image = f"{built['registry']}/{built['repository']}@{built['digest']}"
            call("GET", f"{registry}/runs", version)
    return image


def _requests(source: str) -> Iterator[dict[str, object]]:
    shared = {"sourceLocation": source, "platform": {"os": "Linux", "architecture": "amd64"}}
    yield {
        "type": "DockerBuildRequest",
        "imageNames": ["conform/demo:{{.Run.ID}}"],
        "isPushEnabled": True,
        "dockerFilePath": "Dockerfile",
        "arguments": [{"name": "A", "value": "b", "isSecret": False}],
        **shared,
    }
    task = 'steps:\n  - build: -t $Registry/conform/kit:$ID .\n    env: ["DOCKER_BUILDKIT=1"]\n'
    encoded = base64.b64encode(task.encode()).decode()
    yield {"type": "EncodedTaskRunRequest", "encodedTaskContent": encoded, **shared}
    yield {"type": "DockerBuildRequest", "dockerFilePath": "missing", **shared}


def _put(session: requests.Session, url: str) -> None:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for name, text in (("Dockerfile", DOCKERFILE.encode()), ("file", b"x")):
            entry = tarfile.TarInfo(name)
            entry.size = len(text)
            archive.addfile(entry, io.BytesIO(text))
    headers = {"x-ms-blob-type": "BlockBlob", "Authorization": None}
    session.put(url, data=buffer.getvalue(), headers=headers).raise_for_status()
