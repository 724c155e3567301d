"""The context on its way to ACR: packed while it is sent, never whole in memory or on disk."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

from ..build.shipment import Shipment
from ..context import archive
from ..errors import Cancelled
from ..events import Emit, Note, Transfer
from .translate import translated

_BLOCK = 4 << 20
_AT_ONCE = 4
_SECONDS = 300  # one block on a slow line; azure-cli's figure (azure-cli#20075)


def upload(url: str, shipment: Shipment, emit: Emit, stopped: Callable[[], bool]) -> None:
    """Send the gzip archive to a signed blob address, in parallel blocks that are retried one by
    one. Raises Cancelled, ContextError, or an AzureError that names the host."""
    host = urlsplit(url).netloc
    emit(Note(f"Uploading the build context ({in_words(shipment)}) to {host}."))
    stream = _Stream(_pieces(shipment, stopped))

    def moved(done: int, _total: int | None) -> None:
        emit(Transfer("upload", done))

    with translated(f"uploading the build context to {host}"):
        from azure.storage.blob import BlobClient, ExponentialRetry

        with BlobClient.from_blob_url(
            url,
            max_single_put_size=_BLOCK,
            max_block_size=_BLOCK,
            connection_timeout=_SECONDS,
            read_timeout=_SECONDS,
            retry_policy=ExponentialRetry(initial_backoff=1, increment_base=2, retry_total=6),
        ) as blob:
            blob.upload_blob(stream, overwrite=True, max_concurrency=_AT_ONCE, progress_hook=moved)
    emit(Transfer("upload", stream.read_so_far, stream.read_so_far))


def _pieces(shipment: Shipment, stopped: Callable[[], bool]) -> Iterator[bytes]:
    text = shipment.text.encode("utf-8", "surrogateescape")
    packed = archive.pack(
        shipment.manifest, {shipment.dockerfile: text}, compress=True, folder=shipment.folder
    )
    for piece in packed:
        if stopped():
            raise Cancelled("The upload was stopped; nothing was built.")
        yield piece


class _Stream:
    """An iterator of bytes as a file to read from, once and forwards."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._rest = memoryview(b"")
        self.read_so_far = 0

    def read(self, size: int = -1) -> bytes:
        """Up to `size` bytes, fewer only at the end."""
        parts, found = [self._rest], len(self._rest)
        while size < 0 or found < size:
            piece = next(self._pieces, b"")
            if not piece:
                break
            parts.append(memoryview(piece))
            found += len(piece)
        over = max(0, found - size) if size >= 0 else 0
        cut = len(parts[-1]) - over
        parts[-1], self._rest = parts[-1][:cut], parts[-1][cut:]
        self.read_so_far += found - over
        return b"".join(parts)


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
