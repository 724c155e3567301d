"""The CONNECT proxy: Azure's hosts are answered here over TLS, every other host passes through."""

from __future__ import annotations

import base64
import hmac
import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import urlsplit

from .certificates import Authority
from .doors import Application, Door
from .names import is_azure_host
from .tunnel import carry
from .upstream import Upstream
from .web import Body, HangUp

DIAL_SECONDS = 30


@dataclass(frozen=True, slots=True)
class Gate:
    """What the proxy needs to know: its token, the sandbox behind it, and the way out."""

    token: str
    application: Application
    registry: Application
    login_server: str
    authority: Authority
    upstream: Upstream
    refuses: Callable[[str], bool]
    blocked: Callable[[str], bool]
    note: Callable[[str, str, str], None]


def proxy_handler(gate: Gate) -> type[BaseHTTPRequestHandler]:
    """Make the connection handler of a proxy."""
    return type("ProxyConnection", (_ProxyConnection,), {"gate": gate})


class _ProxyConnection(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "azureml-image-sandbox-proxy"
    sys_version = ""
    gate: Gate
    timeout = 300

    def do_CONNECT(self) -> None:
        """Open a tunnel: to the sandbox for Azure's hosts, outwards for others."""
        host, _, port = self.path.rpartition(":")
        host = host.strip("[]").lower()
        self.close_connection = True
        if not self._authorised():
            return
        if port and not port.isdecimal():
            self.send_error(400, "The port is no number")
        elif self.gate.blocked(host):
            self.send_error(403, "The sandbox was told to block this host")
        elif is_azure_host(host):
            self._answer_here(host, self.gate.application)
        elif f"{host}:{port}" == self.gate.login_server:
            # clients that believe every registry speaks TLS: the port itself speaks plain http
            self._answer_here(host, self.gate.registry)
        elif self._may_leave(host, "CONNECT"):
            self._pass_through(host, int(port or 443))

    def forward(self) -> None:
        """Forward a plain-http request, which names its whole URL."""
        self.close_connection = True
        parts = urlsplit(self.path)
        host = (parts.hostname or "").lower()
        if not self._authorised():
            return
        if not host or parts.scheme != "http":
            self.send_error(400, "This is a proxy; name the whole URL")
        elif self._may_leave(host, self.command):
            self._forward_plain(host, parts.port or 80)

    do_GET = do_HEAD = do_PUT = do_POST = do_PATCH = do_DELETE = do_OPTIONS = forward  # noqa: N815 - the base's names

    def _authorised(self) -> bool:
        scheme, _, given = str(self.headers.get("Proxy-Authorization") or "").partition(" ")
        try:
            password = base64.b64decode(given).decode().partition(":")[2]
        except ValueError:
            password = ""
        if scheme.lower() == "basic" and hmac.compare_digest(
            password.encode(), self.gate.token.encode()
        ):
            return True
        self.send_response(407, "Proxy Authentication Required")
        self.send_header("Proxy-Authenticate", 'Basic realm="azureml-image sandbox"')
        self.send_header("Content-Length", "0")
        self.send_header("Connection", "close")
        self.end_headers()
        return False

    def _may_leave(self, host: str, method: str) -> bool:
        refused = self.gate.refuses(host)
        self.gate.note(method, host, "refused" if refused else "passed")
        if refused:
            self.send_error(403, "The sandbox was told to refuse every host that is not Azure's")
        return not refused

    def _answer_here(self, host: str, application: Application) -> None:
        self.send_response_only(200, "Connection established")
        self.end_headers()
        door = type("AzureDoor", (Door,), {"host": host, "application": staticmethod(application)})
        try:
            # The handshake is given a time limit of its own, so that a silent peer holds no thread
            # for ever.
            self.connection.settimeout(DIAL_SECONDS)
            context = self.gate.authority.context_for(host)
            with context.wrap_socket(self.connection, server_side=True) as secured:
                door(secured, self.client_address, self.server)
        except (ssl.SSLError, OSError):
            return  # the peer does not trust us, or went away: nothing was asked of us

    def _pass_through(self, host: str, port: int) -> None:
        try:
            with self.gate.upstream.tunnel(host, port) as outside:
                self.send_response_only(200, "Connection established")
                self.end_headers()
                self.connection.settimeout(None)
                carry(self.connection, outside)
        except OSError as broken:
            self.send_error(502, f"Could not reach {host}", str(broken))

    def _forward_plain(self, host: str, port: int) -> None:
        parts = urlsplit(self.path)
        try:
            with self.gate.upstream.plain(host, port) as (outside, via_proxy, extra):
                target = (
                    self.path
                    if via_proxy
                    else (parts._replace(scheme="", netloc="").geturl() or "/")
                )
                outside.sendall(self._head(target, extra))
                self.connection.settimeout(None)
                self._carry_body(outside)
        except HangUp:
            return  # the client went away in the middle of its body
        except (OSError, ValueError) as broken:
            self.send_error(502, f"Could not reach {host}", str(broken))

    def _head(self, target: str, extra: dict[str, str]) -> bytes:
        dropped = {"proxy-authorization", "proxy-connection", "connection", "keep-alive"}
        kept = [
            (name, value) for name, value in self.headers.items() if name.lower() not in dropped
        ]
        lines = [f"{self.command} {target} HTTP/1.1"]
        lines += [
            f"{name}: {value}" for name, value in [*kept, *extra.items(), ("Connection", "close")]
        ]
        return "\r\n".join([*lines, "", ""]).encode("latin-1")

    def _carry_body(self, outside: socket.socket) -> None:
        chunked = "Transfer-Encoding" in self.headers
        for piece in Body(self.rfile, self.headers).pieces():  # type: ignore[arg-type]  # a buffered reader
            outside.sendall(b"%x\r\n%b\r\n" % (len(piece), piece) if chunked else piece)
        if chunked:
            outside.sendall(b"0\r\n\r\n")
        while piece := outside.recv(1 << 16):
            self.connection.sendall(piece)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base's name
        """Say nothing: the sandbox keeps its own request log."""
