"""One sandbox for the session, spoken to by the real clients; others where a test must kill one."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

STATE_LOST_AFTER = 60.0


class Sandbox:
    """A sandbox process and the addresses that it wrote."""

    def __init__(self, state: Path, *options: str, engine: str = "") -> None:
        self.state = state
        self.port_file = state / "port.json"
        self.options = options
        self.environment = {k: v for k, v in os.environ.items() if not k.startswith("DOCKER_")}
        if engine:
            self.environment["DOCKER_HOST"] = engine
        self.start()

    def start(self) -> None:
        self.port_file.unlink(missing_ok=True)
        self.log = self.state / "output"
        command = [
            sys.executable,
            "-m",
            "jupyter_azureml_image.sandbox",
            "--state",
            str(self.state),
        ]
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(
                [*command, "--port-file", str(self.port_file), *self.options],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env=self.environment,
            )
        end = time.monotonic() + STATE_LOST_AFTER
        while not self.port_file.exists():
            if self.process.poll() is not None or time.monotonic() > end:
                pytest.fail(f"the sandbox did not start:\n{self.log.read_text()}", pytrace=False)
            time.sleep(0.02)
        self.addresses = json.loads(self.port_file.read_text())

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(60)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(10)

    @property
    def proxy(self) -> str:
        return str(self.addresses["proxy"])

    @property
    def login_server(self) -> str:
        return str(self.addresses["registry"])

    @property
    def workspace_path(self) -> str:
        a = self.addresses
        return (
            f"/subscriptions/{a['subscription_id']}/resourceGroups/{a['resource_group']}/providers/"
            f"Microsoft.MachineLearningServices/workspaces/{a['workspace']}"
        )

    def session(self, token: str | None = None) -> requests.Session:
        session = requests.Session()
        session.trust_env = False
        session.proxies = {"https": self.proxy, "http": self.proxy}
        session.verify = self.addresses["ca_file"]
        session.headers["Authorization"] = (
            f"Bearer {self.addresses['token'] if token is None else token}"
        )
        return session

    def arm(self, method: str, path: str, body: object = None, **query: str) -> requests.Response:
        query.setdefault("api-version", "2024-04-01")
        with self.session() as session:
            url = f"https://management.azure.com{path}"
            return session.request(method, url, json=body, params=query)

    def set_faults(self, *faults: dict[str, Any]) -> None:
        answer = self.arm("PUT", "/_sandbox/faults", {"faults": list(faults)})
        assert answer.status_code == 200, answer.text

    def requests_seen(self) -> list[dict[str, Any]]:
        seen: list[dict[str, Any]] = self.arm("GET", "/_sandbox/requests").json()["value"]
        return seen

    def ml_client(self) -> Any:
        from azure.ai.ml import MLClient

        a = self.addresses
        return MLClient(
            StaticCredential(a["token"]),
            a["subscription_id"],
            a["resource_group"],
            a["workspace"],
            enable_telemetry=False,
            show_progress=False,
        )


class StaticCredential:
    """A credential that always has the same token."""

    def __init__(self, token: str) -> None:
        self.token = token

    def get_token(self, *scopes: str, **_: object) -> Any:
        from azure.core.credentials import AccessToken

        return AccessToken(self.token, int(time.time()) + 3600)


@pytest.fixture(scope="session")
def shared_sandbox(tmp_path_factory: pytest.TempPathFactory, engine_host: str) -> Iterator[Sandbox]:
    sandbox = Sandbox(tmp_path_factory.mktemp("sandbox"), engine=engine_host)
    yield sandbox
    sandbox.stop()


@pytest.fixture
def sandbox(shared_sandbox: Sandbox) -> Iterator[Sandbox]:
    """The session's sandbox, without faults."""
    yield shared_sandbox
    shared_sandbox.arm("DELETE", "/_sandbox/faults")


@pytest.fixture
def own_sandbox(tmp_path: Path) -> Iterator[Sandbox]:
    """A sandbox of the test's own, with no engine to reach."""
    sandbox = Sandbox(tmp_path, engine=f"unix://{tmp_path}/no-engine.sock")
    yield sandbox
    if sandbox.process.poll() is None:
        sandbox.stop()


@pytest.fixture
def through(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Lead this process's HTTPS through a sandbox."""

    def lead(sandbox: Sandbox) -> Sandbox:
        for name in ("HTTPS_PROXY", "https_proxy"):
            monkeypatch.setenv(name, sandbox.proxy)
        for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"):
            monkeypatch.setenv(name, sandbox.addresses["ca_file"])
        for name in ("NO_PROXY", "no_proxy"):
            monkeypatch.setenv(name, "127.0.0.1,localhost")
        monkeypatch.delenv("AZUREML_CURRENT_CLOUD", raising=False)
        return sandbox

    return lead
