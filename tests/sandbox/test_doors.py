"""What comes over the wire in an unusual form, and what comes back."""

from __future__ import annotations

import base64
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import pytest

from tests.sandbox.process import Sandbox

PATIENCE = 20


@contextmanager
def line_to(sandbox: Sandbox, host: str) -> Iterator[ssl.SSLSocket]:
    """A connection through the proxy on which a test may write what it likes."""
    pair = base64.b64encode(f"x:{sandbox.addresses['token']}".encode()).decode()
    opening = f"CONNECT {host}:443 HTTP/1.1\r\nProxy-Authorization: Basic {pair}\r\n\r\n"
    trusted = ssl.create_default_context(cafile=sandbox.addresses["ca_file"])
    port = urlsplit(sandbox.proxy).port
    with socket.create_connection(("127.0.0.1", port or 0), PATIENCE) as plain:
        plain.sendall(opening.encode())
        assert b" 200 " in plain.recv(4096)
        with trusted.wrap_socket(plain, server_hostname=host) as secured:
            yield secured


def head(sandbox: Sandbox, *lines: str) -> bytes:
    path = f"{sandbox.workspace_path}/environments/doors/versions/1?api-version=2024-04-01"
    token = sandbox.addresses["token"]
    fixed = [f"PUT {path} HTTP/1.1", "Host: management.azure.com", f"Authorization: Bearer {token}"]
    return "\r\n".join([*fixed, *lines, "", ""]).encode()


def test_who_waits_to_be_told_to_go_on_is_told_before_the_body_is_sent(sandbox: Sandbox) -> None:
    body = b'{"properties": {"image": "a:1"}}'
    with line_to(sandbox, "management.azure.com") as line:
        line.sendall(head(sandbox, "Expect: 100-continue", f"Content-Length: {len(body)}"))
        assert line.recv(4096).startswith(b"HTTP/1.1 100 ")
        line.sendall(body)
        assert line.recv(4096).startswith((b"HTTP/1.1 200 ", b"HTTP/1.1 201 "))


@pytest.mark.parametrize("length", ["x", "-5", "1 2"])
def test_a_length_that_is_no_number_is_a_bad_request(sandbox: Sandbox, length: str) -> None:
    with line_to(sandbox, "management.azure.com") as line:
        line.sendall(head(sandbox, f"Content-Length: {length}"))
        assert line.recv(4096).startswith(b"HTTP/1.1 400 ")


@pytest.mark.parametrize("size", ["zz", "-5"])
def test_a_chunk_whose_size_is_no_number_ends_the_connection(sandbox: Sandbox, size: str) -> None:
    with line_to(sandbox, "sandboxstorage.blob.core.windows.net") as line:
        token = sandbox.addresses["token"]
        put = f"PUT /chunks/c HTTP/1.1\r\nAuthorization: Bearer {token}\r\n"
        line.sendall(f"{put}Transfer-Encoding: chunked\r\n\r\n{size}\r\nabc\r\n".encode())
        answer = line.recv(4096)
    assert answer == b"" or answer.startswith(b"HTTP/1.1 400 ")
    assert "Traceback" not in sandbox.log.read_text()


def test_a_key_that_is_not_ascii_opens_nothing_and_breaks_nothing(sandbox: Sandbox) -> None:
    path = f"{sandbox.workspace_path}/onlineEndpoints/doors"
    sandbox.arm("PUT", path, {"location": "eastus", "properties": {"authMode": "Key"}})
    with line_to(sandbox, "doors.eastus.inference.ml.azure.com") as line:
        line.sendall(b"POST /score HTTP/1.1\r\nAuthorization: Bearer \xc3\xa9\xff\r\n\r\n")
        assert line.recv(4096).startswith(b"HTTP/1.1 401 ")


@pytest.mark.parametrize(
    ("target", "password", "status"),
    [("management.azure.com:443", "é", b" 407 "), ("example.com:abc", "", b" 400 ")],
)
def test_the_proxy_refuses_what_it_cannot_read(
    sandbox: Sandbox, target: str, password: str, status: bytes
) -> None:
    pair = f"x:{password or sandbox.addresses['token']}".encode()
    told = f"Proxy-Authorization: Basic {base64.b64encode(pair).decode()}"
    port = urlsplit(sandbox.proxy).port
    with socket.create_connection(("127.0.0.1", port or 0), PATIENCE) as line:
        line.sendall(f"CONNECT {target} HTTP/1.1\r\n{told}\r\n\r\n".encode())
        assert status in line.recv(4096)


def test_a_plain_request_in_chunks_passes_the_proxy_whole(sandbox: Sandbox) -> None:
    form = f"grant_type=access_token&service=s&access_token={sandbox.addresses['token']}".encode()
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    with sandbox.session() as session:
        url = f"http://{sandbox.login_server}/oauth2/exchange"
        answer = session.post(url, data=iter([form[:10], form[10:]]), headers=kind)
    assert "refresh_token" in answer.json()
