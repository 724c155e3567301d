"""Requests, answers and routes: the small part of HTTP that every room of the sandbox speaks."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from email.message import Message
from typing import Any, BinaryIO
from urllib.parse import parse_qs

PIECE = 1 << 16


class HangUp(Exception):
    """Close the connection here and now, as a broken network would."""


class Body:
    """The bytes of one request, read as they come in; sized or chunked. Raises `ValueError` where
    the length is no number."""

    def __init__(self, stream: BinaryIO, headers: Message) -> None:
        self._stream = stream
        self._chunked = "chunked" in str(headers.get("Transfer-Encoding", "")).lower()
        self._left = 0 if self._chunked else _size(str(headers.get("Content-Length") or 0), 10)
        self._over = not self._chunked and self._left == 0

    @classmethod
    def of(cls, content: bytes) -> Body:
        """Return a body that was already read."""
        headers = Message()
        headers["Content-Length"] = str(len(content))
        return cls(io.BytesIO(content), headers)

    def pieces(self) -> Iterator[bytes]:
        """Yield what is left of the body, piece by piece. Raises `HangUp` when the peer is gone."""
        while not self._over:
            if self._left == 0 and not self._next_chunk():
                return
            piece = self._stream.read(min(PIECE, self._left))
            if not piece:
                raise HangUp
            self._left -= len(piece)
            if self._left == 0:
                if self._chunked:
                    self._stream.readline()
                else:
                    self._over = True
            yield piece

    def all(self) -> bytes:
        """Return what is left of the body."""
        return b"".join(self.pieces())

    def _next_chunk(self) -> bool:
        size = self._stream.readline().split(b";")[0].strip()
        try:
            self._left = _size(size.decode("latin-1"), 16)
        except ValueError as broken:
            raise HangUp from broken  # nobody knows where the next request begins
        if self._left:
            return True
        while self._stream.readline().strip():  # trailers
            pass
        self._over = True
        return False


def _size(text: str, base: int) -> int:
    if not re.fullmatch(r"[0-9a-fA-F]+", text):
        raise ValueError(f"'{text}' is no length")
    return int(text, base)


@dataclass(frozen=True, slots=True)
class Request:
    """One request as a room sees it. `query` keeps the first value of each name."""

    method: str
    host: str
    path: str
    query: Mapping[str, str]
    headers: Message
    body: Body
    raw_query: str = ""
    params: Mapping[str, str] = field(default_factory=dict)

    def json(self) -> dict[str, Any]:
        """Return the body as a JSON object; an empty body is an empty object. Raises
        `ValueError`."""
        text = self.body.all()
        value = json.loads(text) if text.strip() else {}
        if not isinstance(value, dict):
            raise ValueError("the body is not a JSON object")
        return value

    def form(self) -> dict[str, str]:
        """Return the body as a form's fields, of each name the first; what is no UTF-8 is lost."""
        fields = parse_qs(self.body.all().decode(errors="replace"))
        return {name: values[0] for name, values in fields.items()}

    def header(self, name: str) -> str:
        """Return a header, or the empty string."""
        return str(self.headers.get(name) or "")

    def bearer(self) -> str:
        """Return the bearer token, or the empty string."""
        scheme, _, token = self.header("Authorization").partition(" ")
        return token.strip() if scheme.lower() == "bearer" else ""


@dataclass(frozen=True, slots=True)
class Response:
    """One answer. A body of pieces is sent as it comes: chunked, unless Content-Length is given."""

    status: int
    body: bytes | Iterator[bytes] = b""
    headers: Mapping[str, str] = field(default_factory=dict)

    def with_headers(self, more: Mapping[str, str]) -> Response:
        """Return the same answer with further headers."""
        return replace(self, headers={**self.headers, **more})


def json_response(status: int, value: object, headers: Mapping[str, str] | None = None) -> Response:
    """Make a JSON answer."""
    kind = {"Content-Type": "application/json; charset=utf-8"}
    return Response(status, json.dumps(value).encode(), {**kind, **(headers or {})})


Handler = Callable[[Request], Response]


@dataclass(frozen=True, slots=True)
class Route:
    """A method and a path pattern with `{names}`; ARM compares paths without regard to case."""

    method: str
    pattern: re.Pattern[str]
    handler: Handler


def route(method: str, template: str, handler: Handler) -> Route:
    """Make a route: `{name}` matches one path segment, everything else literally."""
    parts = re.split(r"\{(\w+)\}", template)
    text = "".join(re.escape(p) if i % 2 == 0 else f"(?P<{p}>[^/]+)" for i, p in enumerate(parts))
    return Route(method, re.compile(text + "/?", re.IGNORECASE), handler)


def dispatch(routes: list[Route], request: Request) -> Response | None:
    """Answer by the first route that fits; None where there is none."""
    for candidate in routes:
        match = candidate.pattern.fullmatch(request.path)
        if match is not None and candidate.method == request.method:
            return candidate.handler(replace(request, params=match.groupdict()))
    return None


def leads_somewhere(routes: list[Route], path: str) -> bool:
    """Say whether a path fits a route of any method."""
    return any(candidate.pattern.fullmatch(path) for candidate in routes)
