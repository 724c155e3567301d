"""An engine that refuses a session, or is reached where none can be had."""

import socket
import threading

import pytest

from jupyter_azureml_image.build.locate import Place
from jupyter_azureml_image.build.session import door


class Engine:
    """Only what the door asks of one."""

    def __init__(self, host, certificates=None):
        self.place = Place(host, "the test", certificates)
        self.client = self
        self.api_version = "1.41"


@pytest.fixture
def answering(tmp_path):
    """Serves one answer on a socket; gives its address and what was asked."""
    path, asked, threads = tmp_path / "s", [], []

    def serve(answer):
        listening = socket.socket(socket.AF_UNIX)
        listening.bind(str(path))
        listening.listen()

        def work():
            with listening, listening.accept()[0] as stream:
                asked.append(stream.recv(65_536).decode())
                stream.sendall(answer)

        threads.append(threading.Thread(target=work))
        threads[-1].start()
        return f"unix://{path}", asked

    yield serve
    for thread in threads:
        thread.join()


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\n{}",
        b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
        b"no engine at all\r\n",
        b"",
    ],
)
def test_a_refusal_is_no_session(answering, answer):
    host, _ = answering(answer)
    assert door.ask(Engine(host), "id", "key", ("/a/B",)) is None


def test_what_follows_the_answer_is_left_for_the_session(answering):
    host, asked = answering(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\n\r\nPRI * HTTP")
    with door.ask(Engine(host), "id", "key", ("/a/B", "/c/D")) as stream:
        assert stream.recv(100) == b"PRI * HTTP"
    assert asked[0].startswith("POST /v1.41/session HTTP/1.1\r\n")
    assert "X-Docker-Expose-Session-Grpc-Method: /a/B\r\n" in asked[0]
    assert "X-Docker-Expose-Session-Grpc-Method: /c/D\r\n" in asked[0]


@pytest.mark.parametrize(
    ("host", "certificates"),
    [
        ("ssh://somewhere", None),
        ("npipe:////./pipe/docker_engine", None),
        ("tcp://127.0.0.1:2376", "/certificates"),
        ("unix:///nowhere/at/all", None),
    ],
)
def test_where_only_docker_py_goes_there_is_no_session(host, certificates):
    assert door.ask(Engine(host, certificates), "id", "key", ()) is None
