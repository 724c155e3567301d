"""Where a Dockerfile's sources lead inside the context: globs expanded, links followed.

A link that a source passes through is taken as a link and its target is taken too, both
inside the context (`..` and `/` stop at its root), as BuildKit does. Links deeper inside
a folder stay what they are.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from ..errors import ContextError
from . import gopath
from .ignore import IgnoreRules
from .reading import unreadable

_MOST_LINKS = 255  # as many as BuildKit follows


def expand(
    root: Path, sources: tuple[str, ...], rules: IgnoreRules
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The paths below `root` that `sources` name ("" is all of it), none below another, and
    the sources that name nothing. Raises ContextError for a malformed glob.
    """
    reach = _Reach(root, rules)
    missing = tuple(source for source in sources if not reach.add(source))
    paths = [] if "" not in reach.found else [""]
    for path in sorted(reach.found - {""}) if not paths else ():
        if not any(above in reach.found for above in parents(path)):
            paths.append(path)
    return tuple(paths), missing


def parents(path: str) -> Iterator[str]:
    """The folders above `path`, nearest first, without the root."""
    above = path.rpartition("/")[0]
    while above:
        yield above
        above = above.rpartition("/")[0]


class _Reach:
    def __init__(self, root: Path, rules: IgnoreRules) -> None:
        self._root = root
        self._rules = rules
        self.found: set[str] = set()

    def add(self, source: str) -> bool:
        """Take what `source` names; False where that is nothing."""
        parts = [part for part in gopath.clean("/" + source).split("/") if part]
        try:
            for part in parts:
                gopath.matcher(part)
        except gopath.BadPatternError as error:
            raise ContextError(
                f"The source {source!r} is not a pattern: {error}.",
                hint="Write [[] for a bracket that belongs to the name.",
            ) from error
        return self._follow("", parts, _MOST_LINKS)

    def _follow(self, at: str, rest: list[str], links: int) -> bool:
        """Go on from the folder `at` along `rest`; whether anything is there."""
        while rest and rest[0] != "**" and not gopath.has_wildcard(rest[0]):
            path, rest = _join(at, gopath.unescape(rest[0])), rest[1:]
            target = self._target(path)
            if target is None:
                if not self._is_there(path, rest):
                    return False
                at = path
                continue
            if not links:
                raise ContextError(
                    f"{path} in the build context is a link that leads through too many others.",
                    hint="Links that point at each other never end: remove one of them.",
                )
            self.found.add(path)
            at, rest, links = "", _parts(path, target) + rest, links - 1
        if not rest:
            self.found.add(at)
            return True
        if rest[0] == "**":
            return self._follow_any_depth(at, rest[1:], links)
        match = gopath.matcher(rest[0]).fullmatch
        names = [entry.name for entry in self._entries(at) if match(entry.name)]
        found = [self._follow(at, [gopath.escape(name), *rest[1:]], links) for name in names]
        return any(found)

    def _follow_any_depth(self, at: str, rest: list[str], links: int) -> bool:
        found = self._follow(at, rest, links)
        for entry in self._entries(at):
            path = _join(at, entry.name)
            if not entry.is_dir(follow_symlinks=False):
                continue
            if not (self._rules.excluded(path) and self._rules.may_prune(path)):
                found = self._follow_any_depth(path, rest, links) or found
        return found

    def _target(self, path: str) -> str | None:
        """What a link says; None for what is no link."""
        place = self._root / path
        try:
            return os.readlink(place) if place.is_symlink() else None  # noqa: PTH115  # as stored
        except OSError as error:
            raise unreadable(path, error) from error

    def _is_there(self, path: str, rest: list[str]) -> bool:
        place = self._root / path
        return place.is_dir() if rest else os.path.lexists(place)

    def _entries(self, folder: str) -> list[os.DirEntry[str]]:
        try:
            with os.scandir(self._root / folder) as listing:
                return sorted(listing, key=lambda entry: entry.name)
        except OSError as error:
            raise unreadable(folder or ".", error) from error


def _parts(link: str, target: str) -> list[str]:
    """Where a link at `link` leads, below the root, in parts that stand for themselves."""
    if not target.startswith("/"):
        target = f"/{link.rpartition('/')[0]}/{target}"
    return [gopath.escape(part) for part in gopath.clean("/" + target).split("/") if part]


def _join(folder: str, name: str) -> str:
    return f"{folder}/{name}" if folder else name
