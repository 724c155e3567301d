"""Asking the server in the container, as a probe and as a caller."""

from __future__ import annotations

import http.client
import time
from dataclasses import dataclass
from urllib.parse import quote

_SAID = 2000  # characters kept of an answer
_PROBE_SECONDS = 2.0  # as the platform's probes wait
_SENT_AS_IS = "/%?&=+:;,@!$'()*~"  # of a route; http.client refuses blanks and what is not ASCII


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer: its status, the start of its body, and how long it took."""

    status: int
    text: str
    seconds: float
    kind: str = ""


def get(address: tuple[str, int], route: str, seconds: float = _PROBE_SECONDS) -> Answer | None:
    """The answer to a GET, None where the server does not answer (yet)."""
    return _ask(address, ("GET", route, None), seconds)


def post(address: tuple[str, int], route: str, body: str, seconds: float) -> Answer | None:
    """The answer to a POST of JSON, None where the server broke off or took too long."""
    return _ask(address, ("POST", route, body), seconds)


def _ask(
    address: tuple[str, int], request: tuple[str, str, str | None], seconds: float
) -> Answer | None:
    method, route, body = request
    began = time.monotonic()
    connection = http.client.HTTPConnection(*address, timeout=max(seconds, 0.1))
    # Without this type Azure ML's server takes the body for a form.
    headers = {"Content-Type": "application/json"} if body is not None else {}
    try:
        content = None if body is None else body.encode("utf-8", "replace")
        connection.request(method, quote(route, _SENT_AS_IS), content, headers)
        answer = connection.getresponse()
        text = answer.read(4 * _SAID).decode("utf-8", "replace")[:_SAID]
        kind = answer.getheader("Content-Type", "") or ""
        return Answer(answer.status, text, time.monotonic() - began, kind)
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()


def good(answer: Answer | None) -> bool:
    """Whether a probe would be content."""
    return answer is not None and 200 <= answer.status < 400
