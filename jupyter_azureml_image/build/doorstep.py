"""Why an engine does not answer, as a sentence with its remedy."""

from __future__ import annotations

import getpass
import socket
import ssl
import urllib.parse
from pathlib import Path

from ..errors import BuilderUnavailable
from .locate import Place

_PATIENCE = 5.0  # seconds for a TCP connection to a remote engine


def knock(place: Place) -> None:
    """Raise BuilderUnavailable where nothing at `place` takes a connection.

    Asked of the socket itself, because docker-py wraps every cause in the same words.
    Addresses other than sockets and TCP (ssh, named pipes) are left to the first request.
    """
    scheme, _, rest = place.host.partition("://")
    try:
        if scheme == "unix":
            _knock_on_socket(rest)
        elif scheme in ("tcp", "http", "https"):
            address = urllib.parse.urlsplit(place.host)
            port = address.port or (2376 if place.certificates else 2375)
            socket.create_connection((address.hostname or "", port), _PATIENCE).close()
    except OSError as error:
        raise reason(place, error) from error


def _knock_on_socket(path: str) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as stream:
        stream.settimeout(_PATIENCE)
        stream.connect(path)


def reason(place: Place, error: BaseException) -> BuilderUnavailable:
    """The sentence for what `error` says about the engine at `place`."""
    where = f"{place.host} (from {place.said_by})"
    causes = _inner(error)
    if any(isinstance(cause, PermissionError) for cause in causes):
        return _refused(place)
    if any(isinstance(cause, ssl.SSLError) for cause in causes):
        return BuilderUnavailable(
            f"The Docker Engine at {where} did not accept the TLS connection: {error}",
            hint="Check DOCKER_CERT_PATH (ca.pem, cert.pem, key.pem) and DOCKER_TLS_VERIFY.",
            code="engine-tls",
        )
    if any(isinstance(cause, FileNotFoundError) for cause in causes):
        return BuilderUnavailable(
            f"There is no Docker Engine here: {where} does not exist.",
            hint="Install and start Docker, point DOCKER_HOST at an engine, or build in the "
            "cloud with --build acr.",
            code="engine-missing",
        )
    if any(isinstance(cause, ConnectionRefusedError) for cause in causes):
        return BuilderUnavailable(
            f"The Docker Engine is stopped: nothing answers at {where}.",
            hint="Start it ('sudo systemctl start docker', or Docker Desktop) and run this again.",
            code="engine-stopped",
        )
    return BuilderUnavailable(
        f"The Docker Engine at {where} cannot be reached: {error}",
        hint="Check the address, or unset DOCKER_HOST to use the engine of this machine.",
        code="engine-unreachable",
    )


def _refused(place: Place) -> BuilderUnavailable:
    path = place.host.partition("://")[2]
    try:
        group = Path(path).group()
    except (OSError, KeyError, NotImplementedError):
        group = "docker"
    user = _user()
    remedy = f"sudo usermod -aG {group} {user}" if group != "root" else "sudo chgrp docker " + path
    return BuilderUnavailable(
        f"A Docker Engine is there, but {user} may not use it: permission denied at {path}.",
        hint=f"Add yourself to its group: '{remedy}', then sign in again and restart the "
        "Jupyter server.",
        code="engine-refused",
    )


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a uid without a name, as in some containers
        return "this user"


def _inner(error: BaseException) -> list[BaseException]:
    """Every exception inside `error`: causes, contexts, and those passed as arguments."""
    found: dict[int, BaseException] = {}
    waiting: list[object] = [error]
    while waiting:
        item = waiting.pop()
        if isinstance(item, (tuple, list)):
            waiting.extend(item)
        elif isinstance(item, BaseException) and id(item) not in found:
            found[id(item)] = item
            waiting.extend((item.__cause__, item.__context__, item.args))
    return list(found.values())
