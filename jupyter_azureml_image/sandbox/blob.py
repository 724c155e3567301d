"""Blob storage over HTTP: block and append blobs, ranges and lists, behind Azure's own
signatures."""

from __future__ import annotations

import base64
import re
import xml.etree.ElementTree as ET
from collections.abc import Callable

from .blob_files import BlobFiles, Headers
from .conditions import unmet
from .names import BLOB_SUFFIX
from .sas import allows
from .web import Request, Response

SERVER = {"Server": "Windows-Azure-Blob/1.0 Microsoft-HTTPAPI/2.0", "x-ms-version": "2021-08-06"}

UNNAMEABLE = re.compile("[\x00-\x1f\x7f\ufffe\uffff]")  # what a list, which is XML, cannot hold
LONGEST_NAME = 1024
LONGEST_BLOCK_ID = 64
OF_CONTAINERS = (("PUT", ""), ("GET", ""), ("HEAD", ""), ("GET", "list"))


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
            return _not_had(request)
        wrong = self._wrong(request, name, f"{account}/{container}/{name}")
        return wrong or answer(request, f"{account}/{container}/{name}")

    def _wrong(self, request: Request, name: str, blob: str) -> Response | None:
        if UNNAMEABLE.search(name) or len(name) > LONGEST_NAME:
            message = "The specified resource name is too long or contains invalid characters."
            return failure(400, "InvalidResourceName", message)
        if request.header("x-ms-copy-source"):
            return failure(501, "NotImplemented", "The sandbox copies no blob from a URL.")
        found = self._files.find(blob)
        status = unmet(request, found[2]["ETag"] if found else "")
        if status == 304:
            return Response(304, headers={**SERVER, "x-ms-error-code": "ConditionNotMet"})
        if status == 409:
            return failure(409, "BlobAlreadyExists", "The specified blob already exists.")
        message = "The condition specified using HTTP conditional header(s) is not met."
        return failure(412, "ConditionNotMet", message) if status else None

    def _refused(self, request: Request, account: str, path: str) -> Response | None:
        if self._signed_in(request.bearer()):
            return None
        if request.header("Authorization").lower().startswith("sharedkey"):
            message = (
                "The sandbox's storage takes a shared access signature or a token, not an "
                "account key."
            )
            return failure(403, "AuthenticationFailed", message)
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
        asked = (request.method, request.query.get("comp", ""))
        if container.endswith("/") or asked not in OF_CONTAINERS:
            return _not_had(request)
        if request.method == "PUT":
            return Response(201, headers=SERVER)
        return self._list(request, container) if asked[1] else Response(200, headers=SERVER)

    def _list(self, request: Request, container: str) -> Response:
        prefix, delimiter = request.query.get("prefix", ""), request.query.get("delimiter", "")
        marked = "metadata" in request.query.get("include", "")
        root = ET.Element("EnumerationResults", ContainerName=container.split("/", 1)[1])
        blobs = ET.SubElement(root, "Blobs")
        folders: dict[str, None] = {}
        for blob in self._files.names_below(f"{container}/{prefix}"):
            name = blob.removeprefix(f"{container}/")
            head, parted, _ = name[len(prefix) :].partition(delimiter or "\0")
            if parted:
                folders[prefix + head + parted] = None
            else:
                _list_blob(blobs, name, self._files.find(blob), marked=marked)
        for folder in folders:
            ET.SubElement(ET.SubElement(blobs, "BlobPrefix"), "Name").text = folder
        ET.SubElement(root, "NextMarker")
        return _xml(200, root)

    def _put(self, request: Request, blob: str) -> Response:
        if request.header("x-ms-blob-type").lower() == "pageblob":
            return failure(501, "NotImplemented", "The sandbox keeps no page blobs.")
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
        if not _is_block_id(request.query.get("blockid", "")):
            message = (
                "Value for one of the query parameters specified in the request URI is invalid."
            )
            return failure(400, "InvalidQueryParameterValue", message)
        file, _, md5 = self._files.receive(request.body.pieces())
        self._files.keep_block(blob, request.query.get("blockid", ""), file)
        more = {"Content-MD5": md5, "x-ms-request-server-encrypted": "true"}
        return Response(201, headers={**SERVER, **more})

    def _put_block_list(self, request: Request, blob: str) -> Response:
        # a flat list of ids from a client that holds the signature; nothing external is expanded
        try:
            listed = ET.fromstring(request.body.all())  # noqa: S314  # from the owner of this sandbox
        except ET.ParseError:
            message = "XML specified is not syntactically valid."
            return failure(400, "InvalidXmlDocument", message)
        ids = [element.text or "" for element in listed]
        joined = self._files.commit(blob, ids) if all(map(_is_block_id, ids)) else None
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


def _not_had(request: Request) -> Response:
    asked = "&".join(f"{n}={request.query[n]}" for n in ("restype", "comp") if n in request.query)
    message = f"The sandbox's storage has no {request.method} {asked or 'here'}."
    return failure(501, "NotImplemented", message)


def _is_block_id(text: str) -> bool:
    try:
        return 0 < len(base64.b64decode(text, validate=True)) <= LONGEST_BLOCK_ID
    except ValueError:
        return False


def _list_blob(
    blobs: ET.Element, name: str, found: tuple[str, int, Headers] | None, *, marked: bool
) -> None:
    _, size, headers = found or ("", 0, {})
    entry = ET.SubElement(blobs, "Blob")
    ET.SubElement(entry, "Name").text = name
    properties = ET.SubElement(entry, "Properties")
    for key, value in (
        ("Last-Modified", headers.get("Last-Modified", "")),
        ("Etag", headers.get("ETag", "")),
        ("Content-Length", str(size)),
        ("Content-Type", headers.get("Content-Type", "application/octet-stream")),
        ("BlobType", headers.get("x-ms-blob-type", "BlockBlob")),
    ):
        ET.SubElement(properties, key).text = value
    if marked:
        marks = ET.SubElement(entry, "Metadata")
        for key, value in headers.items():
            if key.startswith("x-ms-meta-"):
                ET.SubElement(marks, key.removeprefix("x-ms-meta-")).text = value


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
