"""Where blobs lie: bytes in files on local disk, what is known about them in the store."""

from __future__ import annotations

import base64
import email.utils
import hashlib
import secrets
from collections.abc import Iterator
from pathlib import Path

from .store import Store
from .web import PIECE, HangUp

Headers = dict[str, str]


class BlobFiles:
    """Blobs by `account/container/name`."""

    def __init__(self, folder: Path, store: Store) -> None:
        self._folder = folder
        self._folder.mkdir(parents=True, exist_ok=True)
        self._store = store

    def find(self, blob: str) -> tuple[str, int, Headers] | None:
        """Return file name, size in bytes and headers of a blob, or None."""
        return self._store.blob(blob)

    def file(self, blob: str) -> Path | None:
        """Return where the bytes of a blob lie, or None."""
        found = self._store.blob(blob)
        return self._folder / found[0] if found else None

    def names_below(self, prefix: str) -> list[str]:
        """Return the names of the blobs that start with a prefix, sorted."""
        return self._store.blobs_below(prefix)

    def below(self, prefix: str) -> list[tuple[str, Path]]:
        """Return (name without the prefix, file) of each blob whose name starts with the prefix."""
        named = ((name[len(prefix) :], self.file(name)) for name in self.names_below(prefix))
        return [(name, file) for name, file in named if file]

    def keep(self, blob: str, file: str, size: int, headers: Headers) -> Headers:
        """Let a received file be the blob from now on; return its headers with date and ETag."""
        before = self._store.blob(blob)
        moment = email.utils.formatdate(usegmt=True)
        full = {
            "Content-Type": "application/octet-stream",
            "x-ms-creation-time": moment,
            **headers,
            "ETag": f'"0x{secrets.token_hex(8).upper()}"',
            "Last-Modified": moment,
        }
        self._store.put_blob(blob, file, size, full)
        if before and before[0] != file:
            (self._folder / before[0]).unlink(missing_ok=True)
        return full

    def write(self, blob: str, content: bytes, *, kind: str = "BlockBlob") -> None:
        """Make a blob or replace it."""
        file, size, _ = self.receive(iter([content]))
        self.keep(blob, file, size, {"x-ms-blob-type": kind})

    def append(self, blob: str, content: bytes) -> None:
        """Add bytes to the end of an append blob, made where there is none."""
        found = self._store.blob(blob)
        if found is None:
            self.write(blob, content, kind="AppendBlob")
            return
        file, size, headers = found
        with (self._folder / file).open("ab") as target:
            target.write(content)
        self.keep(blob, file, size + len(content), headers)

    def mark(self, blob: str, **metadata: str) -> None:
        """Set metadata of a blob that exists."""
        found = self._store.blob(blob)
        if found:
            file, size, headers = found
            marks = {f"x-ms-meta-{name}": value for name, value in metadata.items()}
            self.keep(blob, file, size, {**headers, **marks})

    def delete(self, blob: str) -> None:
        """Remove a blob, if it is there."""
        found = self._store.blob(blob)
        if found:
            self._store.delete_blob(blob)
            (self._folder / found[0]).unlink(missing_ok=True)

    def receive(self, pieces: Iterator[bytes]) -> tuple[str, int, str]:
        """Write bytes to a new file as they come; return its name, size and base64 MD5.

        Leaves no file behind where they break off (`HangUp`).
        """
        digest, size = hashlib.md5(usedforsecurity=False), 0
        file = f"{secrets.token_hex(16)}.blob"
        target = self._folder / file
        try:
            with target.open("wb") as out:
                for piece in pieces:
                    digest.update(piece)
                    size += out.write(piece)
        except HangUp:
            target.unlink(missing_ok=True)
            raise
        return file, size, base64.b64encode(digest.digest()).decode()

    def discard(self, file: str) -> None:
        """Remove a received file that became no blob."""
        (self._folder / file).unlink(missing_ok=True)

    def read(self, file: str, start: int, length: int) -> Iterator[bytes]:
        """Yield a range of a file, piece by piece."""
        with (self._folder / file).open("rb") as source:
            source.seek(start)
            while length > 0:
                piece = source.read(min(PIECE, length))
                if not piece:
                    raise HangUp
                length -= len(piece)
                yield piece

    # Blocks that wait to be committed

    def keep_block(self, blob: str, block: str, file: str) -> None:
        """Let a received file be a block of a blob; `block` is its base64 id."""
        (self._folder / file).replace(self._block(blob, block))

    def blocks(self, blob: str) -> list[tuple[str, int]]:
        """Return (base64 id, size) of the blocks that wait."""
        found = sorted(self._folder.glob(f"{_digest(blob)}.*.block"))
        raw = ((bytes.fromhex(part.name.split(".")[1]), part.stat().st_size) for part in found)
        return [(base64.b64encode(name).decode(), size) for name, size in raw]

    def commit(self, blob: str, wanted: list[str]) -> tuple[str, int] | None:
        """Join blocks in order to a new file; return it and its size, None where one is missing."""
        parts = [self._block(blob, name) for name in wanted]
        if not all(part.exists() for part in parts):
            return None
        file, size, _ = self.receive(part.read_bytes() for part in parts)
        for part in self._folder.glob(f"{_digest(blob)}.*.block"):
            part.unlink()
        return file, size

    def _block(self, blob: str, block: str) -> Path:
        return self._folder / f"{_digest(blob)}.{base64.b64decode(block).hex()}.block"


def _digest(blob: str) -> str:
    return hashlib.sha256(blob.encode()).hexdigest()[:32]
