"""BuildKit's directive for its own checks: `# check=skip=A,B;error=true;experimental=C`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ..dockerfile.model import Dockerfile, Span
from .diagnostic import Fix, Severity
from .rule import About, Example, Finding
from .subject import Subject


@dataclass(frozen=True, slots=True)
class Checks:
    """What the directive says; `all` in a set stands for every check."""

    skip: frozenset[str] = frozenset()
    experimental: frozenset[str] = frozenset()
    error: bool = False

    @classmethod
    def of(cls, dockerfile: Dockerfile) -> Checks:
        """The directive of a file; the defaults where it has none."""
        given = dict(
            part.strip().partition("=")[::2]
            for part in (dockerfile.directive("check") or "").split(";")
            if "=" in part
        )
        names = {key: _names(given.get(key, "")) for key in ("skip", "experimental")}
        error = given.get("error", "").strip().lower() in ("true", "1", "t")
        return cls(names["skip"], names["experimental"], error)


def _names(text: str) -> frozenset[str]:
    return frozenset(name.strip().lower() for name in text.split(",") if name.strip())


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
        return cls(about, Checks.of(subject.dockerfile))

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
