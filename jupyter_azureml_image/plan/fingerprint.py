"""The fingerprint: what decides an image's content, in named parts that can be compared.

Two requests with one fingerprint give one image. Not in it: where it is built, its name,
tags and description, `--no-cache`, secrets.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from itertools import zip_longest

from ..context.manifest import ContextEntry, ContextManifest
from ..records import dataclass
from .request import Recipe, without_password

# Changed only when the meaning of a part changes: a new mark builds everything anew.
_MARK = "jupyter-azureml-image fingerprint 2"
_MOST = 4  # changes that a sentence names
_DIGITS = 32  # hexadecimal digits kept of each part's SHA-256


Parts = tuple[tuple[str, str], ...]
"""Names and digests, sorted by name."""


@dataclass(frozen=True)  # no slots: the value, which a run asks for five times, is kept
class Fingerprint:
    """The parts. `dockerfile` and the values of `build_args` are digests of the text.

    `listing` holds each path of the context (a folder's ends with `/`) with kind letter, mode
    and content digest behind `//`, ended by NUL: one text, as there may be tens of thousands.
    `bases` holds each base's reference with its digest, "" where unknown.
    """

    dockerfile: str
    listing: str = ""
    build_args: Parts = ()
    target: str | None = None
    platform: str = "linux/amd64"
    bases: Parts = ()

    @cached_property
    def value(self) -> str:
        """The SHA-256 over all parts, in hexadecimal."""
        parts = (
            _MARK,
            self.dockerfile,
            _short(self.listing),
            self.build_args,
            self.target,
            self.platform,
            self.bases,
        )
        import hashlib

        return hashlib.sha256(json.dumps(parts, separators=(",", ":")).encode()).hexdigest()

    @property
    def version(self) -> str:
        """The version an image gets by default: the first twelve digits."""
        return self.value[:12]

    def sentence_since(self, old: Fingerprint) -> str:
        """What changed since `old`, as one sentence: a few changes by name, the rest counted."""
        found = differences(old, self)
        if not found:
            return "nothing changed"
        most = len(found) if len(found) <= _MOST else _MOST - 1
        rest = f" and {len(found) - most} more changes" if len(found) > most else ""
        return f"{', '.join(found[:most])}{rest}; everything else is the same"


def fingerprint_of(
    recipe: Recipe, manifest: ContextManifest, bases: Mapping[str, str | None]
) -> Fingerprint:
    """The fingerprint of `recipe` with what is sent and the bases' digests (None: unknown)."""
    build_args = dict(recipe.build_args)  # given twice, the last one counts, as for Docker
    return Fingerprint(
        dockerfile=_short(recipe.text),
        listing="".join([_file(entry) for entry in manifest.entries]),
        build_args=tuple(
            # Who is signed in at an address does not decide what comes from there.
            (name, _short(f"{name}={without_password(value)}"))
            for name, value in sorted(build_args.items())
        ),
        target=recipe.target,
        platform=recipe.platform,
        bases=tuple((reference, digest or "") for reference, digest in sorted(bases.items())),
    )


def differences(old: Fingerprint, new: Fingerprint) -> tuple[str, ...]:
    """What `new` has that `old` has not, each as a few words; empty where they are the same."""
    return tuple(_differences(old, new))


def _differences(old: Fingerprint, new: Fingerprint) -> Iterator[str]:
    if old.dockerfile != new.dockerfile:
        yield "the Dockerfile changed"
    yield from _mapping("build argument ", dict(old.build_args), dict(new.build_args))
    if old.target != new.target:
        yield f"the target went from {_stage(old.target)} to {_stage(new.target)}"
    if old.platform != new.platform:
        yield f"the platform went from {old.platform} to {new.platform}"
    yield from _bases(dict(old.bases), dict(new.bases))
    yield from _files(old.listing, new.listing)


def _bases(old: Mapping[str, str], new: Mapping[str, str]) -> Iterator[str]:
    for reference in sorted(old.keys() & new.keys()):
        before, after = old[reference], new[reference]
        if before != after:
            yield f"base {reference} moved from {_digest(before)} to {_digest(after)}"
    yield from _added_and_gone("base ", old, new)


def _files(before: str, after: str) -> Iterator[str]:
    # Of tens of thousands a few differ: only those are looked at.
    both = zip_longest(before.split("\0"), after.split("\0"), fillvalue="")
    moved = [pair for pair in both if pair[0] != pair[1]]
    then, now = {word for word, _ in moved}, {word for _, word in moved}
    old, new = _told(then - now - {""}), _told(now - then - {""})
    for path in sorted(old.keys() & new.keys()):
        yield _changed(path, old[path], new[path])
    # A folder that holds something is told of by what it holds.
    full = _above(old.keys() ^ new.keys())
    yield from _added_and_gone("", _without(full, old), _without(full, new))


def _told(words: Iterable[str]) -> dict[str, str]:
    """What words of a listing say, by path."""
    return {path: identity for path, _, identity in (word.rpartition("//") for word in words)}


def _changed(path: str, old: str, new: str) -> str:
    (before, _, was), (after, _, now) = old.partition(" "), new.partition(" ")
    if was == now and before[0] == after[0]:
        return f"{path.rstrip('/')} has mode {after[1:]} instead of {before[1:]}"
    return f"{path} changed"


def _above(paths: Iterable[str]) -> set[str]:
    """The folders above `paths`, written like folders."""
    found: set[str] = set()
    for path in paths:
        above = path.rstrip("/").rpartition("/")[0]
        while above and f"{above}/" not in found:
            found.add(f"{above}/")
            above = above.rpartition("/")[0]
    return found


def _without(paths: set[str], files: Mapping[str, str]) -> dict[str, str]:
    return {path: identity for path, identity in files.items() if path not in paths}


def _mapping(kind: str, old: Mapping[str, str], new: Mapping[str, str]) -> Iterator[str]:
    for name in sorted(old.keys() & new.keys()):
        if old[name] != new[name]:
            yield f"{kind}{name} changed"
    yield from _added_and_gone(kind, old, new)


def _added_and_gone(kind: str, old: Mapping[str, str], new: Mapping[str, str]) -> Iterator[str]:
    yield from (f"{kind}{name} is new" for name in sorted(new.keys() - old.keys()))
    yield from (f"{kind}{name} is gone" for name in sorted(old.keys() - new.keys()))


def _file(entry: ContextEntry) -> str:
    if entry.kind == "directory":
        return f"{entry.path}///d{entry.mode:o}\0"
    content = entry.digest[:_DIGITS] if entry.kind == "file" else _short(entry.target)
    return f"{entry.path}//{entry.kind[0]}{entry.mode:o} {content}\0"


def _short(text: str) -> str:
    import hashlib

    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()[:_DIGITS]


def _digest(digest: str) -> str:
    return digest.removeprefix("sha256:")[:12] or "an unknown digest"


def _stage(target: str | None) -> str:
    return "the last stage" if target is None else target
