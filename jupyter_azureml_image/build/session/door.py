"""`POST /session`: a connection to the engine, turned round so that the engine asks."""

from __future__ import annotations

import contextlib
import http.client
import io
import socket
import urllib.parse
from collections.abc import Iterable
from typing import cast

from ..engine import Engine

_PATIENCE = 60.0  # seconds for the engine's answer
_FIELD = "X-Docker-Expose-Session-"


def ask(engine: Engine, identity: str, key: str, methods: Iterable[str]) -> socket.socket | None:
    """A connection on which the engine calls `methods`; None where it refuses, or where the
    way to it is one that only docker-py goes (TLS, ssh, named pipes).

    `identity` names the session; `key` stands for the folder, so that what the engine kept of
    it is found again by the next build.
    """
    stream = _connected(engine)
    if stream is None:
        return None
    fields = [("Uuid", identity), ("Name", "azureml-image"), ("Sharedkey", key)]
    fields += [("Grpc-Method", method) for method in methods]
    request = http.client.HTTPConnection("localhost")
    request.sock = stream
    try:
        request.putrequest("POST", f"/v{engine.client.api_version}/session")
        request.putheader("Connection", "Upgrade")
        request.putheader("Upgrade", "h2c")
        request.putheader("Content-Length", "0")
        for name, value in fields:
            request.putheader(f"{_FIELD}{name}", value)
        request.endheaders()
        if _status(stream) == http.HTTPStatus.SWITCHING_PROTOCOLS:
            stream.settimeout(None)
            return stream
    except (OSError, http.client.HTTPException):
        pass  # the archive goes, or its request tells why nothing does
    stream.close()
    return None


def _connected(engine: Engine) -> socket.socket | None:
    place = engine.place
    scheme, _, path = place.host.partition("://")
    with contextlib.suppress(OSError):
        if scheme == "unix":
            stream = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            stream.settimeout(_PATIENCE)
            try:
                stream.connect(path)
            except OSError:
                stream.close()
                raise
            return stream
        if scheme in ("tcp", "http") and not place.certificates:
            address = urllib.parse.urlsplit(place.host)
            where = (address.hostname or "", address.port or 2375)
            return socket.create_connection(where, _PATIENCE)
    return None


def _status(stream: socket.socket) -> int:
    """The status of the answer, of which not a byte too much is read: gRPC follows it."""
    answer = http.client.HTTPResponse(cast(socket.socket, _Unbuffered(stream)))
    with contextlib.closing(answer):
        answer.begin()
        return answer.status


class _Unbuffered:
    """A socket as `http.client` asks for it, whose file does not read ahead."""

    def __init__(self, stream: socket.socket) -> None:
        self._stream = stream

    def makefile(self, _mode: str) -> io.RawIOBase:
        """The socket's bytes, one read at a time."""
        return self._stream.makefile("rb", buffering=0)
