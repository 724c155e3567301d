"""A sandbox process as the tests start it, and the clients that speak to it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import warnings
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

    @property
    def registry_path(self) -> str:
        group = self.workspace_path.split("/providers/")[0]
        return f"{group}/providers/Microsoft.ContainerRegistry/registries/sandboxregistry"

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

    def push(self, engine: Any, tag: str) -> str:
        """Push an image as a client does; return its reference by digest."""
        form = {
            "grant_type": "access_token",
            "service": self.login_server,
            "access_token": self.addresses["token"],
        }
        answer = requests.post(f"http://{self.login_server}/oauth2/exchange", data=form)
        nobody = "00000000-0000-0000-0000-000000000000"
        auth = {"username": nobody, "password": answer.json()["refresh_token"]}
        digest = ""
        for event in engine.api.push(tag, auth_config=auth, stream=True, decode=True):
            assert "error" not in event, event
            digest = event.get("aux", {}).get("Digest", digest)
        return f"{tag.rpartition(':')[0]}@{digest}"

    def ml_client(self) -> Any:
        # azure-ai-ml uses marshmallow in ways that marshmallow 3 warns about: not ours to fix
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
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


def image_names(engine: Any) -> list[str]:
    """Tags and digests of all images; one listing, as others work in the same engine."""
    listed = engine.api.images()
    return [n for i in listed for n in [*(i["RepoTags"] or []), *(i["RepoDigests"] or [])]]


class StaticCredential:
    """A credential that always has the same token."""

    def __init__(self, token: str) -> None:
        self.token = token

    def get_token(self, *scopes: str, **_: object) -> Any:
        from azure.core.credentials import AccessToken

        return AccessToken(self.token, int(time.time()) + 3600)
