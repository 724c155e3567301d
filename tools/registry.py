"""A real container registry on a loopback port, for as long as a ``with`` block lasts."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tools import debian, engine
from tools.places import fail

_PATIENCE = 20.0


@contextmanager
def registry() -> Iterator[str]:
    """Run a registry and give its address, ``127.0.0.1:PORT``.

    It is Debian's ``docker-registry`` where that can be had, else the ``registry`` image.
    """
    if debian.missing(debian.REGISTRY) and not (debian.is_debian() and os.geteuid() == 0):
        with _in_the_engine() as address:
            yield address
        return
    debian.ensure(debian.REGISTRY, "a registry for the tests")
    with _as_a_process(shutil.which("docker-registry") or "docker-registry") as address:
        yield address


@contextmanager
def _in_the_engine() -> Iterator[str]:
    import docker

    address = f"127.0.0.1:{_free_port()}"
    client = docker.DockerClient(base_url=engine.usable())
    box = client.containers.run(
        "registry:2",
        detach=True,
        ports={"5000/tcp": tuple(address.split(":"))},
        labels={"azureml-image.test": "registry"},
    )
    try:
        _wait(address, lambda: None, lambda: box.logs().decode())
        yield address
    finally:
        box.remove(force=True, v=True)
        client.close()


@contextmanager
def _as_a_process(program: str) -> Iterator[str]:
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        address = f"127.0.0.1:{_free_port()}"
        # The configuration is YAML, and JSON is YAML.
        settings = folder / "config.yml"
        settings.write_text(json.dumps(_settings(folder, address)))
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen(
                [program, "serve", str(settings)],
                env={**os.environ, "OTEL_TRACES_EXPORTER": "none"},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        try:
            _wait(address, process.poll, lambda: (folder / "log").read_text(errors="replace"))
            yield address
        finally:
            process.terminate()
            process.wait()


def _settings(folder: Path, address: str) -> dict[str, object]:
    storage = {"filesystem": {"rootdirectory": str(folder / "data")}, "delete": {"enabled": True}}
    return {
        "version": 0.1,
        "log": {"level": "error"},
        "storage": storage,
        "http": {"addr": address},
    }


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait(address: str, ended: Callable[[], int | None], words: Callable[[], str]) -> None:
    deadline = time.monotonic() + _PATIENCE
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    while True:
        try:
            with direct.open(f"http://{address}/v2/", timeout=5):
                return
        except (urllib.error.URLError, OSError):
            if ended() is not None or time.monotonic() > deadline:
                raise fail(f"the registry did not start:\n{words()[-1000:]}") from None
            time.sleep(0.05)
