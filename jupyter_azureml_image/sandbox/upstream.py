"""The way out: straight, or through the proxy that the user's environment names."""

from __future__ import annotations

import base64
import os
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import SplitResult, unquote, urlsplit
from urllib.request import proxy_bypass

DIAL_SECONDS = 30


@dataclass(frozen=True, slots=True)
class Upstream:
    """The user's own proxies by scheme, as their environment had them when the sandbox was
    started."""

    https: str = ""
    http: str = ""

    @classmethod
    def from_environment(cls) -> Upstream:
        """Read HTTPS_PROXY and HTTP_PROXY (either case); NO_PROXY is asked at each call."""

        def named(scheme: str) -> str:
            return (
                os.environ.get(f"{scheme}_proxy") or os.environ.get(f"{scheme.upper()}_PROXY") or ""
            )

        return cls(https=named("https"), http=named("http"))

    def without(self, port: int) -> Upstream:
        """Leave out a proxy that is this very sandbox, so that it never calls itself."""

        def ours(url: str) -> bool:
            parts = _split(url)
            return parts.hostname in ("127.0.0.1", "localhost") and parts.port == port

        return Upstream(
            https="" if self.https and ours(self.https) else self.https,
            http="" if self.http and ours(self.http) else self.http,
        )

    @contextmanager
    def tunnel(self, host: str, port: int) -> Iterator[socket.socket]:
        """Connect to host:port. Raises `OSError`."""
        if not self.https or proxy_bypass(host):
            with socket.create_connection((host, port), DIAL_SECONDS) as outside:
                outside.settimeout(None)
                yield outside
            return
        with _dial(self.https) as outside:
            lines = [f"CONNECT {host}:{port} HTTP/1.1", f"Host: {host}:{port}"]
            lines += [f"{name}: {value}" for name, value in _credentials(self.https).items()]
            outside.sendall("\r\n".join([*lines, "", ""]).encode())
            status = _read_head(outside).split(b" ", 2)[1:2]
            if status != [b"200"]:
                raise OSError(
                    f"the upstream proxy answered {b' '.join(status).decode() or 'nothing'}"
                )
            outside.settimeout(None)
            yield outside

    @contextmanager
    def plain(self, host: str, port: int) -> Iterator[tuple[socket.socket, bool, dict[str, str]]]:
        """Connect for a plain-http request: socket, whether it goes to a proxy, headers to add."""
        if not self.http or proxy_bypass(host):
            with socket.create_connection((host, port), DIAL_SECONDS) as outside:
                outside.settimeout(None)
                yield outside, False, {}
            return
        with _dial(self.http) as outside:
            outside.settimeout(None)
            yield outside, True, _credentials(self.http)


def _split(url: str) -> SplitResult:
    return urlsplit(url if "://" in url else f"http://{url}")


def _dial(url: str) -> socket.socket:
    parts = _split(url)
    host, port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
    outside = socket.create_connection((host, port), DIAL_SECONDS)
    if parts.scheme == "https":
        return ssl.create_default_context().wrap_socket(outside, server_hostname=host)
    return outside


def _credentials(url: str) -> dict[str, str]:
    parts = _split(url)
    if not parts.username:
        return {}
    pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
    return {"Proxy-Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}


def _read_head(outside: socket.socket) -> bytes:
    head = b""
    # Byte by byte: what follows the blank line already belongs to the tunnel.
    while not head.endswith(b"\r\n\r\n"):
        piece = outside.recv(1)
        if not piece or len(head) > PIECE_OF_HEAD:
            raise OSError("the upstream proxy closed the connection")
        head += piece
    return head


PIECE_OF_HEAD = 1 << 16
