"""The context on its way to ACR: packed while it is sent, never whole in memory or on disk."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from urllib.parse import urlsplit

from ..build.shipment import Shipment
from ..context import archive
from ..errors import Cancelled
from ..events import Emit, Note, Transfer
from .ahead import Ahead
from .translate import translated

_BLOCK = 4 << 20
_AT_ONCE = 4
_AHEAD = 6  # blocks that lie ready: a fast line goes on while small files are packed slowly
_SECONDS = 300  # one block on a slow line; azure-cli's figure (azure-cli#20075)


def upload(url: str, shipment: Shipment, emit: Emit, stopped: Callable[[], bool]) -> None:
    """Send the gzip archive to a signed blob address, in parallel blocks that are retried one by
    one. Raises Cancelled, ContextError, or an AzureError that names the host."""
    host = urlsplit(url).netloc
    emit(Note(f"Uploading the build context ({in_words(shipment)}) to {host}."))
    pieces = _pieces(shipment, stopped)
    packed = _Blocks(pieces)

    def moved(done: int, _total: int | None) -> None:
        emit(Transfer("upload", done))

    with (
        closing(pieces),
        Ahead(packed.next, _AHEAD) as ahead,  # begins while the client is imported
        translated(f"uploading the build context to {host}"),
    ):
        from azure.storage.blob import BlobClient, ExponentialRetry

        with BlobClient.from_blob_url(
            url,
            max_single_put_size=_BLOCK,
            max_block_size=_BLOCK,
            connection_timeout=_SECONDS,
            read_timeout=_SECONDS,
            retry_policy=ExponentialRetry(initial_backoff=1, increment_base=2, retry_total=6),
        ) as blob:
            stream = _Stream(ahead, stopped)
            blob.upload_blob(stream, overwrite=True, max_concurrency=_AT_ONCE, progress_hook=moved)
    emit(Transfer("upload", packed.made, packed.made))


def _pieces(shipment: Shipment, stopped: Callable[[], bool]) -> Generator[bytes, None, None]:
    packed = archive.pack(shipment.manifest, shipment.extra, compress=True, folder=shipment.folder)
    for piece in packed:
        _go_on(stopped)
        yield piece


def _go_on(stopped: Callable[[], bool]) -> None:
    if stopped():
        raise Cancelled("The upload was stopped; nothing was built.")


class _Blocks:
    """Pieces put together to the blocks that are sent; `made` is their bytes so far."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._rest = memoryview(b"")
        self.made = 0

    def next(self) -> bytes:
        """The next block, shorter only at the end, b"" behind it."""
        parts, found = [self._rest], len(self._rest)
        while found < _BLOCK and (piece := next(self._pieces, b"")):
            parts.append(memoryview(piece))
            found += len(piece)
        cut = len(parts[-1]) - max(0, found - _BLOCK)
        parts[-1], self._rest = parts[-1][:cut], parts[-1][cut:]
        block = b"".join(parts)
        self.made += len(block)
        return block


class _Stream:
    """Blocks as a file to read from, once and forwards: the client reads them one by one."""

    def __init__(self, ahead: Ahead, stopped: Callable[[], bool]) -> None:
        self._ahead, self._stopped = ahead, stopped

    def read(self, size: int = -1) -> bytes:
        """The next block, which is as long as the client was told that blocks may be."""
        _go_on(self._stopped)  # on a slow line, what lies ready is not sent either
        return self._ahead.next()


def in_words(shipment: Shipment) -> str:
    """How much is sent."""
    files = len(shipment.manifest.files)
    return f"{files} file{'' if files == 1 else 's'}, {_size(shipment.size)} before packing"


def _size(size: int) -> str:
    for unit in ("bytes", "kB", "MB"):
        if size < 1000:
            return f"{size:.0f} {unit}"
        size //= 1000
    return f"{size} GB"
