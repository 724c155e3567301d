"""The real OCI registry behind the front: Debian's `docker-registry`, else the `registry` image in
the engine."""

from __future__ import annotations

import ctypes
import http.client
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from .engine import LABEL, Engine
from .failure import SandboxError

START_SECONDS = 60
IMAGE = "registry:2"


class RegistryStore(Protocol):
    """A running registry that only the sandbox can reach."""

    prefix: str

    def connect(self) -> http.client.HTTPConnection:
        """Return a fresh connection to it."""
        ...

    def stop(self) -> None:
        """End it; what was pushed stays on disk."""
        ...


def start_registry_store(folder: Path, engine: Engine, sandbox: str) -> RegistryStore:
    """Start the registry with its storage in `folder`. Raises `SandboxError` where there is
    none."""
    program = shutil.which("docker-registry")
    folder.mkdir(parents=True, exist_ok=True)
    if program:
        return _Process(program, folder)
    return _Container(folder, engine, sandbox)


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: str) -> None:
        super().__init__("localhost", timeout=600)
        self._path = path

    def connect(self) -> None:
        """Connect to the socket file."""
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


class _Process:
    """Debian's registry on a socket file in a folder that only this user can enter."""

    prefix = ""

    def __init__(self, program: str, folder: Path) -> None:
        self._home = Path(tempfile.mkdtemp(prefix="azml-registry-"))
        self._socket = str(self._home / "s")
        config = self._home / "config.yml"
        config.write_text(_config(str(folder), "unix", self._socket, ""))
        environment = {k: v for k, v in os.environ.items() if not k.startswith("REGISTRY_")}
        self._log = (self._home / "log").open("wb")
        self._process = subprocess.Popen(
            [program, "serve", str(config)],
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=self._log,
            env={**environment, "OTEL_TRACES_EXPORTER": "none"},
            preexec_fn=_dying_with_parent(),  # noqa: PLW1509 - one prctl call, loaded beforehand
        )
        if not _answers(self):
            tail = (self._home / "log").read_text(errors="replace")[-600:]
            self.stop()
            raise SandboxError(f"docker-registry did not start: {tail}")

    def connect(self) -> http.client.HTTPConnection:
        """Return a fresh connection over the socket file."""
        return _UnixConnection(self._socket)

    def stop(self) -> None:
        """End the process and remove its folder."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(10)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        self._log.close()
        shutil.rmtree(self._home, ignore_errors=True)


class _Container:
    """The `registry` image in the engine, on a loopback port and under a secret path."""

    def __init__(self, folder: Path, engine: Engine, sandbox: str) -> None:
        self.prefix = f"/{secrets.token_hex(16)}"
        self._engine = engine
        self._name = f"azureml-sandbox-{sandbox}-registry"
        engine.remove(self._name)
        try:
            engine.need_image(IMAGE)
        except SandboxError as missing:
            raise SandboxError(
                "The sandbox needs a registry: there is neither docker-registry nor registry:2.",
                hint="apt-get install docker-registry, or: docker pull registry:2",
            ) from missing
        self._port = engine.run_registry(IMAGE, self._name, folder, {LABEL: sandbox}, self.prefix)
        if not _answers(self):
            self.stop()
            raise SandboxError(
                "The registry container did not start.", hint="docker logs tells why"
            )

    def connect(self) -> http.client.HTTPConnection:
        """Return a fresh connection over the loopback port."""
        return http.client.HTTPConnection("127.0.0.1", self._port, timeout=600)

    def stop(self) -> None:
        """Remove the container; its storage is a folder of ours."""
        self._engine.remove(self._name)


def _answers(registry: RegistryStore) -> bool:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end:
        connection = registry.connect()
        try:
            connection.request("GET", f"{registry.prefix}/v2/")
            if connection.getresponse().status == 200:
                return True
        except (OSError, http.client.HTTPException):
            time.sleep(0.05)
        finally:
            connection.close()
    return False


def _config(folder: str, network: str, address: str, prefix: str) -> str:
    return f"""version: 0.1
log: {{level: warn, accesslog: {{disabled: true}}}}
storage:
  filesystem: {{rootdirectory: {folder!r}}}
  delete: {{enabled: true}}
  maintenance: {{uploadpurging: {{enabled: false}}}}
http:
  net: {network}
  addr: {address!r}
  prefix: {prefix or "/"!r}
  secret: {secrets.token_hex(16)}
  relativeurls: true
"""


def _dying_with_parent() -> Callable[[], None] | None:
    """Ask Linux to end the child when the sandbox is killed, so that kill -9 leaves no registry
    behind."""
    if not sys.platform.startswith("linux"):
        return None
    prctl = ctypes.CDLL(None).prctl
    return lambda: prctl(1, signal.SIGTERM)
