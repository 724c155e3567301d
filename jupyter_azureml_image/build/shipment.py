"""What the engine's own API is sent: the archive, with the Dockerfile where COPY cannot see it.

The engine wants the Dockerfile inside the archive, but a cell's Dockerfile is not part of
the context, and `COPY . /app` must not pick it up. So where an instruction reaches the
context's root, everything else is sent one folder deeper and the sources are written
accordingly; lines keep their numbers.

Sources that cannot be written anew (a base image's ONBUILD) leave one way: the classic builder
heeds a `.dockerignore` in the archive, even for that file and the Dockerfile. BuildKit does not,
and the context's own is not ours to replace; there the build is refused.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ..context import archive
from ..context.manifest import ContextManifest
from ..dockerfile.evaluate import evaluate
from ..dockerfile.facts import Facts
from ..dockerfile.model import Dockerfile
from ..dockerfile.parse import parse
from ..errors import BuilderUnavailable
from . import relocation
from .ports import BuildJob

_NAME = ".azureml-image.Dockerfile"
_FOLDER = "context"
_IGNORE = ".dockerignore"


@dataclass(frozen=True, slots=True)
class Shipment:
    """`dockerfile` is its path inside the archive; `size` the archive's, nearly, in bytes.
    `hidden`: an ignore file of ours keeps the Dockerfile, and itself, from the build."""

    dockerfile: str
    text: str
    manifest: ContextManifest
    folder: str = ""
    hidden: bool = False

    @property
    def extra(self) -> dict[str, bytes]:
        """What is sent beside the context, by its path."""
        files = {self.dockerfile: self.text.encode("utf-8", "surrogateescape")}
        if self.hidden:
            files[_IGNORE] = f"{self.dockerfile}\n{_IGNORE}\n".encode()
        return files

    @property
    def size(self) -> int:
        """About how many bytes will be sent."""
        return self.manifest.size + 1024 * len(self.manifest.entries)

    def as_written(self, words: str) -> str:
        """A builder's words, with sources as the Dockerfile writes them."""
        return words.replace(f"{self.folder}/", "") if self.folder else words

    def pieces(self) -> Iterator[bytes]:
        """The archive; raises ContextChanged where a file is not what the manifest says."""
        return archive.pack(self.manifest, self.extra, folder=self.folder)


def of(job: BuildJob, path: str | None = None, *, heeds_ignore: bool = False) -> Shipment:
    """How a job is sent; see `prepare`. Raises BuilderUnavailable."""
    recipe, dockerfile = job.recipe, parse(job.recipe.text)
    facts = evaluate(
        dockerfile,
        build_args=recipe.build_args,
        target=recipe.target,
        bases=job.bases,
        platform=recipe.platform,
    )
    return prepare(dockerfile, job.manifest, path, facts, heeds_ignore=heeds_ignore)


def prepare(
    dockerfile: Dockerfile,
    manifest: ContextManifest,
    path: str | None,
    facts: Facts | None = None,
    *,
    heeds_ignore: bool = False,
) -> Shipment:
    """How `dockerfile` and the context are sent; `path` is where it was read from, `facts` what
    it will do (without them: with no arguments, on unknown bases).

    Raises BuilderUnavailable where the Dockerfile cannot be kept out of the image.
    """
    text = dockerfile.text
    own = _own_place(text, manifest, path)
    if own is not None:
        return Shipment(own, text, manifest)
    facts = facts or evaluate(dockerfile)
    taken = relocation.context_sources(facts)
    if not any(relocation.reaches_root(dockerfile, source) for source in taken):
        return Shipment(_NAME, text, manifest)
    base = next((facts.stages[one.stage].base for one in taken if one.span is None), None)
    try:
        if base is None:
            moved = relocation.moved(dockerfile, facts, _FOLDER)
            return Shipment(_NAME, moved, manifest, _FOLDER)
        why = f"The base image {base} copies from the context by itself (ONBUILD)"
    except relocation.Unmovable as unmovable:
        why = f"The source {unmovable} cannot be written for a context that lies deeper"
    if heeds_ignore and not any(entry.path == _IGNORE for entry in manifest.entries):
        return Shipment(_NAME, text, manifest, hidden=True)
    raise _would_be_copied(why, ignore_file=heeds_ignore)


def _would_be_copied(why: str, *, ignore_file: bool) -> BuilderUnavailable:
    hint = "Build with buildx, which is sent the Dockerfile apart from the context."
    if ignore_file:
        hint = (
            "Add the line .dockerignore to the .dockerignore: one of the run's own hides it then."
        )
    return BuilderUnavailable(
        f"{why}, and this builder would copy the Dockerfile along.",
        hint=hint,
        code="builder-lacks",
    )


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
