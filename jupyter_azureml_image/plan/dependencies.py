"""The dependency image: what comes before the first COPY of code or model, built once.

ACR Tasks keeps no layers between runs (Azure/acr#204), so a changed `score.py` would install
every package anew. The apt, pip and conda part of a Dockerfile is pushed under a tag made of its
own fingerprint, and the rest is built upon it. The final image has the same files and settings.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from ..context.manifest import ContextManifest, resolve_context
from ..dockerfile.evaluate import evaluate
from ..dockerfile.model import Dockerfile, Instruction, Span
from ..dockerfile.parse import parse
from ..records import dataclass
from .fingerprint import fingerprint_of
from .request import Recipe

# What packages are installed from; anything else that is copied is code, model or data.
_PACKAGE_FILE = (
    r"[^/]*(requirements|constraints)[^/]*\.(txt|in)|[^/]*\.ya?ml|[^/]*\.whl|[^/]*\.deb"
    r"|pip\.conf|\.condarc|apt[^/]*\.(txt|list)|pyproject\.toml|poetry\.lock|uv\.lock|setup\.(py|cfg)"
)
# An ENTRYPOINT empties the CMD of the image below, but keeps one of the same Dockerfile.
_ENDS = frozenset({"CMD", "ENTRYPOINT"})
# They name the whole Dockerfile's arguments, or what only this Dockerfile's stages hold.
_KEPT = frozenset({"ARG"})


@dataclass(frozen=True, slots=True)
class Dependencies:
    """The part that is built once. `recipe` and `manifest` build it, `tag` is its name in the
    image's own repository; `lines` are its last line, and how many instructions follow it.

    `base` is the place of FROM's image in the whole text, `gone` the places of what the
    dependency image already did.
    """

    recipe: Recipe
    manifest: ContextManifest
    tag: str
    lines: tuple[int, int]
    base: Span
    gone: tuple[Span, ...]

    def rest(self, text: str, reference: str) -> str:
        """The whole text, built upon `reference`; every line keeps its number."""
        for span in sorted(self.gone, key=lambda span: -span.start):
            removed = text[span.start : span.end]
            text = text[: span.start] + re.sub(r"[^\r\n]", "", removed) + text[span.end :]
        return text[: self.base.start] + reference + text[self.base.end :]


def dependencies_of(
    recipe: Recipe, manifest: ContextManifest, bases: Mapping[str, str | None]
) -> Dependencies | None:
    """The dependency part of a recipe, or None where there is nothing to gain: more than one
    stage, no RUN before the first COPY of code, or nothing after it."""
    dockerfile = parse(recipe.text)
    done = _installing(dockerfile)
    after = _after(dockerfile, done)
    if not after or not any(instruction.keyword == "RUN" for instruction in done):
        return None
    text = recipe.text[: done[-1].span.end] + "\n"
    part = replace(recipe, text=text, path=None)
    facts = evaluate(parse(text), build_args=recipe.build_args, platform=recipe.platform)
    sent = resolve_context(Path(manifest.root), dockerfile=recipe.path, reach=facts.context_sources)
    start = next(i for i in dockerfile.instructions if i.keyword == "FROM")
    return Dependencies(
        recipe=part,
        manifest=sent,
        tag=f"deps-{fingerprint_of(part, sent, bases).version}",
        lines=(dockerfile.position(done[-1].span.end - 1)[0] + recipe.above, len(after)),
        base=start.words[0].span,
        gone=tuple(i.span for i in done if i.keyword not in _KEPT and i is not start),
    )


def _installing(dockerfile: Dockerfile) -> tuple[Instruction, ...]:
    """From FROM to the last instruction before code, model or a start command comes in."""
    froms = [i for i in dockerfile.instructions if i.keyword == "FROM"]
    if len(froms) != 1:
        return ()
    place = dockerfile.instructions.index(froms[0])
    taken = []
    for instruction in dockerfile.instructions[place:]:
        if instruction.keyword in _ENDS or _brings_code(instruction):
            break
        taken.append(instruction)
    while taken and taken[-1].keyword != "RUN":
        taken.pop()
    return tuple(taken)


def _after(dockerfile: Dockerfile, done: tuple[Instruction, ...]) -> tuple[Instruction, ...]:
    if not done:
        return ()
    return dockerfile.instructions[dockerfile.instructions.index(done[-1]) + 1 :]


def _brings_code(instruction: Instruction) -> bool:
    if instruction.keyword not in ("COPY", "ADD") or instruction.flag("from") is not None:
        return False
    sources = [word.value for word in instruction.words[:-1]]
    names = [source.rstrip("/").rpartition("/")[2] for source in sources]
    return bool(instruction.heredocs) or not all(
        re.fullmatch(_PACKAGE_FILE, name) for name in names
    )
