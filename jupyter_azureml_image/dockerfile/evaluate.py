"""Dry evaluation: what a Dockerfile will do, without any engine."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from ..errors import BadUsage
from ..patterns import pattern
from ..records import changed
from .facts import BaseFacts, Copy, Facts, Source, StageFacts, Unresolved
from .model import Dockerfile, Fault, Instruction, Span
from .mounts import mounts
from .needs import needs_of
from .parse import parse
from .refusals import name_problem
from .scope import ORIGINS, Scope, in_context
from .words import assignments, expand

_BUILDERS = "linux/amd64"  # no builder is asked; the cloud's are of this platform
_KNOWN_FRONTEND = pattern(
    r"(?:docker\.io/)?docker/dockerfile(?:-upstream)?(?:[:@].*)?\Z", re.IGNORECASE
)


def evaluate(
    dockerfile: Dockerfile,
    *,
    build_args: Iterable[tuple[str, str]] = (),
    target: str | None = None,
    bases: Mapping[str, BaseFacts] = {},
    platform: str = "linux/amd64",
) -> Facts:
    """What the stages of `dockerfile` become.

    `bases` holds what is known of external images, by the reference as FROM names it after
    expansion. A base that is not in it counts as one without ONBUILD. Raises BadUsage when
    `target` names no stage. A Dockerfile without FROM has one stage with an empty base.
    """
    arguments = dict(build_args)
    run = _Run(dockerfile, arguments, bases, _global_args(dockerfile, arguments, target, platform))
    run.go_through()
    chosen = run.target(target)
    built = run.reachable(chosen)
    used = [run.scopes[index] for index in built]
    stages = tuple(scope.finished() for scope in run.scopes)
    return Facts(
        stages=stages,
        target=chosen,
        bases=run.external(built),
        context_sources=_context_sources(dockerfile, run, built),
        needs=needs_of(dockerfile, {i for s in used for i in s.instructions}),
        built=built,
        problems=tuple(
            dict.fromkeys((*run.problems, *(fault for scope in used for fault in scope.problems)))
        ),
        unresolved=(
            *run.unresolved,
            *(Unresolved(n, i, scope.index) for scope in run.scopes for n, i in scope.unresolved),
        ),
        sources=tuple(source for scope in run.scopes for source in scope.sources),
    )


class _Run:
    """The stages as they are gone through, in order."""

    def __init__(
        self,
        dockerfile: Dockerfile,
        build_args: Mapping[str, str],
        bases: Mapping[str, BaseFacts],
        global_args: Mapping[str, str],
    ) -> None:
        self.dockerfile = dockerfile
        self.build_args = build_args
        self.bases = bases
        self.global_args = global_args
        self.scopes: list[Scope] = []
        self.names: dict[str, int] = {}
        self.mounted: dict[int, list[tuple[str, str, bool]]] = {}
        self.problems: list[Fault] = []
        self.unresolved: list[Unresolved] = []

    def go_through(self) -> None:
        scope: Scope | None = None
        for index, instruction in enumerate(self.dockerfile.instructions):
            if instruction.keyword == "FROM":
                scope = self._begin(instruction, index)
            elif scope is None and instruction.keyword != "ARG":
                scope = self._scope("", None, None)
                scope.start_from_image(BaseFacts())
            if scope is None:
                self._check_defaults(instruction)
                continue
            scope.instructions.append(index)
            self._step(scope, instruction, index)
        if not self.scopes:
            self._scope("", None, None).start_from_image(BaseFacts())
        self._name_origins()

    def _check_defaults(self, instruction: Instruction) -> None:
        """The defaults of ARGs above the first FROM, which FROM sees."""
        for each in assignments(instruction):
            if each.value is not None and each.name not in self.build_args:
                problem = expand(each.value, self.global_args, self.dockerfile.escape).problem
                if problem:
                    self.problems.append(Fault(f"{each.value}: {problem}", each.span))

    def _begin(self, instruction: Instruction, index: int) -> Scope:
        words = instruction.words
        base = self._expanded(words[0].raw, words[0].span, index) if words else ""
        named = len(words) == 3 and words[1].raw.lower() == "as"
        written = instruction.flag("platform")
        platform = self._expanded(written, instruction.span, index) if written else None
        parent = self.names.get(base)
        scope = self._scope(base, words[2].raw.lower() if named else None, platform)
        scope.parent = parent
        if words and not base:
            self.problems.append(Fault("the base image's name is empty", words[0].span))
        if words and parent is None and (refused := name_problem(base, self.names)):
            self.problems.append(Fault(refused[0], words[0].span, refused[1]))
        facts = self.bases.get(base, BaseFacts())
        if parent is not None:
            above = self.scopes[parent]
            scope.start_from_stage(above)
            triggers = list(above.onbuild)
        else:
            scope.start_from_image(None if base == "scratch" else facts)
            triggers = [i for text in facts.onbuild for i in parse(text).instructions]
        for trigger in triggers:
            self._step(scope, trigger, index)
        if parent is None and triggers:  # their places are not in this text
            scope.sources = [changed(source, span=None) for source in scope.sources]
        if scope.name is not None:
            self.names[scope.name] = scope.index
        return scope

    def _scope(self, base: str, name: str | None, platform: str | None) -> Scope:
        escape = self.dockerfile.escape
        arguments = (self.build_args, self.global_args)
        scope = Scope(len(self.scopes), name, base, None, platform, escape, *arguments)
        self.scopes.append(scope)
        return scope

    def _expanded(self, word: str, span: Span, index: int) -> str:
        result = expand(word, self.global_args, self.dockerfile.escape)
        self.unresolved += [Unresolved(name, index, -1) for name in result.unresolved]
        if result.problem:
            self.problems.append(Fault(f"{word}: {result.problem}", span))
        return result.text

    def _step(self, scope: Scope, instruction: Instruction, index: int) -> None:
        scope.apply(instruction, index)
        if instruction.keyword != "RUN":
            return
        for mount in mounts(instruction):
            if mount.kind != "bind" and not (mount.kind == "cache" and mount.origin):
                continue
            source = scope.expand(mount.source, mount.flag.span, index)
            unsure = bool(source.unresolved) and not scope.env_known
            if mount.kind == "bind" and not mount.origin:
                taken = Source(mount.flag.span, source.text, scope.index, not unsure)
                scope.sources.append(taken)
            here = (mount.origin, in_context(source.text), unsure)
            self.mounted.setdefault(scope.index, []).append(here)

    def _name_origins(self) -> None:
        """Turn the stage names of `COPY --from` into numbers, now that all stages are known."""
        for scope in self.scopes:
            for at, copy in enumerate(scope.copies):
                stage = self._stage_of(copy.origin)
                if stage is not None:
                    scope.copies[at] = changed(copy, origin=str(stage))
                    self._refuse_later(scope, copy, stage)
                elif copy.origin.isdecimal():
                    span = self.dockerfile.instructions[copy.instruction].span
                    message = f"there is no stage {copy.origin}"
                    scope.problems.append(Fault(message, span, "Stages are counted from 0."))

    def _refuse_later(self, scope: Scope, copy: Copy, stage: int) -> None:
        if stage < scope.index:
            return
        span = self.dockerfile.instructions[copy.instruction].span
        message = f"the stage {copy.origin} is not there yet"
        remedy = "Copy from a stage above this one, or move that stage up."
        scope.problems.append(Fault(message, span, remedy))

    def _stage_of(self, origin: str) -> int | None:
        if origin in ORIGINS:
            return None
        if origin.isdecimal():
            return int(origin) if int(origin) < len(self.scopes) else None
        return self.names.get(origin.lower())

    def target(self, wanted: str | None) -> int:
        """The index of the stage to build."""
        if not wanted:
            return len(self.scopes) - 1
        found = self.names.get(wanted.lower())
        if found is None:
            names = ", ".join(scope.name for scope in self.scopes if scope.name)
            hint = f"The stages with a name are: {names}." if names else "No stage has a name."
            raise BadUsage(f"There is no stage {wanted!r} in this Dockerfile.", hint=hint)
        return found

    def reachable(self, target: int) -> tuple[int, ...]:
        """The stages that are built for `target`, in order."""
        waiting, found = [target], {target}
        while waiting:
            scope = self.scopes[waiting.pop()]
            origins = [copy.origin for copy in scope.copies]
            origins += [origin for origin, _, _ in self.mounted.get(scope.index, ()) if origin]
            sources = [self._stage_of(origin) for origin in origins]
            for index in (scope.parent, *sources):
                if index is not None and index not in found:
                    found.add(index)
                    waiting.append(index)
        return tuple(sorted(found))

    def external(self, built: tuple[int, ...]) -> tuple[str, ...]:
        """The images that the stages take from outside, each once, in order."""
        found: dict[str, None] = {}
        for index in built:
            scope = self.scopes[index]
            if scope.parent is None and scope.base not in ("", "scratch"):
                found[scope.base] = None
            origins = [copy.origin for copy in scope.copies]
            origins += [origin for origin, _, _ in self.mounted.get(index, ())]
            for origin in origins:
                inside = origin in ("", "scratch", *ORIGINS)
                if not inside and not origin.isdecimal() and self._stage_of(origin) is None:
                    found[origin] = None
        return tuple(found)


def _global_args(
    dockerfile: Dockerfile, build_args: Mapping[str, str], target: str | None, platform: str
) -> dict[str, str]:
    """What FROM can see: the platform's variables and the ARGs above the first FROM."""
    values: dict[str, str] = {}
    for prefix, whole in (("TARGET", platform), ("BUILD", _BUILDERS)):
        system, _, rest = whole.partition("/")
        architecture, _, variant = rest.partition("/")
        values[f"{prefix}PLATFORM"] = whole
        values[f"{prefix}OS"] = system
        values[f"{prefix}ARCH"] = architecture
        values[f"{prefix}VARIANT"] = variant
        values[f"{prefix}OSVERSION"] = ""
    values["TARGETSTAGE"] = target or _last_stage(dockerfile)
    values.update((name, build_args[name]) for name in values.keys() & build_args.keys())
    for instruction in dockerfile.instructions:
        if instruction.keyword == "FROM":
            break
        if instruction.keyword != "ARG":
            continue
        for each in assignments(instruction):
            if each.name in build_args:
                values[each.name] = build_args[each.name]
            elif each.value is not None:
                values[each.name] = expand(each.value, values, dockerfile.escape).text
    return values


