"""A Dockerfile's sources, written for a context that lies in a folder of the archive.

What a word means decides, not its letters: with its variables expanded it may be an address,
which stays one, or climb above the root, which BuildKit takes for the root. ONBUILD moves for
the stages built upon it in the same file; what the image hands on to others stays as written.
"""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Iterator, Sequence

from ..dockerfile.facts import Facts, Source
from ..dockerfile.model import Dockerfile, Flag, Instruction, Span, Word
from ..dockerfile.mounts import mounts
from ..dockerfile.scope import in_context

_SOURCE = re.compile(r"(?<=[,=\"'])(?:source|src)=", re.I)
_ADDRESS = ("http://", "https://", "ftp://", "git@", "git://", "ssh://")
_ACTIVE = re.compile(r"[$'\"\\`]")
_BLANK = re.compile(r"[\s\x85\xa0]")
_PLAIN = re.compile(r"[^\s$'\"\\`,]*")

_Edit = tuple[Span, str]


class Unmovable(Exception):
    """A source that no other words can be written for; the text is what is written."""


def context_sources(facts: Facts) -> tuple[Source, ...]:
    """What the stages up to the target take from the context: the classic builder makes even
    those that the target does not need."""
    return tuple(
        source
        for source in facts.sources
        # COPY knows no addresses: it is refused as it stands
        if source.stage <= facts.target and not source.remote and not _address(source.text)
    )


def reaches_root(dockerfile: Dockerfile, source: Source) -> bool:
    """Whether a source may name the root itself, or a glob or variable may match a file there."""
    first = in_context(source.text).partition("/")[0]
    if not source.sure or first == "." or any(mark in first for mark in "*?["):
        return True
    # Engines differ in which of an ENV and an ARG of one name wins.
    span = source.span
    return span is not None and "$" in dockerfile.text[span.start : span.end]


def moved(dockerfile: Dockerfile, facts: Facts, folder: str) -> str:
    """The text with the context in `folder`; lines keep their numbers. Raises Unmovable."""
    taken: dict[Span, list[Source]] = {}
    for source in facts.sources:
        if source.span is not None and source.stage <= facts.target:
            taken.setdefault(source.span, []).append(source)
    text = dockerfile.text
    edits: list[_Edit] = []
    for instruction in dockerfile.instructions:
        edits += _edits(dockerfile, instruction.inner or instruction, taken, folder)
    for span, words in sorted(edits, key=lambda edit: -edit[0].start):
        text = text[: span.start] + words + text[span.end :]
    return text


def _edits(
    dockerfile: Dockerfile,
    instruction: Instruction,
    taken: dict[Span, list[Source]],
    folder: str,
) -> Iterator[_Edit]:
    for word in instruction.words[:-1]:
        sources = taken.get(word.span, [])
        if _stays(word.raw, sources):
            continue
        if any(_climbs(source, folder) for source in sources):
            place = f"{folder}/{_only(word.raw, sources)}"
            yield word.span, _written(dockerfile, word, place, json_form=instruction.json)
        else:
            quoted = dockerfile.text[word.span.start] in "\"'"
            yield Span(word.span.start + quoted, word.span.start + quoted), f"{folder}/"
    for mount in mounts(instruction) if instruction.keyword == "RUN" else ():
        sources = taken.get(mount.flag.span, [])
        if not sources:
            continue
        climbing = any(_climbs(source, folder) for source in sources)
        only = _only(mount.source, sources) if climbing else None
        yield _mounted(dockerfile, mount.flag, folder, (mount.source, only))


def _stays(raw: str, sources: Sequence[Source]) -> bool:
    """Whether a word is no context source wherever it is used; raises Unmovable for both."""
    outside = [source.remote or _address(source.text) for source in sources]
    if any(outside) and not all(outside):
        raise Unmovable(raw)
    return all(outside)


def _address(text: str) -> bool:
    return text.startswith(_ADDRESS)


def _climbs(source: Source, folder: str) -> bool:
    """Whether `..` would lead out of the folder."""
    inside = posixpath.normpath(f"/{folder}/{source.text}")
    return inside != posixpath.normpath(f"/{folder}/{in_context(source.text)}")


def _only(raw: str, sources: Sequence[Source]) -> str:
    """The one place that a word means wherever it is used; raises Unmovable."""
    places = {in_context(source.text) for source in sources}
    if len(places) > 1 or not all(source.sure for source in sources):
        raise Unmovable(raw)
    return places.pop()


def _written(dockerfile: Dockerfile, word: Word, place: str, *, json_form: bool) -> str:
    """A word that means `place`, on as many lines as the one it replaces."""
    literal = _ACTIVE.sub(lambda found: dockerfile.escape + found.group(), place)
    if not json_form and _BLANK.search(place):
        raise Unmovable(word.raw)  # outside of JSON blanks part words, quoted or not
    lines = dockerfile.text.count("\n", word.span.start, word.span.end)
    written = json.dumps(literal, ensure_ascii=False) if json_form else literal
    return written + f"{dockerfile.escape}\n" * lines


def _mounted(
    dockerfile: Dockerfile, flag: Flag, folder: str, source: tuple[str, str | None]
) -> _Edit:
    """The edit of a mount; `source` is what it says, and the place to say instead, if any."""
    start, raw = flag.span.start, dockerfile.text[flag.span.start : flag.span.end]
    named = _SOURCE.search(raw)
    if named is None:
        return Span(flag.span.end, flag.span.end), f",source={folder}"
    begin, (said, place) = named.end(), source
    if place is None:
        return Span(start + begin, start + begin), f"{folder}/"
    if not raw.startswith(said, begin) or not _PLAIN.fullmatch(place):
        raise Unmovable(raw)
    return Span(start + begin, start + begin + len(said)), f"{folder}/{place}"
