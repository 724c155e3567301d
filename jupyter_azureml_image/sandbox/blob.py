"""Blob storage: block and append blobs as files on local disk, behind Azure's own signatures."""

from __future__ import annotations

import base64
import contextlib
import email.utils
import hashlib
import re
import secrets
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator
from pathlib import Path

from .names import BLOB_SUFFIX
from .sas import allows
from .store import Store
from .web import PIECE, HangUp, Request, Response

SERVER = {"Server": "Windows-Azure-Blob/1.0 Microsoft-HTTPAPI/2.0", "x-ms-version": "2021-08-06"}


class Blobs:
    """Blobs by `account/container/name`. Bytes lie in files, what is known about them in the
    store."""

    def __init__(
        self, folder: Path, store: Store, key: str, signed_in: Callable[[str], bool]
    ) -> None:
        self._folder = folder
        self._folder.mkdir(parents=True, exist_ok=True)
        self._store = store
        self._key = key
        self._signed_in = signed_in

    def __call__(self, request: Request) -> Response:
        """Answer one request to a storage host."""
        account = request.host.removesuffix(BLOB_SUFFIX)
        container, _, name = request.path.lstrip("/").partition("/")
        refused = self._refused(request, account, f"{container}/{name}")
        if refused:
            return refused
        if not name:
            return self._container(request, f"{account}/{container}")
        blob = f"{account}/{container}/{name}"
        operation = (request.method, request.query.get("comp", ""))
        answers: dict[tuple[str, str], Callable[[Request, str], Response]] = {
            ("PUT", ""): self._put,
            ("PUT", "block"): self._put_block,
            ("PUT", "blocklist"): self._put_block_list,
            ("PUT", "metadata"): self._put_metadata,
            ("PUT", "appendblock"): self._append_block,
            ("GET", "blocklist"): self._get_block_list,
            ("GET", ""): self._get,
            ("HEAD", ""): self._head,
            ("HEAD", "metadata"): self._head,
            ("DELETE", ""): self._delete,
        }
        answer = answers.get(operation)
        if answer is None:
            return failure(
                405, "UnsupportedHttpVerb", "The resource doesn't support the specified Http Verb."
            )
        return answer(request, blob)

    # What the rest of the sandbox does with blobs

    def write(self, blob: str, content: bytes, *, kind: str = "BlockBlob") -> None:
        """Make a blob or replace it."""
        file = self._new_file()
        (self._folder / file).write_bytes(content)
        self._keep(blob, file, len(content), {"x-ms-blob-type": kind})

    def append(self, blob: str, content: bytes) -> None:
        """Add bytes to the end of an append blob that exists."""
        found = self._store.blob(blob)
        if found is None:
            self.write(blob, content, kind="AppendBlob")
            return
        file, size, headers = found
        with (self._folder / file).open("ab") as target:
            target.write(content)
        self._keep(blob, file, size + len(content), headers)

    def mark(self, blob: str, **metadata: str) -> None:
        """Set metadata of a blob that exists."""
        found = self._store.blob(blob)
        if found:
            file, size, headers = found
            self._keep(
                blob, file, size, {**headers, **{f"x-ms-meta-{k}": v for k, v in metadata.items()}}
            )

    def delete(self, blob: str) -> None:
        """Remove a blob, if it is there."""
        found = self._store.blob(blob)
        if found:
            self._store.delete_blob(blob)
            (self._folder / found[0]).unlink(missing_ok=True)

    def file(self, blob: str) -> Path | None:
        """Return where the bytes of a blob lie, or None."""
        found = self._store.blob(blob)
        return self._folder / found[0] if found else None

    def below(self, prefix: str) -> list[tuple[str, Path]]:
        """Return (name without the prefix, file) of each blob whose name starts with the prefix."""
        found = []
        for name in self._store.blobs_below(prefix):
            file = self.file(name)
            if file:
                found.append((name[len(prefix) :], file))
        return found

    # What clients ask

    def _refused(self, request: Request, account: str, path: str) -> Response | None:
        if self._signed_in(request.bearer()):
            return None
        wanted = {"GET": "r", "HEAD": "r", "DELETE": "d"}.get(request.method, "c")
        if request.query.get("comp") == "list":
            wanted = "l"
        if "sig" not in request.query:
            return failure(
                409,
                "PublicAccessNotPermitted",
                "Public access is not permitted on this storage account.",
            )
        if allows(account, self._key, path, request.query, wanted):
            return None
        return failure(
            403,
            "AuthenticationFailed",
            "Server failed to authenticate the request. Make sure the value "
            "of Authorization header is formed correctly including the signature.",
        )

    def _container(self, request: Request, container: str) -> Response:
        if request.method == "PUT":
            return Response(201, headers=SERVER)
        if request.method == "GET" and request.query.get("comp") == "list":
            return self._list(request, container)
        return Response(200, headers=SERVER)

    def _list(self, request: Request, container: str) -> Response:
        prefix = request.query.get("prefix", "")
        root = ET.Element("EnumerationResults", ContainerName=container.split("/", 1)[1])
        blobs = ET.SubElement(root, "Blobs")
        for name in self._store.blobs_below(f"{container}/{prefix}"):
            _, size, headers = self._store.blob(name) or ("", 0, {})
            entry = ET.SubElement(blobs, "Blob")
            ET.SubElement(entry, "Name").text = name.removeprefix(f"{container}/")
            properties = ET.SubElement(entry, "Properties")
            for key, value in (
                ("Last-Modified", headers.get("Last-Modified", "")),
                ("Etag", headers.get("ETag", "")),
                ("Content-Length", str(size)),
                ("Content-Type", headers.get("Content-Type", "application/octet-stream")),
                ("BlobType", headers.get("x-ms-blob-type", "BlockBlob")),
            ):
                ET.SubElement(properties, key).text = value
        ET.SubElement(root, "NextMarker")
        content = ET.tostring(root, encoding="utf-8", xml_declaration=True)
        return Response(200, content, {**SERVER, "Content-Type": "application/xml"})

    def _put(self, request: Request, blob: str) -> Response:
        if request.header("If-None-Match") == "*" and self._store.blob(blob):
            return failure(409, "BlobAlreadyExists", "The specified blob already exists.")
        file, size, md5 = self._receive(request)
        claimed = request.header("Content-MD5")
        if claimed and claimed != md5:
            (self._folder / file).unlink()
            return failure(
                400, "Md5Mismatch", "The MD5 value specified in the request did not match."
            )
        kind = request.header("x-ms-blob-type") or "BlockBlob"
        headers = {"x-ms-blob-type": kind, "Content-MD5": md5, **_given_headers(request)}
        return self._created(self._keep(blob, file, size, headers), {"Content-MD5": md5})

    def _put_block(self, request: Request, blob: str) -> Response:
        file, _, md5 = self._receive(request)
        (self._folder / file).replace(self._block(blob, request.query.get("blockid", "")))
        return Response(
            201, headers={**SERVER, "Content-MD5": md5, "x-ms-request-server-encrypted": "true"}
        )

    def _put_block_list(self, request: Request, blob: str) -> Response:
        wanted = [element.text or "" for element in ET.fromstring(request.body.all())]  # noqa: S314 - a flat list of ids from a client that holds the signature; expat expands no external entities
        parts = [self._block(blob, name) for name in wanted]
        if not all(part.exists() for part in parts):
            return failure(400, "InvalidBlockList", "The specified block list is invalid.")
        file = self._new_file()
        size = 0
        with (self._folder / file).open("wb") as target:
            for part in parts:
                size += target.write(part.read_bytes())
        for part in self._folder.glob(f"{_digest(blob)}.*.block"):
            part.unlink()
        headers = {"x-ms-blob-type": "BlockBlob", **_given_headers(request)}
        return self._created(self._keep(blob, file, size, headers), {})

    def _get_block_list(self, request: Request, blob: str) -> Response:
        root = ET.Element("BlockList")
        ET.SubElement(root, "CommittedBlocks")
        waiting = ET.SubElement(root, "UncommittedBlocks")
        for part in sorted(self._folder.glob(f"{_digest(blob)}.*.block")):
            entry = ET.SubElement(waiting, "Block")
            raw = bytes.fromhex(part.name.split(".")[1])
            ET.SubElement(entry, "Name").text = base64.b64encode(raw).decode()
            ET.SubElement(entry, "Size").text = str(part.stat().st_size)
        content = ET.tostring(root, encoding="utf-8", xml_declaration=True)
        return Response(200, content, {**SERVER, "Content-Type": "application/xml"})

    def _put_metadata(self, request: Request, blob: str) -> Response:
        found = self._store.blob(blob)
        if found is None:
            return _blob_missing()
        file, size, headers = found
        kept = {name: value for name, value in headers.items() if not name.startswith("x-ms-meta-")}
        headers = self._keep(
            blob, file, size, {**kept, **_given_headers(request, only_metadata=True)}
        )
        return Response(
            200,
            headers={**SERVER, "ETag": headers["ETag"], "Last-Modified": headers["Last-Modified"]},
        )

    def _append_block(self, request: Request, blob: str) -> Response:
        found = self._store.blob(blob)
        if found is None:
            return _blob_missing()
        self.append(blob, request.body.all())
        return Response(201, headers={**SERVER, "x-ms-blob-append-offset": str(found[1])})

    def _head(self, request: Request, blob: str) -> Response:
        found = self._store.blob(blob)
        if found is None:
            return _blob_missing()
        return Response(200, headers={**_shown(found[2]), "Content-Length": str(found[1])})

    def _get(self, request: Request, blob: str) -> Response:
        found = self._store.blob(blob)
        if found is None:
            return _blob_missing()
        file, size, headers = found
        shown = _shown(headers)
        wanted = request.header("x-ms-range") or request.header("Range")
        match = re.fullmatch(r"bytes=(\d+)-(\d*)", wanted)
        if not match:
            return Response(
                200, self._pieces(file, 0, size), {**shown, "Content-Length": str(size)}
            )
        start = int(match[1])
        end = min(int(match[2]) if match[2] else size - 1, size - 1)
        if start >= size:
            return failure(
                416,
                "InvalidRange",
                "The range specified is invalid for the current size of the resource.",
                {"Content-Range": f"bytes */{size}"},
            )
        ranged = {
            "Content-Range": f"bytes {start}-{end}/{size}",
            "Content-Length": str(end - start + 1),
        }
        shown.pop("Content-MD5", None)
        return Response(206, self._pieces(file, start, end - start + 1), {**shown, **ranged})

    def _delete(self, request: Request, blob: str) -> Response:
        if self._store.blob(blob) is None:
            return _blob_missing()
        self.delete(blob)
        return Response(202, headers=SERVER)

    # Files

    def _receive(self, request: Request) -> tuple[str, int, str]:
        file = self._new_file()
        digest, size = hashlib.md5(usedforsecurity=False), 0
        target = self._folder / file
        try:
            with target.open("wb") as out:
                for piece in request.body.pieces():
                    digest.update(piece)
                    size += out.write(piece)
        except HangUp:
            target.unlink(missing_ok=True)
            raise
        return file, size, base64.b64encode(digest.digest()).decode()

    def _keep(self, blob: str, file: str, size: int, headers: dict[str, str]) -> dict[str, str]:
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

    def _created(self, headers: dict[str, str], more: dict[str, str]) -> Response:
        stamped = {"ETag": headers["ETag"], "Last-Modified": headers["Last-Modified"]}
        return Response(
            201, headers={**SERVER, **stamped, **more, "x-ms-request-server-encrypted": "true"}
        )

    def _pieces(self, file: str, start: int, length: int) -> Iterator[bytes]:
        with contextlib.closing((self._folder / file).open("rb")) as source:
            source.seek(start)
            while length > 0:
                piece = source.read(min(PIECE, length))
                if not piece:
                    raise HangUp
                length -= len(piece)
                yield piece

    def _new_file(self) -> str:
        return f"{secrets.token_hex(16)}.blob"

    def _block(self, blob: str, block_id: str) -> Path:
        return self._folder / f"{_digest(blob)}.{base64.b64decode(block_id).hex()}.block"