def _last_stage(dockerfile: Dockerfile) -> str:
    """TARGETSTAGE without a target: the last stage's name."""
    last = next((i for i in reversed(dockerfile.instructions) if i.keyword == "FROM"), None)
    if last is None or len(last.words) != 3:
        return "default"
    return last.words[2].raw.lower()


def _context_sources(
    dockerfile: Dockerfile, run: _Run, built: tuple[int, ...]
) -> tuple[str, ...] | None:
    """What the built stages take from the context; None where nobody can tell."""
    frontend = dockerfile.directive("syntax")
    if frontend is not None and not _KNOWN_FRONTEND.match(frontend.partition(" ")[0]):
        return None
    found: dict[str, None] = {}
    for index in built:
        scope = run.scopes[index]
        if scope.undecided or (scope.parent is None and "onbuild" in scope.base.lower()):
            return None
        for copy in scope.copies:
            if copy.origin == "context":
                found.update(dict.fromkeys(in_context(source) for source in copy.sources))
        for origin, source, unsure in run.mounted.get(index, ()):
            if unsure:
                return None
            if not origin:
                found[source] = None
    return tuple(found)


def final_user(facts: Facts) -> str:
    """The user that the image's container runs as: an empty name is root."""
    return facts.final.user or "root"


def lineage(facts: Facts, stage: StageFacts) -> tuple[StageFacts, ...]:
    """`stage` and the stages it is built on, nearest first."""
    found = [stage]
    while (parent := found[-1].parent) is not None:
        found.append(facts.stages[parent])
    return tuple(found)
