"""A rule is data plus one small pure function.

A topic module writes

    @rule(About("AML031", "warning", "apt-get install without -y", why=..., remedy=..., ...))
    def apt_without_yes(subject: Subject) -> Iterator[Finding]: ...

and nothing else has to be told: the check, `explain`, the pages and SARIF read `all_rules()`.
Codes are stable and never used twice.
"""

from __future__ import annotations

import functools
import importlib
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from ..dockerfile.model import Span
from ..records import dataclass
from .diagnostic import Edit, Fix, Severity

if TYPE_CHECKING:
    from .subject import Subject

TOPICS = (
    "characters",
    "placeholders",
    "text",
    "base",
    "base_use",
    "user",
    "apt",
    "pip",
    "conda",
    "copying",
    "reading",
    "sending",
    "entry_script",
    "entry_facts",
    "model",
    "server",
    "routes",
    "secret",
    "builder",
    "registration",
    "size",
    "advice",
    "buildkit_names",
    "buildkit_text",
    "buildkit_values",
)
"""The modules that hold rules, in the order of the reference."""


@dataclass(frozen=True, slots=True)
class Example:
    """A Dockerfile that the rule catches, and the same one put right."""

    bad: str
    good: str


@dataclass(frozen=True, slots=True)
class About:
    """What a rule says of itself. `why` is for Azure ML; `sources` are links.

    `severity` is the usual one; a finding may be milder or harder where it knows more.
    """

    code: str
    severity: Severity
    title: str
    why: str
    remedy: str
    example: Example
    sources: tuple[str, ...] = ()
    syntax: bool = False


@dataclass(frozen=True, slots=True)
class Finding:
    """What a rule's function yields: a place and a sentence. None keeps what the rule says."""

    span: Span
    message: str
    severity: Severity | None = None
    remedy: str | None = None
    fixes: tuple[Fix, ...] = ()
    syntax: bool = False


Check = Callable[["Subject"], Iterator[Finding]]


@dataclass(frozen=True, slots=True)
class Rule:
    """A registered rule."""

    about: About
    check: Check
    topic: str


_RULES: dict[str, Rule] = {}


def rule(about: About) -> Callable[[Check], Check]:
    """Registers a rule's function under `about.code`."""

    def register(check: Check) -> Check:
        if about.code in _RULES:
            raise ValueError(f"{about.code} is taken by {_RULES[about.code].check.__name__}")
        _RULES[about.code] = Rule(about, check, check.__module__.rsplit(".", 1)[-1])
        return check

    return register


@functools.cache
def all_rules() -> tuple[Rule, ...]:
    """Every rule, by topic and then as written."""
    for topic in TOPICS:
        importlib.import_module(f"{__package__}.rules.{topic}")
    return tuple(sorted(_RULES.values(), key=lambda r: TOPICS.index(r.topic)))


def find_rule(code: str) -> Rule | None:
    """The rule with this code, in any case of letters."""
    return next((r for r in all_rules() if r.about.code.lower() == code.lower()), None)


def replace(title: str, span: Span, text: str, *, certain: bool = True) -> Fix:
    """A fix that replaces the characters of a span."""
    return Fix(title, certain, (Edit(span.start, span.end, text),))


def insert(title: str, offset: int, text: str, *, certain: bool = True) -> Fix:
    """A fix that inserts text at an offset."""
    return Fix(title, certain, (Edit(offset, offset, text),))
