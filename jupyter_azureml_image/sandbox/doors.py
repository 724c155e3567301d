"""The HTTP server side of a connection: reads a request, asks an application, writes its answer."""

from __future__ import annotations

import socket
import sys
import traceback
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from .web import Body, HangUp, Request, Response

Application = Callable[[Request], Response]


class Door(BaseHTTPRequestHandler):
    """One connection to one application; subclasses name the application and the host it stands
    for."""

    protocol_version = "HTTP/1.1"
    server_version = "azureml-image-sandbox"
    sys_version = ""
    application: Application
    host = ""
    # Small answers must not wait for a delayed acknowledgement.
    disable_nagle_algorithm = True
    wbufsize = 1 << 16
    timeout = 300

    def answer(self) -> None:
        """Answer one request, whatever happens inside."""
        try:
            request = self._read()
        except ValueError as broken:
            self.send_error(400, "Bad Request", str(broken))
            return
        try:
            response = type(self).application(request)
            self._write(response)
            for _ in (
                request.body.pieces()
            ):  # what the application left unread, so that the next request is found
                pass
        except (HangUp, ConnectionError, TimeoutError):
            self._hang_up()

    do_GET = do_HEAD = do_PUT = do_POST = do_PATCH = do_DELETE = do_OPTIONS = answer  # noqa: N815 - the base's names

    def handle_expect_100(self) -> bool:
        """Tell the client to go on, now: it may send nothing until it is told."""
        told = super().handle_expect_100()
        self.wfile.flush()
        return told

    def _read(self) -> Request:
        parts = urlsplit(self.path)
        return Request(
            method=self.command,
            host=self.host or str(self.headers.get("Host") or "").lower(),
            path=unquote(parts.path),
            query=dict(reversed(parse_qsl(parts.query, keep_blank_values=True))),
            headers=self.headers,
            body=Body(self.rfile, self.headers),  # type: ignore[arg-type]  # a buffered reader
            raw_query=parts.query,
        )

    def _write(self, response: Response) -> None:
        self.send_response(response.status)
        for name, value in response.headers.items():
            self.send_header(name, value)
        sized = any(name.lower() == "content-length" for name in response.headers)
        silent = self.command == "HEAD" or response.status in (204, 304)
        if isinstance(response.body, bytes):
            if not sized and response.status != 204:
                self.send_header("Content-Length", str(len(response.body)))
            self.end_headers()
            if not silent:
                self.wfile.write(response.body)
        else:
            if not sized:
                self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            if not silent:
                self._write_pieces(response.body, chunked=not sized)
        self.wfile.flush()

    def _write_pieces(self, pieces: Iterator[bytes], *, chunked: bool) -> None:
        for piece in pieces:
            if chunked and piece:
                self.wfile.write(b"%x\r\n%b\r\n" % (len(piece), piece))
            else:
                self.wfile.write(piece)
            self.wfile.flush()
        if chunked:
            self.wfile.write(b"0\r\n\r\n")

    def _hang_up(self) -> None:
        self.close_connection = True
        try:
            self.wfile.flush()
            self.connection.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass  # the peer was faster

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base's name
        """Say nothing: the sandbox keeps its own request log."""


def guarded(application: Application, on_fault: Callable[[], Response]) -> Application:
    """Let a fault of our own become an answer, with its traceback on standard error."""

    def answer(request: Request) -> Response:
        try:
            return application(request)
        except HangUp:
            raise
        except Exception:  # a server must answer and go on, whatever broke behind this one request
            traceback.print_exc(file=sys.stderr)
            return on_fault()

    return answer


class LoopbackServer(ThreadingHTTPServer):
    """A threading server that only ever listens on 127.0.0.1."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, port: int, handler: type[BaseHTTPRequestHandler]) -> None:
        super().__init__(("127.0.0.1", port), handler)

    @property
    def port(self) -> int:
        """The port it listens on."""
        return int(self.server_address[1])

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Stay silent about peers that went away; print anything else."""
        if not isinstance(sys.exc_info()[1], (OSError, HangUp)):
            super().handle_error(request, client_address)


def loopback_server(preferred: int, handler: type[BaseHTTPRequestHandler]) -> LoopbackServer:
    """Listen on the preferred port, or on a free one where it is taken or 0."""
    try:
        return LoopbackServer(preferred, handler)
    except OSError:
        return LoopbackServer(0, handler)
