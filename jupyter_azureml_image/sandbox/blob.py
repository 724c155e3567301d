"""Blob storage over HTTP: block and append blobs, ranges and lists, behind Azure's own
signatures."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Callable

from .blob_files import BlobFiles, Headers
from .names import BLOB_SUFFIX
from .sas import allows
from .web import Request, Response

SERVER = {"Server": "Windows-Azure-Blob/1.0 Microsoft-HTTPAPI/2.0", "x-ms-version": "2021-08-06"}


class BlobService:
    """Answers at `<account>.blob.core.windows.net`."""

    def __init__(self, files: BlobFiles, key: str, signed_in: Callable[[str], bool]) -> None:
        self._files = files
        self._key = key
        self._signed_in = signed_in
        self._answers: dict[tuple[str, str], Callable[[Request, str], Response]] = {
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

    def __call__(self, request: Request) -> Response:
        """Answer one request to a storage host."""
        account = request.host.removesuffix(BLOB_SUFFIX)
        container, _, name = request.path.lstrip("/").partition("/")
        refused = self._refused(request, account, f"{container}/{name}")
        if refused:
            return refused
        if not name:
            return self._container(request, f"{account}/{container}")
        answer = self._answers.get((request.method, request.query.get("comp", "")))
        if answer is None:
            message = "The resource doesn't support the specified Http Verb."
            return failure(405, "UnsupportedHttpVerb", message)
        return answer(request, f"{account}/{container}/{name}")

    def _refused(self, request: Request, account: str, path: str) -> Response | None:
        if self._signed_in(request.bearer()):
            return None
        wanted = {"GET": "r", "HEAD": "r", "DELETE": "d"}.get(request.method, "c")
        if request.query.get("comp") == "list":
            wanted = "l"
        if "sig" not in request.query:
            message = "Public access is not permitted on this storage account."
            return failure(409, "PublicAccessNotPermitted", message)
        if allows(account, self._key, path, request.query, wanted):
            return None
        message = (
            "Server failed to authenticate the request. Make sure the value of Authorization "
            "header is formed correctly including the signature."
        )
        return failure(403, "AuthenticationFailed", message)

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
        for name in self._files.names_below(f"{container}/{prefix}"):
            _, size, headers = self._files.find(name) or ("", 0, {})
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
        return _xml(200, root)

    def _put(self, request: Request, blob: str) -> Response:
        if request.header("If-None-Match") == "*" and self._files.find(blob):
            return failure(409, "BlobAlreadyExists", "The specified blob already exists.")
        file, size, md5 = self._files.receive(request.body.pieces())
        claimed = request.header("Content-MD5")
        if claimed and claimed != md5:
            self._files.discard(file)
            message = "The MD5 value specified in the request did not match."
            return failure(400, "Md5Mismatch", message)
        kind = request.header("x-ms-blob-type") or "BlockBlob"
        headers = {"x-ms-blob-type": kind, "Content-MD5": md5, **_given(request)}
        return _created(self._files.keep(blob, file, size, headers), {"Content-MD5": md5})

    def _put_block(self, request: Request, blob: str) -> Response:
        file, _, md5 = self._files.receive(request.body.pieces())
        self._files.keep_block(blob, request.query.get("blockid", ""), file)
        more = {"Content-MD5": md5, "x-ms-request-server-encrypted": "true"}
        return Response(201, headers={**SERVER, **more})

    def _put_block_list(self, request: Request, blob: str) -> Response:
        # a flat list of ids from a client that holds the signature; nothing external is expanded
        listed = ET.fromstring(request.body.all())  # noqa: S314
        joined = self._files.commit(blob, [element.text or "" for element in listed])
        if joined is None:
            return failure(400, "InvalidBlockList", "The specified block list is invalid.")
        headers = {"x-ms-blob-type": "BlockBlob", **_given(request)}
        return _created(self._files.keep(blob, *joined, headers), {})

    def _get_block_list(self, request: Request, blob: str) -> Response:
        root = ET.Element("BlockList")
        ET.SubElement(root, "CommittedBlocks")
        waiting = ET.SubElement(root, "UncommittedBlocks")
        for name, size in self._files.blocks(blob):
            entry = ET.SubElement(waiting, "Block")
            ET.SubElement(entry, "Name").text = name
            ET.SubElement(entry, "Size").text = str(size)
        return _xml(200, root)

    def _put_metadata(self, request: Request, blob: str) -> Response:
        found = self._files.find(blob)
        if found is None:
            return _missing()
        file, size, headers = found
        kept = {name: v for name, v in headers.items() if not name.startswith("x-ms-meta-")}
        marked = {**kept, **_given(request, only_metadata=True)}
        after = self._files.keep(blob, file, size, marked)
        stamped = {"ETag": after["ETag"], "Last-Modified": after["Last-Modified"]}
        return Response(200, headers={**SERVER, **stamped, "x-ms-request-server-encrypted": "true"})

    def _append_block(self, request: Request, blob: str) -> Response:
        found = self._files.find(blob)
        if found is None:
            return _missing()
        self._files.append(blob, request.body.all())
        return Response(201, headers={**SERVER, "x-ms-blob-append-offset": str(found[1])})

    def _head(self, request: Request, blob: str) -> Response:
        found = self._files.find(blob)
        if found is None:
            return _missing()
        return Response(200, headers={**_shown(found[2]), "Content-Length": str(found[1])})

    def _get(self, request: Request, blob: str) -> Response:
        found = self._files.find(blob)
        if found is None:
            return _missing()
        file, size, headers = found
        shown = _shown(headers)
        wanted = request.header("x-ms-range") or request.header("Range")
        match = re.fullmatch(r"bytes=(\d+)-(\d*)", wanted)
        if not match:
            whole = {**shown, "Content-Length": str(size)}
            return Response(200, self._files.read(file, 0, size), whole)
        start = int(match[1])
        end = min(int(match[2]) if match[2] else size - 1, size - 1)
        if start >= size:
            message = "The range specified is invalid for the current size of the resource."
            return failure(416, "InvalidRange", message, {"Content-Range": f"bytes */{size}"})
        length = end - start + 1
        ranged = {"Content-Range": f"bytes {start}-{end}/{size}", "Content-Length": str(length)}
        shown.pop("Content-MD5", None)
        return Response(206, self._files.read(file, start, length), {**shown, **ranged})

    def _delete(self, request: Request, blob: str) -> Response:
        if self._files.find(blob) is None:
            return _missing()
        self._files.delete(blob)
        return Response(202, headers=SERVER)


def failure(status: int, code: str, message: str, more: Headers | None = None) -> Response:
    """Make an error answer as storage writes it."""
    root = ET.Element("Error")
    ET.SubElement(root, "Code").text = code
    ET.SubElement(root, "Message").text = message
    return _xml(status, root).with_headers({"x-ms-error-code": code, **(more or {})})


def _missing() -> Response:
    return failure(404, "BlobNotFound", "The specified blob does not exist.")


def _xml(status: int, root: ET.Element) -> Response:
    content = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return Response(status, content, {**SERVER, "Content-Type": "application/xml"})


def _created(headers: Headers, more: Headers) -> Response:
    stamped = {"ETag": headers["ETag"], "Last-Modified": headers["Last-Modified"]}
    encrypted = {"x-ms-request-server-encrypted": "true"}
    return Response(201, headers={**SERVER, **stamped, **more, **encrypted})


def _given(request: Request, *, only_metadata: bool = False) -> Headers:
    given = {name.lower(): value for name, value in request.headers.items()}
    kept = {name: value for name, value in given.items() if name.startswith("x-ms-meta-")}
    if not only_metadata:
        kind = given.get("x-ms-blob-content-type") or given.get("content-type")
        if kind:
            kept["Content-Type"] = kind
    return kept


def _shown(headers: Headers) -> Headers:
    fixed = {
        "Accept-Ranges": "bytes",
        "x-ms-lease-state": "available",
        "x-ms-lease-status": "unlocked",
        "x-ms-server-encrypted": "true",
    }
    return {**SERVER, **fixed, **headers}
