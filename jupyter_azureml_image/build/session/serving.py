"""Our side of a session: a gRPC server on one connection, in a thread with its own loop.

HTTP/2 and gRPC are grpclib's; here is only what is called. Imported when a session begins.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
import threading
from collections.abc import Callable, Mapping
from typing import Any

import grpclib.server
from grpclib.const import Cardinality, Handler, Status
from grpclib.encoding.base import CodecBase
from grpclib.exceptions import GRPCError

from ...errors import ImageError
from ...records import dataclass
from . import packets
from .trees import Texts, Tree

_DIFF_COPY = "/moby.filesync.v1.FileSync/DiffCopy"
_HEALTH = "/grpc.health.v1.Health/Check"
_CREDENTIALS = "/moby.filesync.v1.Auth/Credentials"
METHODS = (_DIFF_COPY, _HEALTH, _CREDENTIALS)
# Asked for although they are not offered; to a method that it does not know, grpclib answers
# in a form that the engine takes for a broken connection.
_REFUSED = tuple(
    f"/moby.filesync.v1.Auth/{name}"
    for name in ("FetchToken", "GetTokenAuthority", "VerifyTokenAuthority")
)
_SERVES = b"\x08\x01"  # HealthCheckResponse { status = SERVING }
_IGNORE_FILE = [".dockerignore"]

# What it says of a connection that ends belongs on nobody's screen.
logging.getLogger("grpclib").addHandler(logging.NullHandler())


@dataclass(frozen=True, slots=True)
class Offer:
    """What the engine can have: folders by name, and the answer to a request for credentials."""

    trees: Mapping[str, Tree]
    sign_in: Callable[[bytes], bytes]


class Session:
    """The session `identity`: it serves `offer` until `close`."""

    def __init__(self, identity: str, stream: socket.socket, offer: Offer) -> None:
        self.identity = identity
        self._stream, self._service = stream, _Service(offer)
        self._begun = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._end: asyncio.Event | None = None
        self._thread = threading.Thread(target=self._run, name="azureml-image-session", daemon=True)
        self._thread.start()
        self._begun.wait()

    @property
    def fault(self) -> ImageError | None:
        """What kept the engine from getting a file, as a sentence."""
        return self._service.fault

    def close(self) -> None:
        """End the session; returns when its thread has ended and its connection is closed."""
        with contextlib.suppress(RuntimeError):  # its loop ended by itself
            if self._loop is not None and self._end is not None:
                self._loop.call_soon_threadsafe(self._end.set)
        self._thread.join()

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        finally:
            self._stream.close()
            self._begun.set()

    async def _serve(self) -> None:
        self._loop, self._end = asyncio.get_running_loop(), asyncio.Event()
        self._begun.set()
        server = grpclib.server.Server([self._service], codec=_Bytes())
        # grpclib serves what it listens for; this connection is ours to bring, as its own
        # `grpclib.testing.ChannelFor` does.
        transport, _ = await self._loop.connect_accepted_socket(
            server._protocol_factory, self._stream
        )
        try:
            await self._end.wait()
        finally:
            transport.abort()
            await asyncio.sleep(0)  # the transport closes its socket in the next turn


class _Bytes(CodecBase):
    """Messages as they are: they are written and read in `packets`."""

    __content_subtype__ = "proto"

    def encode(self, message: Any, message_type: Any) -> bytes:
        return bytes(message)

    def decode(self, data: bytes, message_type: Any) -> bytes:
        return data


_Stream = grpclib.server.Stream[bytes, bytes]


class _Service:
    """What the engine may call."""

    def __init__(self, offer: Offer) -> None:
        self._offer = offer
        self.fault: ImageError | None = None

    def __mapping__(self) -> dict[str, Handler]:
        """The calls, as grpclib wants them."""
        plain = {_HEALTH: self._check, _CREDENTIALS: self._sign_in}
        plain |= dict.fromkeys(_REFUSED, self._refuse)
        return {
            _DIFF_COPY: Handler(self._diff_copy, Cardinality.STREAM_STREAM, bytes, bytes),
            **{
                name: Handler(call, Cardinality.UNARY_UNARY, bytes, bytes)
                for name, call in plain.items()
            },
        }

    async def _check(self, stream: _Stream) -> None:
        await stream.recv_message()
        await stream.send_message(_SERVES)

    async def _refuse(self, stream: _Stream) -> None:
        raise GRPCError(Status.UNIMPLEMENTED, "it is not offered")

    async def _sign_in(self, stream: _Stream) -> None:
        request = await stream.recv_message() or b""
        try:
            # A credential helper is a program of its own.
            answer = await asyncio.to_thread(self._offer.sign_in, request)
        except ImageError as error:
            raise self._failed(error) from error
        await stream.send_message(answer)

    async def _diff_copy(self, stream: _Stream) -> None:
        tree = self._asked_for(stream.metadata or {})
        try:
            await _Transfer(stream, tree).run()
        except ImageError as error:
            raise self._failed(error) from error

    def _failed(self, error: ImageError) -> GRPCError:
        self.fault = self.fault or error
        return GRPCError(Status.ABORTED, error.message)

    def _asked_for(self, metadata: Any) -> Tree:
        """The tree of one call. The engine also looks for an ignore file in the context, which
        is not to be applied a second time."""
        name = str(metadata.get("dir-name", ""))
        for asked in ("include-patterns", "followpaths"):
            if name == "context" and metadata.getall(asked, []) == _IGNORE_FILE:
                return Texts({})
        if name not in self._offer.trees:
            raise GRPCError(Status.NOT_FOUND, f"there is no folder {name}")
        return self._offer.trees[name]


class _Transfer:
    """One tree to the engine."""

    def __init__(self, stream: _Stream, tree: Tree) -> None:
        self._stream, self._tree = stream, tree
        self._one = asyncio.Lock()  # a packet may go in pieces

    async def run(self) -> None:
        """Tell every status, send what is asked for, end when the engine has all."""
        # At the same time: an engine may stop listening to the one until it has the other.
        both = [asyncio.create_task(work) for work in (self._tell(), self._answer())]
        try:
            await asyncio.gather(*both)
        finally:
            for task in both:
                task.cancel()
            await asyncio.gather(*both, return_exceptions=True)

    async def _tell(self) -> None:
        for packet in self._tree.stats():
            await self._send(packet)
        await self._send(packets.END_OF_STATS)

    async def _answer(self) -> None:
        while (packet := await self._stream.recv_message()) is not None:
            kind, number, _ = packets.read(packet)
            if kind == packets.REQUEST:
                for block in self._tree.content(number):
                    await self._send(packets.data(number, block))
                await self._send(packets.data(number))
            elif kind == packets.FINISHED:
                await self._send(packets.FIN)
                return

    async def _send(self, packet: bytes) -> None:
        async with self._one:
            await self._stream.send_message(packet)
