"""A registry that asks for a sign-in."""

import json
import os
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request
from contextlib import contextmanager

from tools import debian

USER, PASSWORD = "someone", "secret"
_LINE = "someone:$2b$05$8HNPU1WVz5ZLI7TRax7lAuQWej5pXnxQWuFHPNaS46phL6zAkL4Ai\n"


@contextmanager
def private_registry(folder):
    """Give the address of a registry that only lets USER in."""
    debian.ensure(debian.REGISTRY, "a registry for the tests")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{probe.getsockname()[1]}"
    (folder / "htpasswd").write_text(_LINE)
    settings = {
        "version": 0.1,
        "log": {"level": "error"},
        "storage": {"filesystem": {"rootdirectory": str(folder / "data")}},
        "http": {"addr": address},
        "auth": {"htpasswd": {"realm": "tests", "path": str(folder / "htpasswd")}},
    }
    (folder / "config.yml").write_text(json.dumps(settings))
    process = subprocess.Popen(
        [shutil.which("docker-registry"), "serve", str(folder / "config.yml")],
        env={**os.environ, "OTEL_TRACES_EXPORTER": "none"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _await_refusal(address)
        yield address
    finally:
        process.terminate()
        process.wait()


def _await_refusal(address):
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    deadline = time.monotonic() + 20
    while True:
        try:
            direct.open(f"http://{address}/v2/", timeout=5).close()
        except urllib.error.HTTPError as answer:
            answer.close()
            if answer.code == 401:
                return
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