def failure(
    status: int, code: str, message: str, headers: dict[str, str] | None = None
) -> Response:
    """Make an error answer as storage writes it."""
    root = ET.Element("Error")
    ET.SubElement(root, "Code").text = code
    ET.SubElement(root, "Message").text = message
    content = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return Response(
        status,
        content,
        {**SERVER, "Content-Type": "application/xml", "x-ms-error-code": code, **(headers or {})},
    )


def _blob_missing() -> Response:
    return failure(404, "BlobNotFound", "The specified blob does not exist.")


def _digest(blob: str) -> str:
    return hashlib.sha256(blob.encode()).hexdigest()[:32]


def _given_headers(request: Request, *, only_metadata: bool = False) -> dict[str, str]:
    given = {name.lower(): value for name, value in request.headers.items()}
    kept = {name: value for name, value in given.items() if name.startswith("x-ms-meta-")}
    if not only_metadata:
        kind = given.get("x-ms-blob-content-type") or given.get("content-type")
        if kind:
            kept["Content-Type"] = kind
    return kept


def _shown(headers: dict[str, str]) -> dict[str, str]:
    fixed = {
        "Accept-Ranges": "bytes",
        "x-ms-lease-state": "available",
        "x-ms-lease-status": "unlocked",
        "x-ms-server-encrypted": "true",
    }
    return {**SERVER, **fixed, **headers}
