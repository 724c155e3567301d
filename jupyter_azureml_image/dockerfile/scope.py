"""One build stage while its instructions are gone through: what each of them changes."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Mapping
from dataclasses import field

from ..patterns import pattern
from ..records import dataclass
from .blanks import SPACES
from .facts import BaseFacts, Copy, Source, StageFacts
from .heredocs import opening
from .model import Fault, Instruction, Span
from .refusals import signal_problem
from .words import Expanded, assignments, expand, expand_split

DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
"""What BuildKit sets PATH to where the base has none."""

ORIGINS = ("context", "heredoc", "remote")
"""Where the sources of COPY and ADD come from without a `--from`."""

_REMOTE = r"(?i:(?:https?|git|ssh|ftp)://|git@[\w.-]+:)"
_PORT = pattern(r"(?:(?:.*:)?(?:\d*(?:-\d+)?):)?(\d+)(?:-(\d+))?(?:/(\w*))?\Z")


@dataclass(slots=True)
class Scope:
    """A stage in the making. `variables` are what words can see: ENV and ARG, the last wins."""

    index: int
    name: str | None
    base: str
    parent: int | None
    platform: str | None
    escape: str
    build_args: Mapping[str, str]
    global_args: Mapping[str, str]
    user: str = ""
    workdir: str = "/"
    env: dict[str, str] = field(default_factory=dict)
    variables: dict[str, str] = field(default_factory=dict)
    env_known: bool = False
    entrypoint: tuple[str, ...] | None = None
    cmd: tuple[str, ...] | None = None
    cmd_is_own: bool = False
    shell: tuple[str, ...] = ("/bin/sh", "-c")
    exposed: dict[str, None] = field(default_factory=dict)
    ports: dict[str, bytearray] = field(default_factory=dict)  # a mark for each one exposed here
    labels: dict[str, str] = field(default_factory=dict)
    onbuild: list[Instruction] = field(default_factory=list)
    copies: list[Copy] = field(default_factory=list)
    sources: list[Source] = field(default_factory=list)
    instructions: list[int] = field(default_factory=list)
    undecided: bool = False
    problems: list[Fault] = field(default_factory=list)
    unresolved: dict[tuple[str, int], None] = field(default_factory=dict)

    def start_from_image(self, facts: BaseFacts | None) -> None:
        """Begin with what is known of the base image; with None it is `scratch`."""
        known = facts or BaseFacts()
        self.user, self.workdir = known.user, known.workdir or "/"
        self.env = dict(known.env)
        self.env_known = facts is None or known.known_from == "image"
        if self.env_known:
            self.env.setdefault("PATH", DEFAULT_PATH)
        self.variables = dict(self.env)
        self.entrypoint = known.entrypoint or None
        self.cmd = known.cmd or None
        self.exposed = dict.fromkeys(known.exposed)

    def start_from_stage(self, parent: Scope) -> None:
        """Begin with what an earlier stage ended with; its ONBUILD is not handed on twice."""
        self.user, self.workdir, self.shell = parent.user, parent.workdir, parent.shell
        self.env, self.variables = dict(parent.env), dict(parent.variables)
        self.entrypoint, self.cmd = parent.entrypoint, parent.cmd
        self.exposed, self.labels = dict(parent.exposed), dict(parent.labels)
        self.env_known = parent.env_known

    def apply(self, instruction: Instruction, index: int) -> None:
        """Let one instruction have its effect."""
        step = _STEPS.get(instruction.keyword)
        if step is not None:
            step(self, instruction, index)

    def expand(self, word: str, span: Span, index: int) -> Expanded:
        """A word with this stage's variables; what is wrong with it is kept."""
        result = expand(word, self.variables, self.escape)
        for name in result.unresolved:
            self.unresolved[name, index] = None
        if result.problem:
            self.problems.append(Fault(f"{word}: {result.problem}", span))
        return result

    def finished(self) -> StageFacts:
        """What the stage has become."""
        return StageFacts(
            index=self.index,
            name=self.name,
            base=self.base,
            parent=self.parent,
            platform=self.platform,
            user=self.user,
            workdir=self.workdir,
            env=self.env,
            entrypoint=self.entrypoint,
            cmd=self.cmd,
            exposed=tuple(self.exposed),
            copies=tuple(self.copies),
            instructions=tuple(self.instructions),
            variables=self.variables,
            labels=self.labels,
            env_known=self.env_known,
        )


