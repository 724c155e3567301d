"""What the engine's own API is sent: the archive, with the Dockerfile where COPY cannot see it.

The engine wants the Dockerfile inside the archive, but a cell's Dockerfile is not part of
the context, and `COPY . /app` must not pick it up. Neither builder of the API keeps it out
by itself (BuildKit ignores an archive's `.dockerignore`, the classic builder only that of
the user). So where an instruction reaches the context's root, everything else is sent one
folder deeper and the sources are written accordingly; lines keep their numbers.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass

from ..context import archive
from ..context.manifest import ContextManifest
from ..dockerfile.model import Dockerfile, Flag, Word
from ..dockerfile.mounts import mounts

_NAME = ".azureml-image.Dockerfile"
_FOLDER = "context"
_SOURCE = re.compile(r"(?:(?<=[,=])|(?<=,\"))(?:source|src)=", re.I)
_ADDRESS = ("http://", "https://", "ftp://", "git@", "git://", "ssh://")


@dataclass(frozen=True, slots=True)
class Shipment:
    """`dockerfile` is its path inside the archive; `size` the archive's, nearly, in bytes."""

    dockerfile: str
    text: str
    manifest: ContextManifest
    folder: str = ""

    @property
    def size(self) -> int:
        """About how many bytes will be sent."""
        return self.manifest.size + 1024 * len(self.manifest.entries)

    def as_written(self, words: str) -> str:
        """A builder's words, with sources as the Dockerfile writes them."""
        return words.replace(f"{self.folder}/", "") if self.folder else words

    def pieces(self) -> Iterator[bytes]:
        """The archive; raises ContextChanged where a file is not what the manifest says."""
        extra = {self.dockerfile: self.text.encode("utf-8", "surrogateescape")}
        return archive.pack(self.manifest, extra, folder=self.folder)


def prepare(dockerfile: Dockerfile, manifest: ContextManifest, path: str | None) -> Shipment:
    """How `dockerfile` and the context are sent; `path` is where it was read from."""
    text = dockerfile.text
    own = _own_place(text, manifest, path)
    if own is not None:
        return Shipment(own, text, manifest)
    if not any(_reaches_root(source) for source, _ in _sources(dockerfile)):
        return Shipment(_NAME, text, manifest)
    for at, words in sorted((edit for _, edit in _sources(dockerfile)), reverse=True):
        text = text[:at] + words + text[at:]
    return Shipment(_NAME, text, manifest, _FOLDER)


def _own_place(text: str, manifest: ContextManifest, path: str | None) -> str | None:
    """The path of a Dockerfile that is sent anyway, as the text that is built."""
    import hashlib
    from pathlib import Path

    if path is None:
        return None
    try:
        inside = Path(path).resolve().relative_to(manifest.root).as_posix()
    except (OSError, ValueError):
        return None
    digest = hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()
    sent = (entry.path for entry in manifest.files if entry.digest == digest)
    return inside if inside in sent else None


Edit = tuple[int, str]


def _sources(dockerfile: Dockerfile) -> list[tuple[str, Edit]]:
    """Every context source with the edit that moves it one folder down."""
    found: list[tuple[str, Edit]] = []
    for instruction in dockerfile.instructions:
        keyword = instruction.keyword.upper()
        if keyword in ("COPY", "ADD") and instruction.flag("from") is None:
            found += [
                (word.value, _before(dockerfile, word))
                for word in instruction.words[:-1]
                if not word.value.startswith(("<<", *_ADDRESS))
            ]
        elif keyword == "RUN":
            found += [
                (mount.source, _moved(dockerfile, mount.flag))
                for mount in mounts(instruction)
                if mount.kind == "bind" and not mount.origin
            ]
    return found


def _before(dockerfile: Dockerfile, word: Word) -> Edit:
    quoted = dockerfile.text[word.span.start] in "\"'"
    return word.span.start + quoted, f"{_FOLDER}/"


def _moved(dockerfile: Dockerfile, flag: Flag) -> Edit:
    raw = dockerfile.text[flag.span.start : flag.span.end]
    named = _SOURCE.search(raw)
    if named is None:
        return flag.span.end, f",source={_FOLDER}"
    return flag.span.start + named.end(), f"{_FOLDER}/"


def _reaches_root(source: str) -> bool:
    """Whether a source may name the root itself, or a glob or variable may match our file."""
    first = posixpath.normpath("/" + source).lstrip("/").partition("/")[0]
    return first in ("", ".") or any(mark in first for mark in "*?[$")
