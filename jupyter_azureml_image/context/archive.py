"""The one archive that builders without a folder of their own are sent.

The same manifest gives the same bytes: names in order, no owners, one fixed time. Headers
are GNU tar's with whole-second times: BuildKit looks at the first 1,024 bytes only to tell
an archive from a Dockerfile, and a PAX header there hides the first real entry from it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from .deflate import blocks, gzip
from .manifest import ContextEntry, ContextManifest
from .reading import blocks_of, whole
from .tarheader import header, padding, trailer

_SMALL = 64 * 1024  # bytes


def pack(
    manifest: ContextManifest,
    extra: Mapping[str, bytes] | None = None,
    *,
    compress: bool = False,
    folder: str = "",
) -> Iterator[bytes]:
    """The archive of `manifest`, in pieces; gzip with `compress`.

    `extra` maps paths to contents that are added, or take a file's place (the Dockerfile).
    With `folder` the manifest's entries lie below it in the archive, those of `extra` do not.
    Raises ContextChanged, naming the file, where one is no longer what the manifest says.
    """
    pieces = _pieces(manifest, dict(extra or {}), folder)
    return gzip(pieces) if compress else blocks(pieces)


def _planned(
    manifest: ContextManifest, extra: Mapping[str, bytes], folder: str
) -> list[tuple[str, ContextEntry]]:
    """Each entry of the archive in order, by its path there."""
    above = f"{folder}/" if folder else ""
    planned = {above + entry.path: entry for entry in manifest.entries}
    if folder:
        planned[folder] = ContextEntry(folder, "directory", 0o755)
    for path, content in extra.items():
        planned[path] = ContextEntry(path, "file", 0o644, len(content))
    return sorted(planned.items())


def _pieces(manifest: ContextManifest, extra: Mapping[str, bytes], folder: str) -> Iterator[bytes]:
    written = 0
    for path, entry in _planned(manifest, extra, folder):
        head, tail = header(entry, path), padding(entry.size)
        if path in extra:
            yield head + extra[path] + tail
        elif entry.size <= _SMALL:
            yield head + whole(manifest, entry) + tail
        else:
            yield head
            yield from blocks_of(manifest, entry)
            yield tail
        written += len(head) + entry.size + len(tail)
    yield trailer(written)
