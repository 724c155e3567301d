"""What the rules look at: the question, read once, with the views that many rules share."""

from __future__ import annotations

import re
from codecs import BOM_UTF8
from functools import cached_property

from ..catalog.catalog import BaseImage, KnownBases, find
from ..dockerfile.evaluate import evaluate
from ..dockerfile.facts import BaseFacts, Copy, Facts, StageFacts
from ..dockerfile.model import Dockerfile, Instruction, Span
from ..dockerfile.words import Assignment, assignments
from ..errors import ImageError
from ..plan.request import Mounts, Recipe, Routes
from .directive import Checks
from .entry import EntryScript, find_entry_script
from .faults import Classified, classify
from .installs import AptInstall, CondaCall, PipInstall, apt_install, conda_call, pip_install
from .places import Places, clean_source
from .question import CheckInput
from .shell import Command
from .steps import Step, stage_steps, user_name

APP_ROOT = "/var/azureml-app"
RUNTIME_FOLDERS = (
    "/var/runit",
    "/var/log",
    "/var/lib/nginx",
    "/run",
    "/opt/miniconda",
    "/var/azureml-app",
)
"""What dockeruser owns in the prebuilt images (Microsoft's grant_ownership script)."""


class Subject:
    """One question, read. Rules only read it."""

    def __init__(self, question: CheckInput) -> None:
        self.question = question
        self.dockerfile: Dockerfile = question.dockerfile
        self.text = question.dockerfile.text
        self.manifest = question.manifest
        self.abilities = question.abilities
        self.request = question.request
        self.plans = question.plans
        self._assigned: dict[int, tuple[Assignment, ...]] = {}

    @cached_property
    def facts(self) -> Facts | None:
        """The dry evaluation; None for a text that has no stage to evaluate."""
        if self.question.facts is not None and self.question.facts.stages:
            return self.question.facts
        recipe = self.request.recipe if self.request else Recipe("")
        try:
            return evaluate(
                self.dockerfile,
                build_args=recipe.build_args,
                target=recipe.target,
                bases=KnownBases(self.question.bases),
                platform=recipe.platform,
            )
        except ImageError:  # the target stage does not exist: said by whoever asked for it
            return None

    def base_facts(self, reference: str) -> BaseFacts:
        """What is known of a base: the image itself first, then the catalog."""
        return KnownBases(self.question.bases)[reference]

    @property
    def stages(self) -> tuple[StageFacts, ...]:
        """All stages; none where the text could not be evaluated."""
        return self.facts.stages if self.facts else ()

    @property
    def final(self) -> StageFacts | None:
        """The stage whose image results."""
        return self.facts.final if self.facts else None

    def from_of(self, stage: StageFacts) -> Instruction | None:
        """A stage's FROM with its words; None for a text without one."""
        first = stage.instructions[0] if stage.instructions else -1
        instruction = self.dockerfile.instructions[first] if first >= 0 else None
        if instruction is None or instruction.keyword != "FROM" or not instruction.words:
            return None
        return instruction

    def root_of(self, stage: StageFacts) -> str:
        """The external image a stage comes from, through the stages it is made of."""
        while stage.parent is not None and stage.parent != stage.index:
            stage = self.stages[stage.parent]
        return stage.base

    @cached_property
    def base(self) -> BaseImage | None:
        """The catalog's record of the final stage's base."""
        return find(self.root_of(self.final)) if self.final else None

    @cached_property
    def known_base(self) -> BaseFacts:
        """What is known of the final stage's base."""
        return self.base_facts(self.root_of(self.final)) if self.final else BaseFacts()

    @cached_property
    def serving(self) -> bool:
        """Whether the final base is a prebuilt image that serves as dockeruser; what an image
        at hand says of itself beats the catalog."""
        known = self.known_base
        if known.known_from == "image" and known.server is not None:
            return (
                known.server and user_name(known.user) == "dockeruser" and "runsvdir" in known.cmd
            )
        return bool(self.base and self.base.serves and self.base.user == "dockeruser")

    @cached_property
    def prefix(self) -> str | None:
        """The folder of the Python that serves in the base, where it is known."""
        known = self.known_base.env.get("AZUREML_CONDA_ENVIRONMENT_PATH")
        return known or (self.base.prefix if self.base else None)

    @cached_property
    def lineage(self) -> tuple[StageFacts, ...]:
        """The stages the result is made of by FROM, oldest first."""
        if self.final is None:
            return ()
        chain = [self.final]
        while (parent := chain[0].parent) is not None and parent < chain[0].index:
            chain.insert(0, self.stages[parent])
        return tuple(chain)

    @cached_property
    def steps(self) -> tuple[Step, ...]:
        """Every instruction of every stage, in order."""
        return tuple(step for stage in self.stages for step in self.steps_by_stage[stage.index])

    @cached_property
    def steps_by_stage(self) -> dict[int, tuple[Step, ...]]:
        """The steps of each stage, by the stage's index."""
        return {stage.index: tuple(stage_steps(self, stage)) for stage in self.stages}

    @cached_property
    def result_steps(self) -> tuple[Step, ...]:
        """The steps that make the resulting image (its own and its parents' stages)."""
        return tuple(step for step in self.steps if self.in_result(step))

    @cached_property
    def _result_stages(self) -> frozenset[int]:
        return frozenset(stage.index for stage in self.lineage)

    def in_result(self, step: Step) -> bool:
        """Whether a step is one of `result_steps`."""
        return step.stage.index in self._result_stages

    @cached_property
    def runs(self) -> tuple[tuple[Step, Command], ...]:
        """Every command of every RUN."""
        return tuple((step, command) for step in self.steps for command in step.commands)

    @cached_property
    def pips(self) -> tuple[tuple[Step, PipInstall], ...]:
        """Every `pip install`."""
        found = ((step, pip_install(command)) for step, command in self.runs)
        return tuple((step, pip) for step, pip in found if pip is not None)

    @cached_property
    def apts(self) -> tuple[tuple[Step, AptInstall], ...]:
        """Every apt and apt-get call."""
        found = ((step, apt_install(command)) for step, command in self.runs)
        return tuple((step, apt) for step, apt in found if apt is not None)

    @cached_property
    def condas(self) -> tuple[tuple[Step, CondaCall], ...]:
        """Every conda call."""
        found = ((step, conda_call(command)) for step, command in self.runs)
        return tuple((step, conda) for step, conda in found if conda is not None)

    @cached_property
    def places(self) -> Places:
        """Where the context's files land in the result."""
        return Places(self)

    @cached_property
    def entry(self) -> EntryScript:
        """The entry script, as far as it can be found."""
        return find_entry_script(self)

    @cached_property
    def checks(self) -> Checks:
        """What the file's directive says of BuildKit's checks."""
        return Checks.of(self.dockerfile)

    @cached_property
    def faults(self) -> tuple[Classified, ...]:
        """The parser's faults, each with the code that explains it."""
        return classify(self.dockerfile)

    @cached_property
    def faulty_lines(self) -> frozenset[int]:
        """The lines that faults stand on."""
        return frozenset(self.line_of(one.fault.span.start) for one in self.faults)

    @cached_property
    def sources_of(self) -> dict[int, dict[str, Span]]:
        """Where each COPY or ADD (by its place) names a cleaned source first: an instruction
        may have thousands of them."""
        found: dict[int, dict[str, Span]] = {}
        for instruction in self.dockerfile.instructions:
            if instruction.keyword in ("COPY", "ADD"):
                named = found.setdefault(instruction.span.start, {})
                for word in instruction.words:
                    named.setdefault(clean_source(word.value), word.span)
        return found

    @cached_property
    def commented(self) -> frozenset[int]:
        """The places of the instructions with a word that begins like a comment."""
        return frozenset(
            instruction.span.start
            for instruction in self.dockerfile.instructions
            if any(word.raw.startswith("#") for word in instruction.words)
        )

    @cached_property
    def visible_ends(self) -> tuple[int, ...]:
        """Of each line the offset behind its last visible character."""
        starts = self.dockerfile.line_starts
        ends = (*starts[1:], len(self.text))
        pairs = zip(starts, ends, strict=True)
        return tuple(start + len(self.text[start:end].rstrip()) for start, end in pairs)

    @cached_property
    def _broken_lines(self) -> frozenset[int]:
        lost = (one for one in self.faults if one.code == "AML003")
        return frozenset(self.line_of(one.fault.span.start) for one in lost)

    def cut_off(self, step: Step) -> bool:
        """Whether the instruction ends only because its last line lost its backslash."""
        below = self.line_of(max(step.instruction.span.start, step.instruction.span.end - 1)) + 1
        return below in self._broken_lines

    @cached_property
    def environment(self) -> dict[str, tuple[Assignment, Step]]:
        """The ENV variables of the result, each with the last place that sets it."""
        return {
            assignment.name: (assignment, step)
            for step in self.result_steps
            if step.instruction.keyword == "ENV"
            for assignment in self.assigned(step.instruction)
        }

    def assigned(self, instruction: Instruction) -> tuple[Assignment, ...]:
        """What an ENV, ARG or LABEL gives, read once for all the rules that ask."""
        key = instruction.keyword_span.start
        if key not in self._assigned:
            self._assigned[key] = assignments(instruction)
        return self._assigned[key]

    def variable(self, name: str) -> str | None:
        """The value that a variable of the resulting image has; None where it has none."""
        return self.final.env.get(name) if self.final else None

    @cached_property
    def copies(self) -> tuple[Copy, ...]:
        """What is copied into the resulting image."""
        return tuple(copy for stage in self.lineage for copy in stage.copies)

    @cached_property
    def built_stages(self) -> tuple[StageFacts, ...]:
        """The stages that are really built for the target."""
        if self.facts is None:
            return ()
        return tuple(self.stages[i] for i in self.facts.built) or self.stages

    @cached_property
    def open_instructions(self) -> frozenset[int]:
        """Instructions with a variable whose value is not known: nothing they say is certain."""
        return (
            frozenset(u.instruction for u in self.facts.unresolved) if self.facts else frozenset()
        )

    @property
    def uploads(self) -> bool:
        """Whether Azure ML itself uploads the context and builds."""
        if self.abilities is not None:
            return self.abilities.builder == "azureml"
        return self.request is not None and self.request.build == "azureml"

    @cached_property
    def own_start(self) -> bool:
        """Whether the file starts something else than the prebuilt images do."""
        return any(
            step.instruction.keyword in ("CMD", "ENTRYPOINT")
            and "runsvdir" not in step.instruction.text
            for step in self.result_steps
        )

    @property
    def routes(self) -> Routes:
        """The inference routes of the run (Azure ML's own where none were given)."""
        return self.request.rehearsal.routes if self.request else Routes()

    @property
    def own_routes(self) -> bool:
        """Whether the run was given routes that are not Azure ML's own."""
        return self.routes != Routes()

    @cached_property
    def start_span(self) -> Span:
        """Where a finding points that is about no single line: the final FROM."""
        if self.final and self.final.instructions:
            span = self.dockerfile.instructions[self.final.instructions[0]].span
            return Span(span.start, self.line_span(self.line_of(span.start)).end)
        return Span(0, 0)

    @property
    def mounts(self) -> Mounts:
        """What a deployment would mount, as far as the run knows."""
        return self.request.rehearsal.mounts if self.request else Mounts()

    def read_text(self, path: str) -> str | None:
        """A text file of the context; None where there is none or it is no text."""
        data = self.question.read(path) if self.question.read else None
        if data is None:
            return None
        try:
            return data.removeprefix(BOM_UTF8).decode()
        except UnicodeDecodeError:
            return None

    def requirements_text(self, path: str) -> str | None:
        """A requirements or conda file by the path that a RUN names; None where it cannot be
        read. A relative path is looked for where it lands, and then by its name."""
        if "$" in path:
            return None
        landed = self.places.context_path(path)
        if landed is None:
            name = path.rsplit("/", 1)[-1]
            same = {
                one.context_path
                for image_path, one in self.places.landed.items()
                if image_path.rsplit("/", 1)[-1] == name
            }
            landed = same.pop() if len(same) == 1 else None
        return self.read_text(landed) if landed is not None else None

    def line_span(self, number: int) -> Span:
        """The characters of a line (from 1), its end left out."""
        starts = self.dockerfile.line_starts
        start = starts[number - 1]
        end = starts[number] if number < len(starts) else len(self.text)
        return Span(start, start + len(self.text[start:end].rstrip("\r\n")))

    def line_of(self, offset: int) -> int:
        """The line, from 1, of an offset."""
        return self.dockerfile.position(offset)[0]

    @cached_property
    def newline(self) -> str:
        """The file's own line end, for what fixes insert."""
        return "\r\n" if "\r\n" in self.text else "\n"

    def span_of(self, pattern: str, span: Span) -> Span | None:
        """Where a regular expression first matches inside a span."""
        match = re.compile(pattern).search(self.text, span.start, span.end)
        return Span(*match.span()) if match else None

    def end_of(self, instruction: Instruction) -> int:
        """The offset after an instruction's last visible character; what is put there comes
        before a line that the end of the file left open."""
        if instruction.text and not instruction.heredocs:
            return instruction.at(0, len(instruction.text)).end
        span = instruction.span
        return span.start + len(self.text[span.start : span.end].rstrip())

    def start_with_notes(self, instruction: Instruction) -> int:
        """Where an instruction begins, with the comments right above it that ask to leave a
        finding out: they count for the next instruction, so nothing may come between."""
        start = instruction.span.start
        for comment in reversed([c for c in self.dockerfile.comments if c.end <= start]):
            between = self.text[comment.end : start]
            said = self.text[comment.start : comment.end]
            if between.strip() or "ignore" not in said:
                break
            start = comment.start
        return start
