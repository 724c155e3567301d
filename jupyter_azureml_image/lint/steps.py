"""The instructions in order, each with what holds before it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ..dockerfile.facts import StageFacts
from ..dockerfile.model import Dockerfile, Instruction, Span
from ..dockerfile.words import expand
from ..records import dataclass
from .shell import Command, commands

if TYPE_CHECKING:
    from .subject import Subject

ROOTS = ("root", "0")


# Compared by identity: a subject makes each step once, and rules look for steps in long tuples.
@dataclass(frozen=True, slots=True, eq=False)
class Step:
    """One instruction with what holds before it. `user` is "" where it cannot be known."""

    index: int
    stage: StageFacts
    instruction: Instruction
    user: str
    workdir_set: bool
    commands: tuple[Command, ...] = ()

    @property
    def as_root(self) -> bool:
        """Whether it certainly runs as root."""
        return self.user in ROOTS

    @property
    def as_other(self) -> bool:
        """Whether it certainly does not run as root."""
        return bool(self.user) and self.user not in ROOTS


def stage_steps(subject: Subject, stage: StageFacts) -> Iterator[Step]:
    """The steps of one stage, each with the user that the ones before it leave."""
    if stage.parent is not None and stage.parent < stage.index:
        user = subject.stages[stage.parent].user
    else:
        user = subject.base_facts(stage.base).user
    user = user_name(user)
    workdir_set = False
    for index in stage.instructions:
        instruction = subject.dockerfile.instructions[index]
        runs = run_commands(subject.dockerfile, instruction) if instruction.keyword == "RUN" else ()
        yield Step(index, stage, instruction, user, workdir_set, runs)
        if instruction.keyword == "USER":
            value = expand(instruction.text, stage.variables, subject.dockerfile.escape)
            user = "" if value.unresolved or value.problem else user_name(value.text)
        elif instruction.keyword == "WORKDIR":
            workdir_set = True


def run_commands(dockerfile: Dockerfile, instruction: Instruction) -> tuple[Command, ...]:
    """The commands of a RUN; those of a heredoc where a shell reads it."""
    text = dockerfile.text
    if instruction.json:
        return ()
    start = instruction.keyword_span.end
    if instruction.flags:
        start = instruction.flags[-1].span.end
    end = instruction.span.end
    if instruction.heredocs:
        first = instruction.heredocs[0]
        outer = tuple(commands(text, Span(start, max(start, first.span.start))))
        if outer and outer[0].name not in ("", "bash", "sh", "/bin/bash", "/bin/sh"):
            return outer
        return tuple(
            command for heredoc in instruction.heredocs for command in commands(text, heredoc.span)
        )
    return tuple(commands(text, Span(start, end), dockerfile.escape))


def user_name(user: str) -> str:
    """A USER value without its group, `0` as `root`."""
    name = user.partition(":")[0].strip()
    return "root" if name == "0" else name
