"""Where the context's files land in the image, as far as COPY and ADD tell."""

from __future__ import annotations

import bisect
import posixpath
import re
from collections.abc import Iterator
from functools import cached_property, lru_cache
from operator import attrgetter
from typing import TYPE_CHECKING, NamedTuple

from ..context.gopath import BadPatternError, matcher
from ..context.manifest import ContextEntry, ContextManifest, Dropped
from ..dockerfile.facts import Copy
from ..dockerfile.model import Flag
from ..patterns import pattern
from .diagnostic import Severity

if TYPE_CHECKING:
    from .shell import Command
    from .steps import Step
    from .subject import Subject

_FOLDERS = pattern(
    r"\$\{?(?:AML_APP_ROOT|AZUREML_MODEL_DIR)", needs=("AML_APP_ROOT", "AZUREML_MODEL_DIR")
)
_PATH = attrgetter("path")
_WILDCARD = pattern(r"[*?\[]", needs=("*", "?", "["))
_CLASSIC = ("classic", "acr-quick")
_ARCHIVES = (".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz")


class Landed(NamedTuple):
    """A file of the context and its path in the image."""

    context_path: str
    image_path: str
    size: int
    copy: Copy


def clean_source(source: str) -> str:
    """A source as a path below the context; "" is the context itself."""
    cleaned = posixpath.normpath("/" + source).lstrip("/")
    return "" if cleaned == "." else cleaned


def is_remote(source: str) -> bool:
    """Whether ADD fetches it from somewhere else."""
    return source.startswith(("http://", "https://", "git@", "git://", "ssh://"))


def is_glob(source: str) -> bool:
    """Whether it is a pattern."""
    return "*" in source or "?" in source or "[" in source


def is_open(source: str) -> bool:
    """Whether it still holds a variable or a template, so that nothing is certain of it."""
    return "$" in source or "{{" in source or source.startswith("<<")


def _unsure(source: str) -> bool:
    """Whether more than the paths of the context decides which files it brings."""
    deep = "**" in source.split("/")
    return deep or is_open(source) or is_remote(source) or source.endswith(_ARCHIVES)


