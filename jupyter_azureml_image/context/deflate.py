"""Fast gzip: blocks deflated side by side, joined into one ordinary gzip member.

A block ends on a byte boundary (sync flush), so blocks that were made apart can be put
one after the other. A look at 16 KiB of a block decides how it is packed: what does not
shrink (model weights, images) is stored as it is; figures and other text that repeat little
are packed without looking back (by isal: `literals.py`), which makes a table of numbers
smaller and takes a third of the time. Compression lets go of Python's lock, so threads do
the work while this one reads. At most a handful of blocks exist at a time, whatever the
reader of the result does, and the same input gives the same bytes on every run.
"""

from __future__ import annotations

import os
import zlib
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from .literals import literals

_BLOCK = 1024 * 1024
_ALONE = _BLOCK // 4  # a piece this big is a block of its own, and is never copied
_PROBE = 16 * 1024
_WORTH = 0.97  # of its size: a block that stays larger is stored
_STORED = 65535  # most bytes in one stored block of deflate
_MOST_WORKERS = 4  # more than that one reader does not feed
_IN_HAND = 4  # blocks a worker, packed or waiting: while one is slow, the others go on

# No name and no time, so that equal input stays equal.
_HEADER = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"
_END = b"\x03\x00"  # an empty last block


@dataclass(frozen=True, slots=True)
class Codec:
    """What deflates: a module with zlib's functions, and the level that suits it.

    `near` is what its `compressobj` is told besides for packing that does not look (far) back.
    """

    name: str
    module: Any
    level: int
    near: tuple[int, ...]

    def deflate(self, block: bytes, *, near: bool = False) -> bytes:
        """`block` as raw deflate data that ends on a byte boundary."""
        if near and self.name == "isal" and (packed := literals(block)) is not None:
            return packed
        options = self.near if near else (self.module.DEFLATED, -15)
        squeeze = self.module.compressobj(self.level, *options)
        return bytes(squeeze.compress(block) + squeeze.flush(self.module.Z_SYNC_FLUSH))

    def pack(self, block: bytes) -> bytes:
        """`block` deflated, or stored where that would not be worth it."""
        near = False
        if len(block) > _PROBE:
            middle = (len(block) - _PROBE) // 2
            probe = block[middle : middle + _PROBE]
            size = len(self.deflate(probe))
            if size > _WORTH * _PROBE:
                return stored(block)
            near = len(self.deflate(probe, near=True)) <= size
        packed = self.deflate(block, near=near)
        return packed if len(packed) < len(block) else stored(block)


def codec() -> Codec:
    """The fastest there is: isal or zlib-ng where one is installed (the extra `fast`), else zlib.

    Near is no looking back at all; 512 bytes where isal has no better way.
    """
    near = (zlib.DEFLATED, -15, 8, zlib.Z_HUFFMAN_ONLY)
    try:
        from isal import isal_zlib
    except ImportError:
        pass
    else:
        return Codec("isal", isal_zlib, 2, (isal_zlib.DEFLATED, -9))
    try:
        from zlib_ng import zlib_ng
    except ImportError:
        return Codec("zlib", zlib, 1, near)
    return Codec("zlib-ng", zlib_ng, 2, near)


def _workers() -> int:
    """As many threads as there are processors for us, within reason."""
    ours = getattr(os, "sched_getaffinity", None)
    return min(_MOST_WORKERS, len(ours(0)) if ours else os.cpu_count() or 1)


def gzip(pieces: Iterable[bytes], using: Codec | None = None) -> Iterator[bytes]:
    """One gzip member that holds `pieces`, in pieces."""
    using = using or codec()
    checksum: Callable[[bytes, int], int] = using.module.crc32
    check, length = 0, 0
    waiting: deque[Future[bytes]] = deque()
    workers = _workers()
    _keep_memory()
    pool = ThreadPoolExecutor(workers, thread_name_prefix="azureml-image-gzip")
    try:
        yield _HEADER
        for block in blocks(pieces):
            waiting.append(pool.submit(using.pack, block))
            check, length = checksum(block, check), length + len(block)
            if len(waiting) > _IN_HAND * workers:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
        yield _END + check.to_bytes(4, "little") + (length % 2**32).to_bytes(4, "little")
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _keep_memory() -> None:
    """Take more memory than blocks need, and free it untouched.

    glibc learns by it to keep what a block leaves for the next one, where it would give it
    back and fetch it again page by page: 90,000 page faults less for 1 GB, a quarter of the
    time spent in the system (mallopt(3), M_MMAP_THRESHOLD). Elsewhere it does nothing.
    """
    bytes(4 * _BLOCK)


def stored(block: bytes) -> bytes:
    """`block` as stored blocks of deflate."""
    parts: list[bytes | memoryview] = []
    whole = memoryview(block)
    for start in range(0, len(block), _STORED):
        part = whole[start : start + _STORED]
        size = len(part)
        parts += (b"\0", size.to_bytes(2, "little"), (size ^ 0xFFFF).to_bytes(2, "little"), part)
    return b"".join(parts)


def blocks(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """`pieces` in blocks of about 1 MiB: small ones together, large ones as they are."""
    gathered: list[bytes] = []
    size = 0
    for piece in pieces:
        if len(piece) < _ALONE:
            gathered.append(piece)
            size += len(piece)
        if size and (len(piece) >= _ALONE or size >= _BLOCK):
            yield b"".join(gathered)
            gathered, size = [], 0
        if len(piece) >= _ALONE:
            yield piece
    if size:
        yield b"".join(gathered)
