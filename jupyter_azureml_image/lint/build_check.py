"""BuildKit's own checks: their data, and how a file's directive changes them."""

from __future__ import annotations

from collections.abc import Iterator

from ..dockerfile.model import Span
from ..records import dataclass
from .diagnostic import Fix, Severity
from .directive import Checks
from .rule import About, Example, Finding
from .subject import Subject


@dataclass(frozen=True, slots=True)
class BuildCheck:
    """One of BuildKit's checks in a file: whether it counts, and how hard.

    The builder prints these as warnings. What only concerns style is advice here; with
    `error=true` in the directive the builder stops on any of them.
    """

    about: About
    checks: Checks

    @classmethod
    def here(cls, about: About, subject: Subject) -> BuildCheck:
        """The check with what the file's directive says."""
        return cls(about, subject.checks)

    @property
    def skipped(self) -> bool:
        """Whether the file asks to leave it out."""
        return bool({"all", self.about.code.lower()} & self.checks.skip)

    def at(self, span: Span, message: str, *fixes: Fix) -> Iterator[Finding]:
        """The finding, unless it is skipped."""
        if not self.skipped:
            severity: Severity | None = "error" if self.checks.error else None
            yield Finding(span, message, severity=severity, fixes=fixes)


def build_check(
    code: str, severity: Severity, title: str, why: str, example: tuple[str, str]
) -> About:
    """The data of one of BuildKit's checks; its page in Docker's documentation is the source."""
    page = "".join(f"-{c.lower()}" if c.isupper() else c for c in code).strip("-")
    page = page.replace("j-s-o-n-", "json-")
    return About(
        code,
        severity,
        title,
        why=why,
        remedy="Change it as in the example, or skip the check: "
        f"'# check=skip={code}' at the top, or '# azureml-image: ignore={code}' above the line.",
        example=Example(*example),
        sources=(f"https://docs.docker.com/reference/build-checks/{page}/",),
    )
