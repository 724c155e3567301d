"""A build request that is called off before the engine has said a word."""

import threading
from contextlib import nullcontext
from types import SimpleNamespace

import pytest

from jupyter_azureml_image.build.request import Request
from jupyter_azureml_image.errors import Cancelled


class Client:
    """Its engine answers only when the build was called off, and would then build to the end."""

    base_url, api_version = "http+docker://localhost", "1.41"

    def __init__(self, cancelled):
        self._cancelled = cancelled
        self.asked, self.read, self.closed = 0, 0, False

    def post(self, *_, **__):
        self.asked += 1
        self._cancelled.set()
        return self

    status_code = 200

    def iter_content(self, **_):
        for _ in range(3):
            self.read += 1
            yield b'{"stream":"Step 1/1 : RUN sleep 600"}'

    def close(self):
        self.closed = True


def called_off(before):
    cancelled = threading.Event()
    if before:
        cancelled.set()
    client = Client(cancelled)
    engine = SimpleNamespace(client=client, asked_to=lambda do: nullcontext())
    with pytest.raises(Cancelled):
        list(Request(engine, cancelled).messages({}, {}, b""))
    return client


def test_while_it_waits_for_the_answer_the_connection_is_closed_at_once():
    client = called_off(before=False)
    assert (client.read, client.closed) == (0, True)


def test_before_it_was_sent_nothing_is_asked():
    assert called_off(before=True).asked == 0
