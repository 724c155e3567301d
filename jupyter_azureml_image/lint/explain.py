"""What a code means: for `explain CODE`, and the documentation page of each rule."""

from __future__ import annotations

from ..errors import BadUsage
from .rule import Rule, all_rules, find_rule
from .spelling import nearest

_HADOLINT = ("DL", "SC")
_MEANING = {
    "error": "error: this build, registration or deployment will certainly fail, or a secret "
    "leaves the machine",
    "warning": "warning: it works, and will hurt",
    "info": "advice",
}


def explain(code: str) -> str:
    """A rule in plain text with an example; raises BadUsage for a code that no rule has."""
    rule = find_rule(code.strip())
    if rule is not None:
        return _text(rule)
    upper = code.strip().upper()
    if upper.startswith(_HADOLINT) and upper[2:].isdigit():
        if upper.startswith("SC"):
            return f"{upper} is a finding of ShellCheck: https://www.shellcheck.net/wiki/{upper}"
        return (
            f"{upper} is a finding of hadolint: https://github.com/hadolint/hadolint/wiki/{upper}"
        )
    near = nearest(code, (r.about.code for r in all_rules()), 0.6)
    raise BadUsage(
        f"No rule has the code '{code}'.",
        hint=f"Did you mean {near}?" if near else "Findings show their code in their last line.",
    )


def _text(rule: Rule) -> str:
    about = rule.about
    parts = [
        f"{about.code}: {about.title}",
        _MEANING[about.severity],
        about.why,
        about.remedy,
        "Instead of\n\n" + _indented(about.example.bad),
        "write\n\n" + _indented(about.example.good),
    ]
    if about.sources:
        parts.append("Source: " + "\n        ".join(about.sources))
    return "\n\n".join(parts) + "\n"


def _indented(text: str) -> str:
    return "\n".join(f"    {line}".rstrip() for line in text.rstrip("\n").split("\n"))


def page(rule: Rule) -> str:
    """A rule's page in Markdown."""
    about = rule.about
    lines = [
        f"# {about.code}: {about.title}",
        "",
        f"*{_MEANING[about.severity]}*",
        "",
        about.why,
        "",
        f"**What to do.** {about.remedy}",
        "",
        "Caught:",
        "",
        "```Dockerfile",
        about.example.bad.rstrip("\n").replace("\r", "␍"),
        "```",
        "",
        "Instead:",
        "",
        "```Dockerfile",
        about.example.good.rstrip("\n").replace("\r", "␍"),
        "```",
        "",
        f"Leave it out with `--ignore {about.code}`, or for one instruction with the line "
        f"`# azureml-image: ignore={about.code}` above it.",
    ]
    if about.sources:
        lines += ["", "Sources:", "", *(f"- <{source}>" for source in about.sources)]
    return "\n".join(lines) + "\n"


def index() -> str:
    """The list of all rules in Markdown, by topic."""
    lines = [
        "# Rules",
        "",
        "Made from the rules themselves by `python -m tools.rule_pages`.",
        "An error certainly fails or gives a secret away; a warning works and will hurt; "
        "the rest is advice.",
        "",
        "[The samples of Microsoft's page](samples.md), checked and fixed.",
    ]
    topic = ""
    for rule in all_rules():
        if rule.topic != topic:
            topic = rule.topic
            title = topic.replace("_", " ").replace("buildkit", "BuildKit's checks:")
            lines += [
                "",
                f"## {title[:1].upper()}{title[1:]}",
                "",
                "| code | | what |",
                "|---|---|---|",
            ]
        about = rule.about
        lines.append(f"| [{about.code}]({about.code}.md) | {about.severity} | {about.title} |")
    return "\n".join(lines) + "\n"