def _env(scope: Scope, instruction: Instruction, index: int) -> None:
    new = [
        (
            scope.expand(each.name, each.span, index).text,
            scope.expand(each.value or "", each.span, index).text,
        )
        for each in assignments(instruction)
    ]
    scope.env.update(new)
    scope.variables.update(new)


def _label(scope: Scope, instruction: Instruction, index: int) -> None:
    for each in assignments(instruction):
        name = scope.expand(each.name, each.span, index).text
        scope.labels[name] = scope.expand(each.value or "", each.span, index).text


def _arg(scope: Scope, instruction: Instruction, index: int) -> None:
    for each in assignments(instruction):
        name = each.name
        if name in scope.build_args:
            scope.variables[name] = scope.build_args[name]
        elif each.value is not None:
            scope.variables[name] = scope.expand(each.value, each.span, index).text
        elif name in scope.global_args:
            scope.variables[name] = scope.global_args[name]


def _user(scope: Scope, instruction: Instruction, index: int) -> None:
    for word in instruction.words[:1]:
        scope.user = scope.expand(word.raw, word.span, index).text


def _workdir(scope: Scope, instruction: Instruction, index: int) -> None:
    for word in instruction.words[:1]:
        scope.workdir = absolute(scope.expand(word.raw, word.span, index).text, scope.workdir)


def _command(scope: Scope, instruction: Instruction) -> tuple[str, ...]:
    if instruction.json:
        return tuple(word.value for word in instruction.words)
    return (*scope.shell, instruction.text)


def _entrypoint(scope: Scope, instruction: Instruction, index: int) -> None:
    scope.entrypoint = _command(scope, instruction)
    if not scope.cmd_is_own:
        scope.cmd = None


def _cmd(scope: Scope, instruction: Instruction, index: int) -> None:
    scope.cmd, scope.cmd_is_own = _command(scope, instruction), True


def _shell(scope: Scope, instruction: Instruction, index: int) -> None:
    if instruction.json and instruction.words:
        scope.shell = tuple(word.value for word in instruction.words)


def _expose(scope: Scope, instruction: Instruction, index: int) -> None:
    for word in instruction.words:
        scope.expand(word.raw, word.span, index)
        for port in expand_split(word.raw, scope.variables, scope.escape):
            scope.exposed.update(dict.fromkeys(_ports(scope, port, word.span)))


def _ports(scope: Scope, port: str, span: Span) -> list[str]:
    match = _PORT.match(port)
    protocol = (match.group(3) or "tcp").lower() if match else ""
    if match is None or protocol not in ("tcp", "udp", "sctp"):
        remedy = "Write a number, or a number and /tcp or /udp."
        scope.problems.append(Fault(f"{port!r} is not a port", span, remedy))
        return []
    # Python reads no number of thousands of digits.
    digits = (match.group(1), match.group(2) or match.group(1))
    first, last = (int(number) if len(number) < 100 else 65536 for number in digits)
    if not first <= last <= 65535:
        scope.problems.append(Fault(f"{port!r} is not a range of ports", span))
        return []
    taken = scope.ports.setdefault(protocol, bytearray(65536))
    new: list[str] = []
    number = taken.find(0, first, last + 1)
    while number >= 0:
        taken[number] = 1
        new.append(f"{number}/{protocol}")
        number = taken.find(0, number + 1, last + 1)
    return new


def _stopsignal(scope: Scope, instruction: Instruction, index: int) -> None:
    for word in instruction.words[:1]:
        problem = signal_problem(scope.expand(word.raw, word.span, index).text)
        if problem:
            remedy = "Write a name such as SIGTERM, or its number."
            scope.problems.append(Fault(problem, word.span, remedy))


def _onbuild(scope: Scope, instruction: Instruction, index: int) -> None:
    if instruction.inner is not None:
        scope.onbuild.append(instruction.inner)


