"""What the user asked not to be told: `--ignore CODE` and comments in the text.

`# azureml-image: ignore=CODE[,CODE]` counts for the next instruction. Hadolint's own comment
(`# hadolint ignore=CODE`) is honoured for its codes, BuildKit's directive (`# check=skip=...`)
for BuildKit's checks.
"""

from __future__ import annotations

import re

from ..dockerfile.model import Dockerfile, Instruction
from ..patterns import pattern
from ..records import dataclass
from .diagnostic import Diagnostic
from .holders import Holders
from .question import CheckInput

_COMMENT = pattern(
    r"#\s*(?:azureml-image\s*:|hadolint)\s*(?:ignore)\s*=\s*([\w,\s-]+)",
    re.I,
    needs=("azureml-", "hadol"),
)


@dataclass(frozen=True, slots=True)
class Suppression:
    """Codes that are left out everywhere, and (line, code) of comments."""

    codes: frozenset[str]
    lines: frozenset[tuple[int, str]]

    @classmethod
    def of(cls, question: CheckInput) -> Suppression:
        """What this question asks to leave out."""
        ignore = question.request.check.ignore if question.request else ()
        codes = {code.strip().lower() for item in ignore for code in item.split(",")}
        return cls(frozenset(codes - {""}), _lines(question.dockerfile))

    def covers(self, diagnostic: Diagnostic) -> bool:
        """Whether a finding is suppressed. A fault that stops the parser never is."""
        if diagnostic.syntax:
            return False
        code = diagnostic.code.lower()
        return code in self.codes or (diagnostic.line, code) in self.lines


def _lines(dockerfile: Dockerfile) -> frozenset[tuple[int, str]]:
    found: dict[tuple[int, str], Instruction] = {}
    holders = Holders(dockerfile)
    for span in dockerfile.comments:
        match = _COMMENT.match(dockerfile.text[span.start : span.end].strip())
        if match is None:
            continue
        below = holders.below(span.end)
        if below is None:
            continue
        names = {name.strip().lower() for name in match[1].split(",")} - {""}
        found |= {(below, name): dockerfile.instructions[below] for name in names}
    return frozenset(
        (line, name)
        for (_, name), held in found.items()
        for line in range(
            dockerfile.line(held),
            dockerfile.position(max(held.span.start, held.span.end - 1))[0] + 1,
        )
    )
