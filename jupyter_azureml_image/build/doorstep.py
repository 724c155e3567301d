"""The engine's door: what it says of itself there, or why it does not answer, as a sentence.

Its `/_ping` tells all that a run has to know and costs nothing; to answer `/version` it starts
three programs to hear theirs, and docker-py asks that at every start.
"""

from __future__ import annotations

import getpass
import http.client
import re
import socket
import ssl
import urllib.parse
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import BuilderUnavailable
from .locate import Place

_PATIENCE = 5.0  # seconds for a TCP connection to a remote engine


_ANSWER = 60.0  # seconds for a busy engine to say who it is
_SERVER = re.compile(r"(Docker|Libpod)/([^ +]+)")


@dataclass(frozen=True, slots=True)
class Greeting:
    """What an engine says of itself: the API it speaks, its version, its containers' system."""

    api: str
    version: str
    os: str = "linux"
    podman: bool = False

    @classmethod
    def of_ping(cls, headers: Mapping[str, str]) -> Greeting | None:
        """From the headers of `/_ping`; None where an engine (or what stands before it) leaves
        something out."""
        server = _SERVER.match(headers.get("Server") or "")
        api, system = headers.get("Api-Version"), headers.get("Ostype")
        if not (server and api and system):
            return None
        return cls(api, server[2], system, podman=server[1] == "Libpod")

    @classmethod
    def of_version(cls, about: Mapping[str, Any]) -> Greeting:
        """From the answer of `/version`."""
        components = about.get("Components") or [{}]
        return cls(
            str(about.get("ApiVersion", "")),
            str(about.get("Version", "")).partition("+")[0],
            str(about.get("Os", "linux")),
            podman=components[0].get("Name") == "Podman Engine",
        )


def knock(place: Place) -> Greeting | None:
    """What the engine at `place` says at its door; None where it must be asked otherwise.

    Raises BuilderUnavailable where nothing there takes a connection. Asked of the socket itself,
    because docker-py wraps every cause in the same words. Addresses other than sockets and plain
    TCP (TLS, ssh, named pipes) are left to the first request.
    """
    scheme, _, rest = place.host.partition("://")
    try:
        if scheme == "unix":
            return _greeted(_to_socket(rest))
        if scheme in ("tcp", "http", "https"):
            address = urllib.parse.urlsplit(place.host)
            port = address.port or (2376 if place.certificates else 2375)
            stream = socket.create_connection((address.hostname or "", port), _PATIENCE)
            if scheme != "https" and not place.certificates:
                return _greeted(stream)
            stream.close()
    except (OSError, ValueError) as error:  # ValueError: a port or a name that is none
        raise reason(place, error) from error
    return None


def _to_socket(path: str) -> socket.socket:
    stream = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        stream.settimeout(_PATIENCE)
        stream.connect(path)
    except OSError:
        stream.close()
        raise
    return stream


def _greeted(stream: socket.socket) -> Greeting | None:
    with stream:
        stream.settimeout(_ANSWER)
        asked = http.client.HTTPConnection("localhost")
        asked.sock = stream
        asked.request("GET", "/_ping", headers={"Connection": "close"})
        try:
            answer = asked.getresponse()
        except http.client.HTTPException:  # no engine: the first request of docker-py tells
            return None
        with answer:
            return Greeting.of_ping({name.title(): said for name, said in answer.headers.items()})


def reason(place: Place, error: BaseException) -> BuilderUnavailable:
    """The sentence for what `error` says about the engine at `place`."""
    where = f"{place.host} (from {place.said_by})"
    causes = _inner(error)
    if place.certificates is not None and not place.host.startswith("unix://"):
        unread = next(
            (c for c in causes if isinstance(c, PermissionError | FileNotFoundError)), None
        )
        if unread is not None:
            return _unread(where, unread)
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


def _unread(where: str, error: BaseException) -> BuilderUnavailable:
    return BuilderUnavailable(
        f"The certificates for the Docker Engine at {where} cannot be read: {error}",
        hint="Check DOCKER_CERT_PATH (ca.pem, cert.pem, key.pem), and that you may read them.",
        code="engine-tls",
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
