"""A local blob endpoint on a line of one gigabit: takes blobs and blocks, keeps nothing.

`python -m benchmarks.blob_endpoint` prints its port, serves until its input closes. All
connections share the line, as they would share a network card.
"""

from __future__ import annotations

import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

BYTES_PER_SECOND = 125_000_000
_PIECE = 256 * 1024


class Line:
    """What one gigabit carries: whoever sends waits until its bytes have passed."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._free_at = 0.0

    def carry(self, size: int) -> None:
        """Return when so many bytes have passed."""
        with self._lock:
            start = max(self._free_at, time.monotonic())
            self._free_at = start + size / BYTES_PER_SECOND
            wait = self._free_at - time.monotonic()
        if wait > 0:
            time.sleep(wait)


class Blobs(BaseHTTPRequestHandler):
    """PUT of a blob, a block or a list of blocks."""

    protocol_version = "HTTP/1.1"
    line = Line()

    def do_PUT(self) -> None:
        left = int(self.headers.get("Content-Length") or 0)
        while left > 0:
            got = len(self.rfile.read(min(left, _PIECE)))
            if not got:
                return
            self.line.carry(got)
            left -= got
        self.send_response(201)
        for name in ("ETag", "x-ms-request-id"):
            self.send_header(name, '"0x1"')
        self.send_header("Last-Modified", self.date_time_string())
        self.send_header("x-ms-request-server-encrypted", "true")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the base's name
        """Say nothing: requests are not what is read here."""


if __name__ == "__main__":
    server = ThreadingHTTPServer(("127.0.0.1", 0), Blobs)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(server.server_port, flush=True)
    sys.stdin.read()
