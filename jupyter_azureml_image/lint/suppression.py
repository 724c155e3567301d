"""What the user asked not to be told: `--ignore CODE` and comments in the text.

`# azureml-image: ignore=CODE[,CODE]` counts for the next instruction. Hadolint's own comment
(`# hadolint ignore=CODE`) is honoured for its codes, BuildKit's directive (`# check=skip=...`)
for BuildKit's checks.
"""

from __future__ import annotations

import re

from ..dockerfile.model import Dockerfile
from ..patterns import pattern
from ..records import dataclass
from .diagnostic import Diagnostic
from .question import CheckInput

_COMMENT = pattern(
    r"#\s*(?:azureml-image\s*:|hadolint)\s*(?:ignore)\s*=\s*([\w,\s-]+)",
    re.I,
    needs=("azureml-", "hadol"),
)


@dataclass(frozen=True, slots=True)
class Suppression:
    """Codes that are left out everywhere, and (first line, last line, code) of comments."""

    codes: frozenset[str]
    ranges: tuple[tuple[int, int, str], ...]

    @classmethod
    def of(cls, question: CheckInput) -> Suppression:
        """What this question asks to leave out."""
        ignore = question.request.check.ignore if question.request else ()
        codes = {code.strip().lower() for item in ignore for code in item.split(",")}
        return cls(frozenset(codes - {""}), tuple(_ranges(question.dockerfile)))

    def covers(self, diagnostic: Diagnostic) -> bool:
        """Whether a finding is suppressed. A fault that stops the parser never is."""
        if diagnostic.syntax:
            return False
        code = diagnostic.code.lower()
        return code in self.codes or any(
            first <= diagnostic.line <= last and code == named for first, last, named in self.ranges
        )


def _ranges(dockerfile: Dockerfile) -> list[tuple[int, int, str]]:
    found: list[tuple[int, int, str]] = []
    for span in dockerfile.comments:
        match = _COMMENT.match(dockerfile.text[span.start : span.end].strip())
        if match is None:
            continue
        following = next((i for i in dockerfile.instructions if i.span.start >= span.end), None)
        if following is None:
            continue
        first = dockerfile.line(following)
        last = dockerfile.position(max(following.span.start, following.span.end - 1))[0]
        names = (name.strip().lower() for name in match[1].split(","))
        found += [(first, last, name) for name in names if name]
    return found