def _copy(scope: Scope, instruction: Instruction, index: int) -> None:
    """COPY and ADD: one record for each place the sources come from."""
    if len(instruction.words) < 2:
        return
    *sources, last = instruction.words
    target = scope.expand(_written(instruction, last.raw, last.value), last.span, index).text
    many = len(sources) > 1
    destination = absolute(target, scope.workdir)
    if (many or target in ("", ".") or target.endswith(("/", "/."))) and destination != "/":
        destination += "/"
    origin = _origin(scope, instruction)
    given: dict[str, list[str]] = {}
    for word in sources:
        written = _written(instruction, word.raw, word.value)
        inline = opening(written) if instruction.heredocs else None
        if inline is not None:
            given.setdefault("heredoc", []).append(inline.name)
            continue
        source = scope.expand(written, word.span, index)
        unsure = bool(source.problem or (source.unresolved and not scope.env_known))
        scope.undecided |= unsure
        remote = instruction.keyword == "ADD" and re.match(_REMOTE, source.text) is not None
        if remote or origin == "context":
            taken = Source(word.span, source.text, scope.index, not unsure, remote)
            scope.sources.append(taken)
        if remote:
            given.setdefault("remote", []).append(source.text)
        elif origin == "context":
            given.setdefault(origin, []).append(_relative(source.text, instruction))
        else:
            given.setdefault(origin, []).append(source.text)
    for kind, texts in given.items():
        scope.copies.append(_record(scope, instruction, index, (kind, texts, destination)))


def _relative(source: str, instruction: Instruction) -> str:
    """A context source; the `/./` that tells `--parents` what to keep stays in it."""
    before, pivot, after = source.partition("/./")
    if not pivot or not _switch(instruction, "parents"):
        return in_context(source)
    return f"{in_context(before)}/./{in_context(after)}"


def _switch(instruction: Instruction, name: str) -> bool:
    return any(f.name == name and (f.value or "true").lower() == "true" for f in instruction.flags)


def _origin(scope: Scope, instruction: Instruction) -> str:
    """What `--from` names, "context" without it; no variable may stand there."""
    origin = instruction.flag("from")
    if origin and expand(origin, {}, scope.escape).text != origin:
        remedy = "Give the image a stage of its own (FROM ${VAR} AS name) and copy from that."
        message = "a variable cannot stand in --from"
        scope.problems.append(Fault(message, instruction.span, remedy))
    # A stage may have the name of one of our words for no stage; case tells them apart.
    return origin.upper() if origin in ORIGINS else origin or "context"


def _record(
    scope: Scope, instruction: Instruction, index: int, what: tuple[str, list[str], str]
) -> Copy:
    origin, sources, destination = what
    owner, mode = instruction.flag("chown"), instruction.flag("chmod")
    span = instruction.span
    return Copy(
        instruction=index,
        sources=tuple(sources),
        destination=destination,
        origin=origin,
        chown=scope.expand(owner, span, index).text if owner else None,
        chmod=scope.expand(mode, span, index).text if mode else None,
        parents=_switch(instruction, "parents"),
        add=instruction.keyword == "ADD",
    )


def _written(instruction: Instruction, raw: str, value: str) -> str:
    """What BuildKit expands: the string itself in a JSON array, the word as written elsewhere."""
    return value if instruction.json else raw


def absolute(path: str, workdir: str) -> str:
    """`path` made absolute and clean; relative ones start at `workdir`."""
    return posixpath.normpath(posixpath.join("/", workdir, path)).replace("//", "/")


def in_context(source: str) -> str:
    """A source relative to the context's root; nothing reaches outside of it."""
    return posixpath.normpath("/" + source.strip(SPACES)).strip("/") or "."


_Step = Callable[[Scope, Instruction, int], None]
_STEPS: dict[str, _Step] = {
    "ENV": _env,
    "LABEL": _label,
    "ARG": _arg,
    "USER": _user,
    "WORKDIR": _workdir,
    "ENTRYPOINT": _entrypoint,
    "CMD": _cmd,
    "SHELL": _shell,
    "EXPOSE": _expose,
    "STOPSIGNAL": _stopsignal,
    "ONBUILD": _onbuild,
    "COPY": _copy,
    "ADD": _copy,
}
