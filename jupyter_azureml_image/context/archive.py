"""The one archive that builders without a folder of their own are sent.

The same manifest gives the same bytes: names in order, no owners, one fixed time. Headers
are GNU tar's with whole-second times: BuildKit looks at the first 1,024 bytes only to tell
an archive from a Dockerfile, and a PAX header there hides the first real entry from it.
"""

from __future__ import annotations

import hashlib
import io
import os
import tarfile
import zlib
from collections.abc import Iterable, Iterator, Mapping

from .manifest import ContextEntry, ContextManifest
from .reading import BLOCK, ContextChanged, Stamp, opened

_TYPES = {"file": tarfile.REGTYPE, "directory": tarfile.DIRTYPE, "link": tarfile.SYMTYPE}
# 2000-01-01: zip files, which wheels are, cannot hold the year 1970.
_TIME = 946_684_800
_GZIP_HEADER = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"


def pack(
    manifest: ContextManifest, extra: Mapping[str, bytes] | None = None, *, compress: bool = False
) -> Iterator[bytes]:
    """The archive of `manifest`, in pieces; gzip with `compress`.

    `extra` maps paths to contents that are added, or take a file's place (the Dockerfile).
    Raises ContextChanged, naming the file, where one is no longer what the manifest says.
    """
    pieces = _pieces(manifest, dict(extra or {}))
    return _gzip(pieces) if compress else pieces


def header(entry: ContextEntry) -> bytes:
    """The header blocks of one entry; long names and more than 8 GB as GNU tar writes them."""
    info = tarfile.TarInfo(entry.path)
    info.type = _TYPES[entry.kind]
    info.mode = entry.mode
    info.size = entry.size
    info.mtime = _TIME
    info.linkname = entry.target
    return info.tobuf(tarfile.GNU_FORMAT, "utf-8", "surrogateescape")


def padding(size: int) -> bytes:
    """What fills a file of `size` bytes up to the next block."""
    return b"\0" * (-size % tarfile.BLOCKSIZE)


def planned(manifest: ContextManifest, extra: Mapping[str, bytes]) -> list[ContextEntry]:
    """The entries of the archive in order, those of `extra` among them."""
    entries = {entry.path: entry for entry in manifest.entries if entry.path not in extra}
    for path, content in extra.items():
        entries[path] = ContextEntry(path, "file", 0o644, len(content))
    return [entries[path] for path in sorted(entries)]


def _pieces(manifest: ContextManifest, extra: Mapping[str, bytes]) -> Iterator[bytes]:
    written = 0
    for entry in planned(manifest, extra):
        head = header(entry)
        yield head
        written += len(head) + entry.size + len(padding(entry.size))
        if entry.path in extra:
            yield extra[entry.path]
        elif entry.kind == "file":
            yield from content(manifest, entry)
        yield padding(entry.size)
    # Two empty blocks end an archive; GNU tar fills up the record.
    yield b"\0" * (2 * tarfile.BLOCKSIZE)
    yield b"\0" * (-(written + 2 * tarfile.BLOCKSIZE) % tarfile.RECORDSIZE)


def content(manifest: ContextManifest, entry: ContextEntry) -> Iterator[bytes]:
    """A file's bytes, exactly those that the manifest's digest names.

    Where the file's status proves that it is the file that was hashed, its status is
    compared again after the last byte; otherwise the bytes are hashed again. Raises
    ContextChanged.
    """
    stamp = manifest.stamps.get(entry.path)
    hasher = None if stamp else hashlib.sha256()
    with opened(manifest.root, entry.path) as descriptor:
        left = entry.size
        while left:
            block = os.read(descriptor, min(BLOCK, left))
            if not block:
                raise ContextChanged(entry.path, "became shorter")
            left -= len(block)
            if hasher:
                hasher.update(block)
            yield block
        now = Stamp.of(os.fstat(descriptor))
    if now.size != entry.size or (stamp and now != stamp):
        raise ContextChanged(entry.path)
    if hasher and hasher.hexdigest() != entry.digest:
        raise ContextChanged(entry.path)


def _gzip(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """One gzip member; no name and no time in its header, so that equal input stays equal."""
    squeeze = zlib.compressobj(1, zlib.DEFLATED, -zlib.MAX_WBITS)
    check, length = 0, 0
    gathered = io.BytesIO(_GZIP_HEADER)
    gathered.seek(0, os.SEEK_END)
    for piece in pieces:
        check, length = zlib.crc32(piece, check), length + len(piece)
        gathered.write(squeeze.compress(piece))
        if gathered.tell() >= BLOCK:
            yield gathered.getvalue()
            gathered = io.BytesIO()
    gathered.write(squeeze.flush())
    gathered.write(check.to_bytes(4, "little") + (length % 2**32).to_bytes(4, "little"))
    yield gathered.getvalue()
