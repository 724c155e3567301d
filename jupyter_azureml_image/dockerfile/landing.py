"""Which file of the context lies where in the image, as far as COPY and ADD put it there.

What a RUN moves or unpacks cannot be seen; neither can what ADD takes out of an archive.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Collection, Iterator, Mapping

from ..records import dataclass
from .evaluate import lineage
from .facts import Copy, Facts, StageFacts
from .globs import Glob
from .scope import in_context

_WILD = re.compile(r"(?<!\\)[*?\[]")


@dataclass(frozen=True, slots=True)
class Landing:
    """A source that may lie at the place asked for: its context path or glob (None for a
    heredoc or a download), and the instruction that copies it."""

    path: str | None
    instruction: int


def image_files(
    facts: Facts, files: Collection[str], stage: StageFacts | None = None
) -> dict[str, str]:
    """The context's files by their absolute path in the image of `stage` (the one to be built).

    `files` are paths relative to the context's root, with `/` between the parts. A later copy
    to the same place wins, as in the build.
    """
    found: dict[str, str] = {}
    tree = _Tree({path: path for path in files})
    for part in reversed(lineage(facts, stage or facts.final)):
        for copy in part.copies:
            if copy.origin == "context":
                found.update(_placed(copy, tree, found))
            elif copy.origin.isdecimal() and int(copy.origin) < part.index:
                inside = image_files(facts, files, facts.stages[int(copy.origin)])
                other = _Tree({path.lstrip("/"): origin for path, origin in inside.items()})
                found.update(_placed(copy, other, found))
    return found


def context_file(
    facts: Facts, image_path: str, files: Collection[str], stage: StageFacts | None = None
) -> str | None:
    """The context file that lies at an absolute path of the image, or None."""
    return image_files(facts, files, stage).get(posixpath.normpath(image_path))


def candidates(
    facts: Facts, image_path: str, stage: StageFacts | None = None
) -> tuple[Landing, ...]:
    """What could lie at `image_path`, where the context's files are not known; newest first."""
    wanted = posixpath.normpath(image_path)
    found: dict[Landing, None] = {}
    for part in lineage(facts, stage or facts.final):
        for copy in reversed(part.copies):
            for source in _sources_of(copy, wanted):
                if copy.origin == "context":
                    found[Landing(in_context(source), copy.instruction)] = None
                elif copy.origin in ("heredoc", "remote"):
                    found[Landing(None, copy.instruction)] = None
                elif copy.origin.isdecimal() and int(copy.origin) < part.index:
                    other = facts.stages[int(copy.origin)]
                    found.update(dict.fromkeys(candidates(facts, "/" + in_context(source), other)))
    return tuple(found)


class _Tree:
    """Paths below a root with where they come from, and the folders they imply."""

    def __init__(self, files: Mapping[str, str]) -> None:
        self.files = files
        self.folders: set[str] = {"."}
        for path in files:
            while (path := posixpath.dirname(path)) and path not in self.folders:
                self.folders.add(path)

    def matching(self, source: str) -> Iterator[str]:
        """The files and folders that a source names; a glob may name several."""
        if not _WILD.search(source):
            if source in self.files or source in self.folders:
                yield source
            return
        # In the order of names, as the build copies them: of two that collide the last wins.
        yield from sorted(filter(_matches(source), (*self.files, *self.folders)))


def _placed(copy: Copy, tree: _Tree, there: Mapping[str, str]) -> dict[str, str]:
    """Where the files that `copy` takes out of `tree` come to lie."""
    base = copy.destination.rstrip("/")
    into = copy.destination.endswith("/") or any(path.startswith(base + "/") for path in there)
    found: dict[str, str] = {}
    for source in copy.sources:
        for match in tree.matching(in_context(source)):
            folders = kept(source, match) if copy.parents else ""
            if match in tree.files:
                name = folders or (posixpath.basename(match) if into else "")
                found[posixpath.join(base or "/", name) if name else base] = tree.files[match]
                continue
            inside = "" if match == "." else match + "/"
            for path, origin in tree.files.items():
                if path.startswith(inside):
                    rest = path[len(inside) :]
                    found[posixpath.join(base or "/", folders, rest)] = origin
    return found


def kept(source: str, path: str) -> str:
    """The part of a path that `--parents` keeps: all of it, or what follows a `/./`. `path` is
    what the source names, or a file below that."""
    before, pivot, _ = source.partition("/./")
    above = in_context(before) if pivot else "."
    return path if above == "." else "/".join(path.split("/")[above.count("/") + 1 :])


def _sources_of(copy: Copy, wanted: str) -> Iterator[str]:
    """The sources of `copy` that could end up at the path `wanted`."""
    base = copy.destination.rstrip("/")
    for source in reversed(copy.sources):
        plain = posixpath.normpath(source)
        if wanted == (base or "/") and copy.destination != "/":
            yield source
        elif wanted.startswith(base + "/"):
            rest = wanted[len(base) + 1 :]
            name, leaf = rest.split("/")[0], posixpath.basename(plain)
            if copy.parents:
                yield rest
            elif copy.origin == "heredoc":
                if rest == leaf:
                    yield source
            elif _WILD.search(source) or (rest == leaf and "." in leaf.lstrip(".")):
                yield source
            elif name:
                yield posixpath.join(source, rest)


def _matches(pattern: str) -> Callable[[str], bool]:
    """Go's `filepath.Match`: part by part, because nothing matches a slash."""
    globs = [_glob(part) for part in pattern.split("/")]

    def matches(path: str) -> bool:
        parts = path.split("/")
        return len(parts) == len(globs) and all(
            glob.full(part) for glob, part in zip(globs, parts, strict=True)
        )

    return matches


def _glob(pattern: str) -> Glob:
    made: list[str] = []
    for part in re.findall(r"\\.|\[\^?\]?(?:\\.|[^\]])*\]|.", pattern, re.DOTALL):
        if part in ("*", "?"):
            made.append("*" if part == "*" else ".")
        elif part[0] == "[" and len(part) > 2:
            # Python would take these for operations on sets.
            made.append("[" + re.sub(r"(?<!\\)[\[&~|]", r"\\\g<0>", part[1:-1]) + "]")
        else:
            made.append(re.escape(part[-1]))
    try:
        return Glob.of(made)
    except re.error:
        return Glob.of(map(re.escape, pattern))
