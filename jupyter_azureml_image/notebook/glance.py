"""The check while someone types: the validator's own rules, with what can be known at once.

No engine, registry or network is asked and no file of the context is hashed; the catalog
stands in for the base image, and the folder is listed again after a moment only.
"""

from __future__ import annotations

import os
import stat
import time
from contextlib import suppress
from dataclasses import field
from pathlib import Path

from ..catalog.catalog import KnownBases
from ..context.ignore import read_ignore_file
from ..context.manifest import ContextEntry, ContextManifest, Dropped, Kind
from ..context.reach import expand
from ..context.stamp import mode_in, size_in
from ..context.walk import Walked, walk
from ..dockerfile.evaluate import evaluate
from ..dockerfile.parse import parse
from ..errors import ImageError
from ..lint.check import CheckInput, check
from ..lint.diagnostic import Diagnostic
from ..plan.request import BuildRequest, Recipe
from ..records import dataclass

FRESH = 2.0
"""Seconds for which a listing of the context is believed."""


@dataclass(slots=True)
class Glance:
    """Checks texts against one context folder, quickly."""

    folder: str
    _listed: dict[tuple[str, ...], tuple[float, ContextManifest]] = field(default_factory=dict)

    def check(self, text: str, request: BuildRequest | None = None) -> tuple[Diagnostic, ...]:
        """The findings; none is raised, and none is there for what is not known."""
        return check(self.question(text, request))

    def question(self, text: str, request: BuildRequest | None = None) -> CheckInput:
        """What the check is asked."""
        dockerfile = parse(text)
        facts, manifest = None, None
        recipe = request.recipe if request else Recipe(text)
        with suppress(ImageError, OSError, ValueError):  # a target or folder that cannot be
            facts = evaluate(
                dockerfile,
                build_args=recipe.build_args,
                target=recipe.target,
                bases=KnownBases({}),
                platform=recipe.platform,
            )
            manifest = self._manifest(facts.context_sources)
        return CheckInput(dockerfile, facts, manifest=manifest, read=self._read, request=request)

    def look(self, text: str) -> tuple[tuple[Diagnostic, ...], ContextManifest | None]:
        """The findings, and what a build would be sent (None where that is not known yet)."""
        question = self.question(text)
        return check(question), question.manifest

    def _manifest(self, reach: tuple[str, ...] | None) -> ContextManifest | None:
        if reach is None:
            return None
        when, known = self._listed.get(reach, (0.0, None))
        if known is None or time.monotonic() - when > FRESH:
            known = _listing(Path(self.folder), reach)
            self._listed = {reach: (time.monotonic(), known)}
        return known

    def _read(self, path: str) -> bytes | None:
        try:
            return Path(self.folder, path).read_bytes()
        except OSError:
            return None


def _listing(folder: Path, reach: tuple[str, ...]) -> ContextManifest:
    """What would be sent, without the contents' digests."""
    rules = read_ignore_file(folder, None)
    paths, missing = expand(folder, reach, rules)
    walked = walk(folder, paths, rules)
    return ContextManifest(
        str(folder),
        rules.source or None,
        _entries(folder, walked),
        tuple(Dropped(path, rule.text, rule.line) for path, rule in sorted(walked.dropped.items())),
        reach,
        missing,
        tuple(sorted(walked.skipped)),
    )


def _entries(folder: Path, walked: Walked) -> tuple[ContextEntry, ...]:
    return tuple(
        ContextEntry(
            path,
            _kind(mode),
            stat.S_IMODE(mode),
            size_in(stamp) if stat.S_ISREG(mode) else 0,
            target=_target(folder / path) if stat.S_ISLNK(mode) else "",
        )
        for path, stamp in sorted(walked.kept.items())
        for mode in (mode_in(stamp),)
    )


def _target(link: Path) -> str:
    try:
        return os.readlink(link)  # noqa: PTH115  # as it is written, not made a path
    except OSError:
        return ""


def _kind(mode: int) -> Kind:
    if stat.S_ISDIR(mode):
        return "directory"
    return "link" if stat.S_ISLNK(mode) else "file"
