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
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tools import debian
from tools.places import fail

_PATIENCE = 20.0


@contextmanager
def registry() -> Iterator[str]:
    """Run Debian's ``docker-registry`` and give its address, ``127.0.0.1:PORT``."""
    debian.ensure(debian.REGISTRY, "a registry for the tests")
    program = shutil.which("docker-registry")
    if program is None:
        raise fail("'docker-registry' is not on the PATH although its package is installed.")
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
            _wait(process, address, folder / "log")
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


def _wait(process: subprocess.Popen[bytes], address: str, log: Path) -> None:
    deadline = time.monotonic() + _PATIENCE
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    while True:
        try:
            with direct.open(f"http://{address}/v2/", timeout=5):
                return
        except (urllib.error.URLError, OSError):
            if process.poll() is not None or time.monotonic() > deadline:
                words = log.read_text(errors="replace")[-1000:]
                raise fail(f"the registry did not start:\n{words}") from None
            time.sleep(0.05)
