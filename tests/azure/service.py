"""A plain HTTP server that answers as it was told, for the moments the sandbox knows nothing of."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


def _bytes(body: Any) -> bytes:
    return (body if isinstance(body, str) else json.dumps(body)).encode()


class Service:
    """A server that answers each call as it was told: the answers of a call in turn, the last
    one for ever. An answer is a status with JSON or text (and headers), or bytes (of one that is
    cut short). Calls are named without their beginning `below`."""

    def __init__(self, below: str = "") -> None:
        service = self
        self.told: dict[str, list[Any]] = {}
        self.asked: list[str] = []
        self.sent: list[bytes] = []

        class Handler(BaseHTTPRequestHandler):
            def _answer(self) -> None:
                call = f"{self.command} {self.path.partition('?')[0].removeprefix(below)}"
                service.asked.append(call)
                service.sent.append(self.rfile.read(int(self.headers.get("Content-Length") or 0)))
                answers = service.told.get(call, [(404, {})])
                answer = answers.pop(0) if len(answers) > 1 else answers[0]
                cut = isinstance(answer, bytes)
                status, body = (200, answer) if cut else (answer[0], _bytes(answer[1]))
                self.send_response(status)
                self.send_header("Content-Length", str(len(body) + (9 if cut else 0)))
                more = answer[2] if not cut and len(answer) > 2 else {}
                for name, value in {"Retry-After": "0.01", **more}.items():
                    self.send_header(name, value)
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(body)
                self.close_connection = cut

            do_GET = do_POST = do_HEAD = _answer  # noqa: N815  # the names that http.server calls

            def log_message(self, *_: Any) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
