from __future__ import annotations

import base64
import contextlib
import http.server
import os
import re
import socket
import ssl
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.sandbox.process import Sandbox


@contextlib.contextmanager
def served(handler: type[http.server.BaseHTTPRequestHandler]) -> Iterator[int]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class Foreign(http.server.BaseHTTPRequestHandler):
    """A host that is not Azure's."""

    def do_GET(self) -> None:
        body = b"from outside"
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        pass


def connect(sandbox: Sandbox, target: str, token: str | None = None) -> tuple[socket.socket, str]:
    """Ask the proxy for a tunnel; return the socket and the status line."""
    match = re.fullmatch(r"http://x:(.*)@127\.0\.0\.1:(\d+)", sandbox.proxy)
    assert match
    pair = base64.b64encode(f"x:{match[1] if token is None else token}".encode()).decode()
    sock = socket.create_connection(("127.0.0.1", int(match[2])), 10)
    sock.sendall(f"CONNECT {target} HTTP/1.1\r\nProxy-Authorization: Basic {pair}\r\n\r\n".encode())
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        piece = sock.recv(1)
        assert piece, head
        head += piece
    return sock, head.decode().splitlines()[0]


def test_the_proxy_wants_its_token(sandbox: Sandbox) -> None:
    for token in ("", "wrong"):
        sock, status = connect(sandbox, "management.azure.com:443", token)
        sock.close()
        assert "407" in status


def test_other_hosts_pass_through_untouched(sandbox: Sandbox) -> None:
    with served(Foreign) as port:
        sock, status = connect(sandbox, f"localhost:{port}")
        assert "200" in status
        sock.sendall(b"GET / HTTP/1.0\r\n\r\n")
        answer = b""
        while piece := sock.recv(4096):
            answer += piece
        sock.close()
    assert answer.endswith(b"from outside")


def test_plain_http_passes_through_too(sandbox: Sandbox) -> None:
    with served(Foreign) as port, sandbox.session() as session:
        assert session.get(f"http://localhost:{port}/x").text == "from outside"


def test_a_host_that_cannot_be_reached_is_a_bad_gateway(sandbox: Sandbox) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        sock, status = connect(sandbox, f"localhost:{free.getsockname()[1]}")
        sock.close()
    assert "502" in status


def test_told_to_refuse_other_hosts_it_shows_that_none_was_contacted(
    sandbox: Sandbox,
) -> None:
    sandbox.set_faults({"fault": "refuse-foreign-hosts"})
    sandbox.arm("DELETE", "/_sandbox/requests")
    with served(Foreign) as port:
        sock, status = connect(sandbox, f"localhost:{port}")
        sock.close()
    assert "403" in status
    assert sandbox.arm("GET", sandbox.workspace_path).status_code == 200
    seen = [(entry["host"], entry["what"]) for entry in sandbox.requests_seen()]
    assert seen == [("localhost", "refused"), ("management.azure.com", "answered")]


def test_the_users_own_proxy_is_chained(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str, str]] = []

    class Upstream(http.server.BaseHTTPRequestHandler):
        def do_CONNECT(self) -> None:
            asked.append((self.path, self.headers["Proxy-Authorization"]))
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"hello from upstream")

        def log_message(self, *_: Any) -> None:
            pass

    with served(Upstream) as port:
        monkeypatch.setenv("HTTPS_PROXY", f"http://me:secret@127.0.0.1:{port}")
        monkeypatch.delenv("https_proxy", raising=False)
        monkeypatch.setenv("no_proxy", "")
        sandbox = Sandbox(tmp_path, engine=f"unix://{tmp_path}/none.sock")
        try:
            sock, status = connect(sandbox, "example.invalid:443")
            assert "200" in status
            assert sock.recv(100) == b"hello from upstream"
            sock.close()
        finally:
            sandbox.stop()
    pair = base64.b64encode(b"me:secret").decode()
    assert asked == [("example.invalid:443", f"Basic {pair}")]


def test_its_certificates_pass_the_strictest_check(sandbox: Sandbox) -> None:
    strict = ssl.create_default_context(cafile=sandbox.addresses["ca_file"])
    strict.verify_flags |= ssl.VERIFY_X509_STRICT
    for host in (
        "management.azure.com",
        "a-b.eastus.inference.ml.azure.com",
        "x.blob.core.windows.net",
    ):
        sock, _ = connect(sandbox, f"{host}:443")
        with strict.wrap_socket(sock, server_hostname=host) as secured:
            assert secured.version() in ("TLSv1.2", "TLSv1.3")


def test_its_authority_cannot_speak_for_other_hosts(sandbox: Sandbox, tmp_path: Path) -> None:
    from jupyter_azureml_image.sandbox.certificates import Authority

    context = Authority(sandbox.state).context_for("example.com")
    client = ssl.create_default_context(cafile=sandbox.addresses["ca_file"])
    ours, theirs = socket.socketpair()

    def serve() -> None:
        with contextlib.suppress(ssl.SSLError), context.wrap_socket(theirs, server_side=True):
            pass

    thread = threading.Thread(target=serve)
    thread.start()
    with ours, pytest.raises(ssl.SSLCertVerificationError, match="permitted subtree"):
        client.wrap_socket(ours, server_hostname="example.com")
    thread.join()
    theirs.close()


def test_its_bundle_begins_with_the_users_own(sandbox: Sandbox) -> None:
    own = Path(os.environ.get("REQUESTS_CA_BUNDLE") or requests.certs.where()).read_bytes().strip()
    bundle = Path(sandbox.addresses["ca_file"]).read_bytes()
    assert bundle.startswith(own)
    assert bundle.count(b"BEGIN CERTIFICATE") == own.count(b"BEGIN CERTIFICATE") + 1


@pytest.mark.parametrize("name", ["port.json", "ca.key", "ca-bundle.pem", "state.sqlite"])
def test_its_files_are_for_this_user_only(sandbox: Sandbox, name: str) -> None:
    assert (sandbox.state / name).stat().st_mode & 0o077 == 0


def test_it_listens_on_loopback_only(sandbox: Sandbox) -> None:
    if not sys.platform.startswith("linux"):
        pytest.fail("this check reads /proc, which is Linux's")
    own = {str(fd.readlink()) for fd in Path(f"/proc/{sandbox.process.pid}/fd").iterdir()}
    addresses = set()
    for table in ("tcp", "tcp6"):
        for line in Path("/proc/net", table).read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == "0A" and f"socket:[{fields[9]}]" in own:
                addresses.add(fields[1].split(":")[0])
    assert addresses == {"0100007F"}
