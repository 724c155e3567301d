"""A Jupyter server with a home of its own, for the browser tests and the benchmarks."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from jupyter_azureml_image.labextension import install

STARTS_IN = 180
"""Seconds a server may take to answer: a busy machine is no failure."""


@contextmanager
def serving(
    python: Path, home: Path, folder: Path, environment: Mapping[str, str]
) -> Iterator[str]:
    """The URL of a JupyterLab of `python` that serves `folder`; stopped at the end.

    Raises RuntimeError with the server's own words where it does not start.
    """
    port = _free_port()
    words = [str(python), "-m", "jupyter", "lab", *_options(folder, port)]
    log = home / "server.log"
    with log.open("w") as said:
        child = subprocess.Popen(
            words,
            env={**_prepared(home), **environment},
            stdout=said,
            stderr=said,
            start_new_session=True,
        )
    url = f"http://127.0.0.1:{port}"
    try:
        _wait_for(url, child, log)
        yield url
    finally:
        _stop(child)


def _stop(child: subprocess.Popen[bytes]) -> None:
    """End the server and its kernels, by force where asking does not help."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError):
            os.killpg(child.pid, number)
        with suppress(subprocess.TimeoutExpired):
            child.wait(30)
            return


def _prepared(home: Path) -> dict[str, str]:
    """The environment of a server that knows nothing of its user, with our labextension."""
    config = home / "config"
    (config / "labconfig").mkdir(parents=True, exist_ok=True)
    (config / "labconfig" / "page_config.json").write_text('{"exposeAppInBrowser": "true"}')
    news = config / "lab" / "user-settings" / "@jupyterlab" / "apputils-extension"
    news.mkdir(parents=True, exist_ok=True)
    quiet = {"fetchNews": "false", "checkForUpdates": False, "doNotDisturbMode": True}
    (news / "notification.jupyterlab-settings").write_text(json.dumps(quiet))
    install.do("install", to=str(home / "data" / "labextensions"))
    own = {
        "HOME": home,
        "JUPYTER_CONFIG_DIR": config,
        "JUPYTER_DATA_DIR": home / "data",
        "JUPYTER_RUNTIME_DIR": home / "runtime",
        "IPYTHONDIR": home / "ipython",
        # Else the files that were there when the package was installed go before these.
        "JUPYTER_PREFER_ENV_PATH": 0,
    }
    kept = {k: v for k, v in os.environ.items() if k not in ("JPY_SESSION_NAME", "PYTHONPATH")}
    return kept | {key: str(value) for key, value in own.items()}


def _options(folder: Path, port: int) -> list[str]:
    return [
        "--no-browser",
        "--allow-root",
        "--ip=127.0.0.1",
        f"--port={port}",
        "--ServerApp.port_retries=0",
        f"--ServerApp.root_dir={folder}",
        "--IdentityProvider.token=",
        "--ServerApp.password=",
        "--ServerApp.disable_check_xsrf=True",
        "--LabApp.news_url=None",
        "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
        "--LabServerApp.extension_manager=readonly",
    ]


def _free_port() -> int:
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        return int(door.getsockname()[1])


def _wait_for(url: str, child: subprocess.Popen[bytes], log: Path) -> None:
    """Until the server answers."""
    deadline = time.monotonic() + STARTS_IN
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    while time.monotonic() < deadline and child.poll() is None:
        try:
            opener.open(f"{url}/api", timeout=2).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise RuntimeError(f"The Jupyter server did not start:\n{log.read_text()[-2000:]}")
