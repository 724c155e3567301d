"""What a code means: for `explain CODE`, and the reference page of the causes."""

from __future__ import annotations

import re

from ..errors import BadUsage
from ..lint import explain as rules
from ..lint.rule import all_rules
from ..lint.spelling import nearest
from .catalogue import all_causes, find_cause
from .failures import all_failures, find_failure
from .model import Cause, Sample, Where

_WHERE: dict[Where, str] = {
    "build": "while the image is built",
    "rehearse": "when its container starts",
    "push": "while it is pushed",
    "azure": "in Azure's answer",
}
_SLOT = re.compile(r"\{(\w+)(?:\|[^}]*)?\}")


def meaning(code: str) -> str:
    """A finding or a failure's cause in plain text; raises BadUsage for a code of neither."""
    cause = find_cause(code)
    if cause is not None:
        return _text(cause)
    failure = find_failure(code)
    if failure is not None:
        return failure.text
    try:
        return rules.explain(code)
    except BadUsage:
        known = [cause.code for cause in all_causes()]
        known += [failure.code for failure in all_failures()]
        known += [rule.about.code for rule in all_rules()]
        near = nearest(code, known, 0.6)
        raise BadUsage(
            f"No finding and no cause of a failure has the code '{code}'.",
            hint=f"Did you mean {near}?"
            if near
            else "Findings and failures show their code in their last line.",
        ) from None


def _text(cause: Cause) -> str:
    sample = cause.samples[0]
    parts = [
        f"{cause.code}: {cause.title} ({_places(cause)})",
        _general(cause.sentence),
        cause.why,
        _general(cause.action),
        "For example\n\n" + "\n".join(f"    {line}" for line in _shown(sample)),
        f"Source: {cause.source}",
    ]
    return "\n\n".join(parts) + "\n"


def reference() -> str:
    """All causes in Markdown."""
    lines = [
        "# Causes of failures",
        "",
        "What is recognised in the last words of a failed build, rehearsal, push or deployment.",
        "Made from the causes themselves by `python -m tools.cause_pages`; in a notebook:",
        "`%azureml_image explain CODE`.",
        "",
        "| code | | where |",
        "|---|---|---|",
        *(f"| [{c.code}](#{c.code}) | {c.title} | {', '.join(c.where)} |" for c in all_causes()),
    ]
    for cause in all_causes():
        source = f"<{cause.source}>" if cause.source.startswith("https:") else cause.source
        lines += [
            "",
            f"## {cause.code}",
            "",
            f"*{cause.title}, {_places(cause)}.* {_general(cause.sentence)}",
            "",
            cause.why,
            "",
            f"**What to do.** {_general(cause.action)}",
            "",
            *_fenced(cause.samples[0]),
            "",
            f"Source: {source}",
        ]
    lines += [
        "",
        "## Codes of errors",
        "",
        "What is raised carries a code (`error.code`); those that are no cause from above:",
        "",
        "| code | meaning | what to do |",
        "|---|---|---|",
        *(f"| {f.code} | {f.meaning} | {f.action} |" for f in all_failures()),
    ]
    return "\n".join(lines) + "\n"


def _fenced(sample: Sample) -> list[str]:
    return ["```text", *(line.rstrip() for line in _shown(sample)), "```"]


def _places(cause: Cause) -> str:
    return ", ".join(_WHERE[where] for where in cause.where)


def _general(text: str) -> str:
    """A text with its slots as words in capitals, as usual for what stands for something."""
    return _SLOT.sub(lambda slot: slot[1].upper(), text)


def _shown(sample: Sample) -> list[str]:
    first = [sample.instruction] if sample.instruction else []
    last = [] if sample.exit_code is None else [f"(exit code {sample.exit_code})"]
    return [*first, *sample.lines, *last]
