"""The third way: Azure ML builds the image itself, from a context in the workspace's store.

For teams whose policy wants it so. What is uploaded is our manifest, file by file, never the
folder as the SDK would read it (it obeys `.amlignore` or `.gitignore`, not `.dockerignore`).
Azure ML builds when the environment is first used: there is no log, no digest, no rehearsal.
"""

from __future__ import annotations

import hashlib
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from ..build import shipment
from ..build.ports import Abilities, BuildJob, BuiltImage, RunToken
from ..build.run import BackgroundRun
from ..build.shipment import Shipment
from ..context.manifest import ContextEntry
from ..context.reading import ContextChanged, opened
from ..errors import BuilderUnavailable, Cancelled, ContextError
from ..events import Emit, Note, Transfer
from ..plan.registration import ContextPlace
from ..plan.request import Recipe
from .datastore import Datastore, default_datastore
from .translate import translated

if TYPE_CHECKING:
    from .connection import Connection

_AT_ONCE = 4
LOST = (
    "Azure ML builds this image when the environment is first used: its log is in the studio "
    "only, its digest is not known, and it is not rehearsed."
)


class AzureMlBuilder:
    """Uploads the context; implements `build.ports.Builder`. The image it gives has neither id
    nor digest: its reference is the context's address (see `ContextPlace.of`)."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    @property
    def abilities(self) -> Abilities:
        """The plain syntax: which builder Azure ML uses is not documented."""
        return Abilities("azureml", "azureml", f"Azure ML in {self._connection.facts.name}")

    def start(self, job: BuildJob, emit: Emit) -> BackgroundRun:
        """Begin the upload. Raises BuilderUnavailable or ContextError for what Azure ML's build
        cannot be given."""
        _check(job.recipe)
        sent = shipment.of(job)
        _check_files(sent)

        def work(cancelled: threading.Event) -> BuiltImage:
            place = _upload(default_datastore(self._connection), sent, emit, cancelled)
            emit(Note(LOST, "warning"))
            return BuiltImage(None, place.uri + place.dockerfile, size=sent.manifest.size)

        return BackgroundRun(RunToken("azureml"), work, lambda: None)

    def attach(self, token: RunToken, emit: Emit) -> BackgroundRun:
        """Never possible: an upload ends with its process. Raises BuilderUnavailable."""
        raise BuilderUnavailable(
            "That upload ended with the kernel that began it; nothing was registered.",
            hint="Run the cell again: files that arrived are not sent again.",
            code="not-started",
        )


def _check(recipe: Recipe) -> None:
    given = [
        flag
        for flag, value in (
            ("--build-arg", recipe.build_args),
            ("--target", recipe.target),
            ("--secret", recipe.secrets),
            ("--network", recipe.network),
        )
        if value
    ]
    if recipe.platform != "linux/amd64":
        given.append("--platform")
    if given:
        raise BuilderUnavailable(
            f"Azure ML's own build takes no {' and no '.join(given)}.",
            hint="Write it into the Dockerfile, or build with --build acr.",
            code="builder-lacks",
        )


def _check_files(sent: Shipment) -> None:
    links = [entry.path for entry in sent.manifest.entries if entry.kind == "link"]
    if links:
        raise ContextError(
            f"{links[0]} is a symbolic link, and the workspace's store knows none.",
            hint="Put the file itself there, leave it out with .dockerignore, or use --build acr.",
        )


def _upload(
    store: Datastore, sent: Shipment, emit: Emit, cancelled: threading.Event
) -> ContextPlace:
    """Send every file, the Dockerfile last: where that lies, everything else does too."""
    text = sent.text.encode("utf-8", "surrogateescape")
    folder = f"azureml-image/{_name(sent, text)}"
    place = ContextPlace(store.url(folder), sent.dockerfile)
    files = sent.manifest.files
    doing = f"uploading the build context to {store.account_url}"
    with translated(doing), store.client() as client:
        if client.get_blob_client(f"{folder}/{sent.dockerfile}").exists():
            emit(Note("The same context lies in the workspace's store already."))
            return place
        emit(Note(f"Uploading {len(files)} files to {place.uri}"))
        _send(client, f"{folder}/{sent.folder}".rstrip("/"), sent, emit, cancelled)
        client.upload_blob(f"{folder}/{sent.dockerfile}", text, overwrite=True)
    if any(entry.mode & 0o111 for entry in files):
        emit(Note("The store keeps no permissions: files that were executable are not.", "warning"))
    return place


def _name(sent: Shipment, text: bytes) -> str:
    return hashlib.sha256(sent.manifest.digest.encode() + text).hexdigest()[:32]


def _send(client: Any, folder: str, sent: Shipment, emit: Emit, cancelled: threading.Event) -> None:
    total, done = sent.manifest.size, 0
    with ThreadPoolExecutor(_AT_ONCE) as pool:

        def one(entry: ContextEntry) -> int:
            if cancelled.is_set():
                raise Cancelled("The upload was stopped; nothing was registered.")
            _send_file(client, f"{folder}/{entry.path}", sent.manifest.root, entry)
            return entry.size

        for size in pool.map(one, sent.manifest.files):
            done += size
            emit(Transfer("upload", done, total))


def _send_file(client: Any, name: str, root: str, entry: ContextEntry) -> None:
    """Send one file, exactly as the manifest's digest names it."""
    with opened(root, entry.path) as descriptor, open(descriptor, "rb", closefd=False) as content:
        reader = _Hashed(content)
        client.upload_blob(name, reader, length=entry.size, overwrite=True)
    if reader.hexdigest() != entry.digest:
        client.delete_blob(name)
        raise ContextChanged(entry.path)


class _Hashed:
    """A file that is hashed while it is read."""

    def __init__(self, content: Any) -> None:
        self._content = content
        self._hasher = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        """The next bytes."""
        block: bytes = self._content.read(size)
        self._hasher.update(block)
        return block

    def hexdigest(self) -> str:
        """SHA-256 of what was read."""
        return self._hasher.hexdigest()
