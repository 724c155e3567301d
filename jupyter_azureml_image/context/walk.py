"""The walk: which files, folders and links of a folder belong to the build context.

It goes only where a source can reach, and into no ignored folder that no exception can
bring something back from. A folder above something kept is kept with it.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import field
from pathlib import Path
from typing import TYPE_CHECKING

from ..records import dataclass
from .ignore import IgnoreRules, Rule
from .reach import parents
from .reading import ContextChanged, unreadable
from .stamp import Stamp, same_file, stamp_of

if TYPE_CHECKING:
    from .listed import Folder, Listings

_FOLDER = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0) | getattr(os, "O_NOFOLLOW", 0)


@dataclass(slots=True)
class Walked:
    """What a walk found; `kept` maps a path to its stamp (a link's own, not its target's).

    A dropped path that ends with `/` stands for the folder and everything below it.
    """

    kept: dict[str, Stamp] = field(default_factory=dict)
    dropped: dict[str, Rule] = field(default_factory=dict)
    skipped: list[str] = field(default_factory=list)


def walk(
    root: Path, paths: tuple[str, ...], rules: IgnoreRules, listings: Listings | None = None
) -> Walked:
    """Everything at or below `paths` that `rules` leave in ("" is the whole of `root`).

    `listings` spares folders that an earlier walk listed. Raises ContextError for a folder that
    cannot be listed. What vanishes meanwhile is left out.
    """
    return _Walk(root, rules, listings).run(paths)


class _Walk:
    def __init__(self, root: Path, rules: IgnoreRules, listings: Listings | None) -> None:
        self._root = root
        self._rules = rules
        self._listings = listings
        self._found = Walked()
        self._folders: list[str] = []

    def run(self, paths: tuple[str, ...]) -> Walked:
        for path in paths:
            if path == "":
                self._folders.append("")
                continue
            ignored = [above for above in parents(path) if self._pruned(above)]
            if ignored:
                self._drop(ignored[-1] + "/")  # the outermost
                continue
            try:
                self._visit(path, os.lstat(self._root / path))
            except FileNotFoundError:
                continue
        while self._folders:
            self._list(self._folders.pop())
        return self._found

    def _list(self, folder: str) -> None:
        stamp = self._found.kept.get(folder)
        still = self._listings.still(folder, stamp) if self._listings else None
        if still and self._again(still):
            return
        try:
            held = self._scan(folder)
        except FileNotFoundError:
            return
        except NotADirectoryError as error:
            raise ContextChanged(folder, "is no folder any more") from error
        except OSError as error:
            raise unreadable(folder or str(self._root), error) from error
        if self._listings and stamp and held:
            self._listings.keep(folder, stamp, *held)

    def _scan(self, folder: str) -> tuple[tuple[str, ...], tuple[str, ...]] | None:
        """Take what `folder` holds: its files and its folders; None where some is left out."""
        files: list[str] = []
        folders: list[str] = []
        prefix = folder + "/" if folder else ""
        # Without rules every file belongs to it, and nothing more need be asked.
        visit, kept, all_kept = self._visit, self._found.kept, not self._rules.rules
        whole = True
        with self._opened(folder) as listing:
            for entry in listing:
                try:
                    status = entry.stat(follow_symlinks=False)
                except FileNotFoundError:
                    continue
                path = prefix + entry.name
                if all_kept and stat.S_ISREG(status.st_mode):
                    kept[path] = stamp_of(status)
                else:
                    visit(path, status)
                (folders if stat.S_ISDIR(status.st_mode) else files).append(path)
                whole = whole and path in kept
        return (tuple(files), tuple(folders)) if whole else None

    @contextmanager
    def _opened(self, folder: str) -> Iterator[Iterator[os.DirEntry[str]]]:
        """What `folder` lists, and never what has taken its place since it was seen."""
        place = f"{self._root}/{folder}"
        if os.scandir not in os.supports_fd:  # Windows
            with os.scandir(place) as listing:
                yield listing
            return
        descriptor = os.open(place, _FOLDER)
        try:
            seen = self._found.kept.get(folder)
            if seen and not same_file(seen, stamp_of(os.fstat(descriptor))):
                raise ContextChanged(folder, "was replaced while it was read")
            with os.scandir(descriptor) as listing:
                yield listing
        finally:
            os.close(descriptor)

    def _again(self, folder: Folder) -> bool:
        """Take what a folder held that did not change; False where it must be listed after all:
        a device mounted over a file, or one that cannot be asked."""
        kept, root = self._found.kept, self._root
        kinds = ((folder.files, (stat.S_IFREG, stat.S_IFLNK)), (folder.folders, (stat.S_IFDIR,)))
        for paths, kind in kinds:
            for path in paths:
                try:
                    status = os.lstat(f"{root}/{path}")
                except (FileNotFoundError, NotADirectoryError):
                    continue
                except OSError:
                    return False
                if stat.S_IFMT(status.st_mode) not in kind:
                    return False
                kept[path] = stamp_of(status)
        self._folders += folder.folders
        return True

    def _visit(self, path: str, status: os.stat_result) -> None:
        decision = self._rules.decide(path)
        is_folder = stat.S_ISDIR(status.st_mode)
        if not decision.excluded:
            if is_folder:
                self._folders.append(path)
            elif not (stat.S_ISREG(status.st_mode) or stat.S_ISLNK(status.st_mode)):
                self._found.skipped.append(path)
                return
            self._keep(path, status)
        elif not is_folder:
            self._drop(path)
        elif self._rules.may_prune(path):
            self._drop(path + "/")
        else:
            self._folders.append(path)

    def _pruned(self, folder: str) -> bool:
        return self._rules.excluded(folder) and self._rules.may_prune(folder)

    def _drop(self, path: str) -> None:
        rule = self._rules.decide(path).rule
        if rule is not None:
            self._found.dropped[path] = rule

    def _keep(self, path: str, status: os.stat_result) -> None:
        # Not the whole status: a stat result takes four times the memory.
        kept = self._found.kept
        kept[path] = stamp_of(status)
        if path.rpartition("/")[0] in kept:  # as nearly always
            return
        for above in parents(path):
            if above in kept:
                break
            kept[above] = stamp_of(os.lstat(self._root / above))