class Places:
    """The landing of a subject's copies. Needs the manifest; without it nothing is known."""

    def __init__(self, subject: Subject) -> None:
        self._subject = subject
        self._known: dict[str, bool] = {}

    @cached_property
    def landed(self) -> dict[str, Landed]:
        """The files by their path in the image; a later copy hides an earlier one."""
        return {
            landed.image_path: landed
            for copy in self._subject.copies
            for landed in self._of_copy(copy)
        }

    def complete(self, folder: str = "/") -> bool:
        """Whether every file that copies put below a folder is known: only plain copies from
        the context reach it. /tmp is nobody's final place, so it never counts."""
        if self._subject.manifest is None:
            return False
        return all(
            copy.origin == "context" and not any(map(_unsure, copy.sources))
            for copy in self._subject.copies
            if _overlap(copy.destination, folder) and not copy.destination.startswith("/tmp/")  # noqa: S108  # a place in the image
        )

    @cached_property
    def _by_instruction(self) -> dict[int, list[Landed]]:
        found: dict[int, list[Landed]] = {}
        for landed in self.landed.values():
            found.setdefault(landed.copy.instruction, []).append(landed)
        return found

    def of(self, copy: Copy) -> list[Landed]:
        """The files that a copy's instruction puts into the image for good."""
        return self._by_instruction.get(copy.instruction, [])

    def of_any(self, copy: Copy) -> tuple[Landed, ...]:
        """The files that a copy of any stage puts there, even where a later one hides them."""
        return tuple(self._of_copy(copy))

    def below(self, folder: str) -> tuple[Landed, ...]:
        """The files that land below a folder of the image."""
        start = folder.rstrip("/") + "/"
        return tuple(one for path, one in self.landed.items() if path.startswith(start))

    def context_path(self, image_path: str) -> str | None:
        """Which file of the context lands at a path of the image."""
        found = self.landed.get(posixpath.normpath(image_path))
        return found.context_path if found else None

    def lack(self, copy: Copy, source: str) -> Severity | None:
        """What it means that a context's source names nothing; None where it names something,
        or need not: a pattern is optional beside another source, and by itself to BuildKit."""
        manifest = self._subject.manifest
        if manifest is None or self._exists(source):
            return None
        if not is_glob(source) or _folder_missing(manifest, source):
            return "error"
        if copy.instruction in self._bringing:
            return None
        abilities = self._subject.abilities
        return "error" if abilities is not None and abilities.way in _CLASSIC else "warning"

    @cached_property
    def _bringing(self) -> set[int]:
        """The instructions with a source that is there, or is looked for by its name."""
        found: set[int] = set()
        for copy in (copy for stage in self._subject.stages for copy in stage.copies):
            if copy.instruction not in found and any(map(self._counts, copy.sources)):
                found.add(copy.instruction)
        return found

    def _counts(self, source: str) -> bool:
        return not is_glob(source) or is_open(source) or is_remote(source) or self._exists(source)

    def _exists(self, source: str) -> bool:
        """Several rules ask, and a pattern is held against every path."""
        manifest = self._subject.manifest
        if source not in self._known:
            self._known[source] = manifest is not None and source_exists(manifest, source)
        return self._known[source]

    def _of_copy(self, copy: Copy) -> Iterator[Landed]:
        manifest = self._subject.manifest
        if manifest is None or copy.origin != "context":
            return
        sources = [s for s in copy.sources if not is_remote(s)]
        into_folder = copy.destination.endswith("/") or len(sources) > 1
        start = posixpath.normpath(copy.destination)
        inside = start.rstrip("/") + "/"
        for source in sources:
            for path, rest, size in self._named(clean_source(source)):
                below = rest or (posixpath.basename(path) if into_folder else "")
                if copy.parents:
                    below = _kept(source, path)
                # A context's paths are clean already: contexts may hold tens of thousands.
                yield Landed(path, inside + below if below else start, size, copy)

    def _named(self, source: str) -> Iterator[tuple[str, str, int]]:
        """The files that a source names, each with its path below that ("" for the file itself)
        and its size."""
        files = self._files
        if is_glob(source):
            for file in files:
                if (rest := _below(file.path, source)) is not None:
                    yield file.path, rest, file.size
            return
        first, last = 0, len(files)
        if source:
            first = bisect.bisect_left(files, source, key=_PATH)
            if files[first : first + 1] and files[first].path == source:
                yield source, "", files[first].size
                return
            # "0" is the character after "/": nothing below the folder sorts behind it.
            first = bisect.bisect_left(files, source + "/", key=_PATH)
            last = bisect.bisect_left(files, source + "0", key=_PATH)
        cut = len(source) + 1 if source else 0
        for file in files[first:last]:
            yield file.path, file.path[cut:], file.size

    @cached_property
    def _files(self) -> list[ContextEntry]:
        manifest = self._subject.manifest
        return sorted(manifest.files, key=_PATH) if manifest else []


def _kept(source: str, path: str) -> str:
    from ..dockerfile.landing import kept  # a page that hardly a check needs

    return kept(source, path)


def _below(path: str, source: str) -> str | None:
    """`path` relative to what `source` names; "" for the file itself, None for neither."""
    if not source:
        return path
    if not is_glob(source):
        if path == source:
            return ""
        return path[len(source) + 1 :] if path.startswith(source + "/") else None
    named = _matchers(source)
    parts = path.split("/")
    if named is None or len(parts) < len(named):
        return None
    if not all(one.fullmatch(part) for one, part in zip(named, parts, strict=False)):
        return None
    return "/".join(parts[len(named) :])


