"""Which instruction of the Dockerfile a builder is talking about.

Every builder numbers in its own way; the title and line shown are the Dockerfile's, so that
all builders tell the same story. Only instructions that take work are steps: FROM, RUN,
COPY, ADD and WORKDIR, as BuildKit counts them; the rest only writes settings.
"""

from __future__ import annotations

from dataclasses import dataclass

from ...dockerfile.model import Dockerfile, Instruction
from ..reference import Reference

_WORK = frozenset(("RUN", "COPY", "ADD", "WORKDIR"))


@dataclass(frozen=True, slots=True)
class Step:
    """One step as it is shown; `line` None where the instruction is not the Dockerfile's own
    (an ONBUILD trigger of the base)."""

    title: str
    line: int | None = None


@dataclass(frozen=True, slots=True)
class _Stage:
    name: str
    origin: Instruction
    own_image: bool  # FROM names an image, not an earlier stage and not `scratch`
    work: tuple[Instruction, ...]


class Steps:
    """The numbering of one Dockerfile; its lines count from where the user reads it, `above`
    lines further down than in the text."""

    def __init__(self, dockerfile: Dockerfile, above: int = 0) -> None:
        self._dockerfile = dockerfile
        self.above = above
        self._stages = tuple(_stages(dockerfile))
        self._images: set[str] = set()

    def buildkit(self, stage: str, number: int, total: int, words: str) -> Step:
        """BuildKit's `[stage number/total] words`; `stage` empty where there is only one."""
        found = self._find(stage, number, total)
        keyword = words.partition(" ")[0].upper()
        if found is None or found.keyword.upper() != keyword:
            return Step(words)
        return self.step(found)

    def _find(self, stage: str, number: int, total: int) -> Instruction | None:
        known = next((s for s in self._stages if s.name == stage.lower()), None)
        if known is None:
            known = self._stages[-1] if len(self._stages) == 1 else None
        if known is None:
            return None
        first = 1 if known.own_image else 0
        if first and number == 1:
            return self._first(known)
        # Triggers of the base (ONBUILD) come between FROM and the stage's own instructions.
        index = number - 1 - first - (total - first - len(known.work))
        return known.work[index] if 0 <= index < len(known.work) else None

    def _first(self, known: _Stage) -> Instruction:
        # Stages on one image share its step, and BuildKit names any one of them.
        def said(stage: _Stage) -> tuple[object, ...]:
            flags = tuple((flag.name, flag.value) for flag in stage.origin.flags)
            return stage.origin.words[0].value, flags

        own = (stage for stage in self._stages if stage.own_image and stage.origin.words)
        return next((s for s in own if said(s) == said(known)), known).origin

    def classic(self, number: int, words: str) -> Step | None:
        """The classic builder's `Step number/total : words`; None for an instruction that
        takes no work, or a FROM that was shown before."""
        instructions = self._dockerfile.instructions
        keyword = words.partition(" ")[0].upper()
        if not 0 < number <= len(instructions):
            return Step(words) if keyword in _WORK else None
        instruction = instructions[number - 1]
        if keyword == "FROM":
            stage = next((s for s in self._stages if s.origin is instruction), None)
            image = words.split()[1:2]
            if stage is None or not stage.own_image or not image or image[0] in self._images:
                return None
            self._images.add(image[0])
            return self.step(instruction)
        return self.step(instruction) if keyword in _WORK else None

    def step(self, instruction: Instruction) -> Step:
        """An instruction as a step."""
        flags = [
            f"--{flag.name}" + ("" if flag.value is None else f"={flag.value}")
            for flag in instruction.flags
        ]
        title = " ".join([instruction.keyword.upper(), *flags, instruction.text])
        return Step(" ".join(title.split()), self._dockerfile.line(instruction) + self.above)

    def origin(self, reference: str) -> Step | None:
        """The FROM that names the image `reference`."""
        wanted = Reference.read(reference)
        for stage in self._stages:
            words = stage.origin.words
            named = Reference.read(words[0].value) if words else None
            if (
                stage.own_image
                and named
                and (named.name, named.version)
                == (
                    wanted.name,
                    wanted.version,
                )
            ):
                return self.step(stage.origin)
        return None

    def adding(self, target: str | None) -> tuple[Instruction, ...]:
        """The instructions that add layers to the stage `target` (None: the last one), those of
        the stages it stands on included."""
        last = len(self._stages) - 1
        index = self._before(len(self._stages), target) if target else last
        found: tuple[Instruction, ...] = ()
        while index >= 0:
            stage = self._stages[index]
            found = (*stage.work, *found)
            words = stage.origin.words
            below = words[0].value if words and not stage.own_image else ""
            index = self._before(index, below)
        return found

    def _before(self, end: int, name: str) -> int:
        """Which stage before `end` has this name or number; -1 where none has."""
        known = {str(at): at for at in range(end)}
        known |= {self._stages[at].name: at for at in range(end)}
        return known.get(name.lower(), -1)

    def at_line(self, line: int) -> Step | None:
        """The step whose instruction begins on `line` of the text, or the last one before."""
        before = [i for i in self._dockerfile.instructions if self._dockerfile.line(i) <= line]
        return self.step(before[-1]) if before else None


def _stages(dockerfile: Dockerfile) -> list[_Stage]:
    names: list[str] = []
    found: list[_Stage] = []
    groups: list[tuple[Instruction, list[Instruction]]] = []
    for instruction in dockerfile.instructions:
        keyword = instruction.keyword.upper()
        if keyword == "FROM":
            groups.append((instruction, []))
        elif groups and keyword in _WORK:
            groups[-1][1].append(instruction)
    for index, (origin, work) in enumerate(groups):
        values = [word.value for word in origin.words]
        image = values[0].lower() if values else ""
        named = len(values) == 3 and values[1].upper() == "AS"
        own = image != "scratch" and image not in names and image.lstrip("0123456789") != ""
        name = values[2].lower() if named else f"stage-{index}"
        names.append(name)
        found.append(_Stage(name, origin, own, tuple(work)))
    return found
