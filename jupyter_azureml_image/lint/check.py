"""The check: a question in, findings out. No network, no engine, no clock."""

from __future__ import annotations

from collections.abc import Iterator

from ..dockerfile.model import Dockerfile
from .diagnostic import SEVERITIES, Diagnostic
from .merge import merge
from .question import CheckInput, Definition, DeploymentWish, LastBuild, Plans, Reader
from .rule import Finding, Rule, all_rules
from .subject import Subject
from .suppression import Suppression

__all__ = [
    "CheckInput",
    "Definition",
    "DeploymentWish",
    "LastBuild",
    "Plans",
    "Reader",
    "check",
]


def check(question: CheckInput) -> tuple[Diagnostic, ...]:
    """Every finding that is not suppressed, worst first and then by place."""
    subject = Subject(question)
    suppression = Suppression.of(question)
    found = [diagnostic for rule in all_rules() for diagnostic in _of_rule(rule, subject)]
    merged = merge(found, question.generic, question.dockerfile, subject.checks.skip)
    kept = (d for d in merged if not suppression.covers(d))
    return tuple(sorted(kept, key=_order))


def _of_rule(rule: Rule, subject: Subject) -> Iterator[Diagnostic]:
    for finding in rule.check(subject):
        yield _diagnostic(rule, finding, subject.dockerfile)


def _diagnostic(rule: Rule, finding: Finding, dockerfile: Dockerfile) -> Diagnostic:
    about = rule.about
    line, column = dockerfile.position(finding.span.start)
    end_line, end_column = dockerfile.position(max(finding.span.end, finding.span.start))
    if end_column == 1 and end_line > line:  # a span that takes its line end along
        end_line -= 1
        end_column = finding.span.end - dockerfile.line_starts[end_line - 1]
    return Diagnostic(
        code=about.code,
        severity=finding.severity or about.severity,
        message=finding.message,
        line=line,
        column=column,
        end_line=end_line,
        end_column=end_column,
        syntax=finding.syntax,
        why=about.why,
        remedy=finding.remedy or about.remedy,
        fixes=finding.fixes,
    )


def _order(diagnostic: Diagnostic) -> tuple[int, int, int, str]:
    severity = SEVERITIES.index(diagnostic.severity)
    return severity, diagnostic.line, diagnostic.column, diagnostic.code
