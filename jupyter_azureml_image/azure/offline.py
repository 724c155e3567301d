"""Reaching the sandbox: start its process where none answers, and lend this process its
proxy and certificate until the workspace is disconnected.

Nothing of the sandbox is imported; it is a program that writes one JSON file.
"""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path

from ..errors import SandboxError
from .config_file import WorkspaceName

_START_SECONDS = 60.0
_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_AZURE = ("management.azure.com", "login.microsoftonline.com", "x.blob.core.windows.net",
          "x.inference.ml.azure.com", "x.azureml.ms")  # fmt: skip
# azure-ai-ml writes the last one itself.
_LENT = ("HTTPS_PROXY", "https_proxy", "NO_PROXY", "no_proxy", "REQUESTS_CA_BUNDLE",
         "CURL_CA_BUNDLE", "SSL_CERT_FILE", "AZUREML_CURRENT_CLOUD")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Door:
    """What the sandbox says about itself once it answers. `registry` is its login server."""

    proxy: str
    ca_file: str
    token: str
    subscription_id: str
    resource_group: str
    workspace: str
    registry: str

    @property
    def name(self) -> WorkspaceName:
        """The offline workspace."""
        return WorkspaceName(self.subscription_id, self.resource_group, self.workspace, None)


def open_door(port_file: Path) -> Door:
    """The sandbox that answers behind `port_file`, started where none does. Raises
    SandboxError with the end of its log."""
    door = _answering(port_file)
    return door if door is not None else _start(port_file)


def lend(door: Door, environ: dict[str, str] | os._Environ[str] = os.environ) -> Mapping[str, str]:
    """Point this process at the sandbox; gives what `give_back` needs."""
    before = {name: environ[name] for name in _LENT if name in environ}
    direct = [*_LOOPBACK, *_kept_direct(environ.get("no_proxy") or environ.get("NO_PROXY") or "")]
    for name in ("HTTPS_PROXY", "https_proxy"):
        environ[name] = door.proxy
    for name in ("NO_PROXY", "no_proxy"):
        environ[name] = ",".join(dict.fromkeys(direct))
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"):
        environ[name] = door.ca_file
    environ.pop("AZUREML_CURRENT_CLOUD", None)
    return before


def give_back(
    before: Mapping[str, str], environ: dict[str, str] | os._Environ[str] = os.environ
) -> None:
    """Restore what `lend` changed."""
    for name in _LENT:
        if name in before:
            environ[name] = before[name]
        else:
            environ.pop(name, None)


def _kept_direct(no_proxy: str) -> list[str]:
    """The user's exceptions, without those that would lead Azure's names past the sandbox."""
    entries = [entry.strip() for entry in no_proxy.split(",") if entry.strip()]
    return [
        entry
        for entry in entries
        if entry != "*" and not any(host.endswith(entry.lstrip("*.")) for host in _AZURE)
    ]


def _answering(port_file: Path) -> Door | None:
    try:
        said = json.loads(port_file.read_text(encoding="utf-8"))
        door = Door(**{field.name: str(said[field.name]) for field in fields(Door)})
    except (OSError, ValueError, KeyError):
        return None
    return door if _asked(door) else None


def _asked(door: Door) -> bool:
    import requests

    with requests.Session() as session:
        session.trust_env = False
        session.proxies = {"https": door.proxy}
        try:
            answer = session.get(
                f"https://management.azure.com{door.name.path}?api-version=2024-04-01",
                headers={"Authorization": f"Bearer {door.token}"},
                verify=door.ca_file,
                timeout=10,
            )
        except (requests.RequestException, OSError):
            return False
    return bool(answer.status_code == 200)


def _start(port_file: Path) -> Door:
    if importlib.util.find_spec("cryptography") is None:
        raise SandboxError(
            "The sandbox needs the package cryptography, which is not installed.",
            hint='Install it with: pip install "jupyter-azureml-image[sandbox]"',
        )
    port_file.parent.mkdir(parents=True, exist_ok=True)
    log = port_file.with_suffix(".log")
    command = [sys.executable, "-m", "jupyter_azureml_image.sandbox"]
    places = ["--state", str(port_file.parent / "sandbox"), "--port-file", str(port_file)]
    # Its own session: it outlives this kernel, and an interrupt of the cell does not reach it.
    with log.open("wb") as output:
        child = subprocess.Popen(
            [*command, *places],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    # It may outlive this process; until then somebody has to take note of its end.
    threading.Thread(target=child.wait, daemon=True).start()
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        ended = child.poll() is not None
        door = _answering(port_file)
        if door is not None:
            return door
        if ended:
            break
        time.sleep(0.1)
    else:
        child.terminate()
    words, remedy = _last_words(log)
    raise SandboxError(
        f"The sandbox did not start: {words}",
        hint="\n".join([*remedy, f"Its log: {log}"]),
        code="sandbox",
    )


def _last_words(log: Path) -> tuple[str, list[str]]:
    """The last sentence of the log, and the indented lines below it: what to do."""
    lines = [line for line in log.read_text(errors="replace").splitlines() if line.strip()]
    remedy: list[str] = []
    while lines and lines[-1].startswith("  "):
        remedy.insert(0, lines.pop().strip())
    return lines[-1] if lines else f"nothing answered within {_START_SECONDS:.0f} s.", remedy