@lru_cache(maxsize=64)
def _matchers(source: str) -> tuple[re.Pattern[str], ...] | None:
    """One for each part of a pattern, by the builder's own rules; None for one it refuses."""
    try:
        return tuple(map(matcher, source.split("/")))
    except BadPatternError:
        return None


def dropped_by(manifest: ContextManifest, path: str) -> Dropped | None:
    """The ignore rule's entry that leaves a path, or a folder above it, out."""
    for drop in manifest.dropped:
        gone = drop.path.rstrip("/")
        if path == gone or path.startswith(gone + "/"):
            return drop
    return None


def source_exists(manifest: ContextManifest, source: str) -> bool:
    """Whether a COPY source names anything that is sent."""
    path = clean_source(source)
    if path in ("", ".") or "**" in path.split("/"):
        return True
    if manifest.reach is not None:  # the context's own answer, which follows links as well
        if path in {clean_source(missing) for missing in manifest.missing}:
            return False
        if dropped_by(manifest, path) is None:
            return True
    return any(_below(entry.path, path) is not None for entry in manifest.entries)


def _folder_missing(manifest: ContextManifest, pattern: str) -> bool:
    """Whether the folder above a pattern's first wildcard is certainly not sent: every builder
    goes there before it looks for a match."""
    wildcard = _WILDCARD.search(pattern)
    above = pattern[: wildcard.start() if wildcard else None].rpartition("/")[0]
    folder = clean_source(above)
    if not folder or any(_below(entry.path, folder) is not None for entry in manifest.entries):
        return False
    # Of what no source reaches, the manifest does not know whether it is there.
    whole = manifest.reach is None or "" in map(clean_source, manifest.reach)
    return whole or dropped_by(manifest, folder) is not None


def missing_sources(subject: Subject) -> bool:
    """Whether the build stops at a copy from the context for want of its source (AML050 says
    so)."""
    return any(
        subject.places.lack(copy, source) == "error"
        for copy in subject.copies
        if copy.origin == "context"
        for source in copy.sources
    )


_HARMLESS = frozenset(
    ("chown", "chmod", "mkdir", "ls", "rm", "test", "[", "stat", "find", "du", "cd", "echo", "pip")
)


def may_make(subject: Subject, folder: str) -> bool:
    """Whether something other than a COPY from the context may put files below a folder:
    a RUN that names it, a COPY from a stage or of a variable, an unknown base."""
    if not subject.serving or any(
        c.instruction in subject.open_instructions
        or (c.origin != "context" and _overlap(c.destination, folder))
        for c in subject.copies
    ):
        return True
    if any("type=bind" in f.value for f in _mounts(subject) if f.value):
        return True
    return any(
        _makes(subject, step, command, folder)
        for step, command in subject.runs
        if subject.in_result(step)
    ) or any(
        folder in heredoc.body
        for step in subject.result_steps
        for heredoc in step.instruction.heredocs
    )


def _makes(subject: Subject, step: Step, command: Command, folder: str) -> bool:
    """Whether a command may make files there. It is given the benefit of every doubt."""
    if command.name in _HARMLESS and not command.redirects:
        return False
    said = subject.text[command.span.start : command.span.end]
    if folder in said or _FOLDERS.search(said):
        return True
    here = step.stage.workdir.startswith(folder)
    return here and command.name in _MAKERS and "pip" not in command.values


_MAKERS = frozenset(
    ("git", "curl", "wget", "unzip", "tar", "az", "azcopy", "ln", "mv", "cp", "python", "python3",
     "sh", "bash", "make")
)  # fmt: skip


def _mounts(subject: Subject) -> Iterator[Flag]:
    for step in subject.result_steps:
        for flag in step.instruction.flags:
            if flag.name == "mount" and flag.value:
                yield flag


def _overlap(one: str, other: str) -> bool:
    """Whether one of two folders holds the other."""
    a, b = one.rstrip("/") + "/", other.rstrip("/") + "/"
    return a.startswith(b) or b.startswith(a)
