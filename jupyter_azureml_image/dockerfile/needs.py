"""Which syntax of a Dockerfile only some builders carry."""

from __future__ import annotations

from collections.abc import Iterator

from .facts import Need, NeedKind
from .model import Dockerfile, Instruction
from .mounts import mounts

_BY_FLAG: dict[str, NeedKind] = {
    "link": "link",
    "chmod": "chmod",
    "parents": "parents",
    "exclude": "exclude",
    "device": "device",
    "network": "network",
    "security": "security",
    "checksum": "checksum",
    "keep-git-dir": "checksum",
    "unpack": "checksum",
    "mount": "mount",
}


def needs_of(dockerfile: Dockerfile, built: set[int]) -> tuple[Need, ...]:
    """Every need, in the order of the text.

    A builder that does not know a flag refuses it in a stage that is not even built; a secret
    is only wanted by the instructions whose numbers are in `built`.
    """
    found: list[Need] = []
    for directive in dockerfile.directives:
        if directive.name == "syntax":
            line, _ = dockerfile.position(directive.span.start)
            found.append(Need("syntax", -1, line))
    for index, instruction in enumerate(dockerfile.instructions):
        line = dockerfile.line(instruction)
        kinds = dict.fromkeys(_kinds(instruction.inner or instruction, is_built=index in built))
        found += [Need(kind, index, line) for kind in kinds]
    return tuple(found)


def _kinds(instruction: Instruction, *, is_built: bool) -> Iterator[NeedKind]:
    if instruction.heredocs:
        yield "heredoc"
    for flag in instruction.flags:
        if flag.name in _BY_FLAG:
            yield _BY_FLAG[flag.name]
    if instruction.keyword != "RUN" or not is_built:
        return
    for mount in mounts(instruction):
        if mount.kind == "secret":
            yield "secret"
        elif mount.kind == "ssh":
            yield "ssh"
