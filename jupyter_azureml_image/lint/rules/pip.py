"""Python packages by pip."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ...dockerfile.model import Span
from ..installs import PipInstall, Requirement, is_tool, requirement_lines
from ..links import ASSETS, ENVIRONMENTS, EXTENSIBILITY, SERVER_SOURCE, SERVER_TROUBLESHOOTING
from ..rule import About, Example, Finding, insert, replace, rule
from ..steps import Step
from ..subject import Subject

_BASE = "FROM mcr.microsoft.com/azureml/minimal-py312-inference:latest\n"
_GOOD = _BASE + "RUN pip install --no-cache-dir numpy==2.2.3\n"
_SERVER_NEEDS = {
    "flask": (3, 1),
    "werkzeug": (3, 1),
    "jinja2": (3, 1),
    "markupsafe": (2, 1),
    "itsdangerous": (2, 2),
    "click": (8, 1),
    "pydantic": (2, 0),
}
"""The lowest versions that azureml-inference-server-http 1.5 works with."""


def _named(requirements: list[Requirement]) -> str:
    names = list(dict.fromkeys(r.name for r in requirements))
    more = f" and {len(names) - 4} more" if len(names) > 4 else ""
    return ", ".join(names[:4]) + more


@rule(
    About(
        "AML040",
        "warning",
        "Packages without a version",
        why="The next build may take another version; an environment that was registered is "
        "supposed to be the same when it is built again.",
        remedy="Pin the version (==) or an upper bound; `pip freeze` in a working image shows "
        "what was taken.",
        example=Example(_GOOD.replace("==2.2.3", ""), _GOOD),
        sources=(ENVIRONMENTS, EXTENSIBILITY),
    )
)
def unpinned(subject: Subject) -> Iterator[Finding]:
    """One finding per pip install, its requirements files included."""
    for _, pip in subject.pips:
        loose = [r for r in pip.requirements if not r.pinned and not is_tool(r)]
        cut = _redirected(pip)
        loose = [r for r in loose if r.word is None or r.word.span.end not in cut]
        if pip.options & {"-c", "--constraint"}:
            continue
        if loose:
            words = [r.word.span for r in loose if r.word]
            span = Span(words[0].start, words[-1].end) if words else pip.command.span
            yield Finding(
                span,
                f"No version is given for {_named(loose)}",
                # A lower bound alone is a choice that security updates ask for.
                severity="info" if all(r.rest for r in loose) else None,
            )
            continue
        for file in pip.files:
            text = subject.requirements_text(file)
            open_ones = [r for r in requirement_lines(text or "") if not r.pinned]
            if open_ones:
                yield Finding(
                    pip.command.span,
                    f"{file.rsplit('/', 1)[-1]} gives no version for {_named(open_ones)}",
                )


def _redirected(pip: PipInstall) -> set[int]:
    """The ends of words where a version was meant and the shell took it for a redirection
    (AML042)."""
    return {r.span.start for r in pip.command.redirects if r.glued}


@rule(
    About(
        "AML041",
        "info",
        "The pip cache stays in the layer",
        why="Downloaded wheels stay in the image beside what was installed from them.",
        remedy="Add --no-cache-dir.",
        example=Example(_GOOD.replace(" --no-cache-dir", ""), _GOOD),
        sources=(ASSETS,),
    )
)
def cache_stays(subject: Subject) -> Iterator[Finding]:
    """In the result's stages, where nothing else keeps the cache out."""
    kept_out: dict[int, bool] = {}  # by step: a RUN may install thousands of times
    for step, pip in subject.pips:
        if not subject.in_result(step) or pip.options & {"--no-cache-dir", "--no-cache"}:
            continue
        if step.index not in kept_out:
            kept_out[step.index] = _cache_kept_out(subject, step)
        if kept_out[step.index]:
            continue
        yield Finding(
            pip.command.span,
            "pip's cache stays in this layer",
            fixes=(insert("Add --no-cache-dir", pip.at.span.end, " --no-cache-dir"),),
        )


def _cache_kept_out(subject: Subject, step: Step) -> bool:
    text = subject.text[step.instruction.span.start : step.instruction.span.end]
    if re.search(r"cache\s+(?:purge|clean)|\.cache|type=cache|PIP_NO_CACHE_DIR|uv\s+pip", text):
        return True
    return subject.variable("PIP_NO_CACHE_DIR") not in (None, "0", "false")


@rule(
    About(
        "AML042",
        "warning",
        "The shell takes < or > for a redirection",
        why="'pip>=1.0' installs any pip and writes a file named '=1.0'; 'numpy<2' looks for a "
        "file named '2' and the build stops.",
        remedy="Put the requirement in quotes.",
        example=Example(
            _BASE + "RUN pip install --no-cache-dir numpy>=2.0,<3\n",
            _BASE + 'RUN pip install --no-cache-dir "numpy>=2.0,<3"\n',
        ),
        sources=(ENVIRONMENTS,),
    )
)
def unquoted_version(subject: Subject) -> Iterator[Finding]:
    """A redirection glued to a word of an install, with a version behind it."""
    commands = [pip.command for _, pip in subject.pips]
    commands += [call.command for _, call in subject.condas if call.action in ("install", "create")]
    for command in commands:
        done = -1
        by_end = {word.span.end: word for word in command.words} if command.redirects else {}
        for redirect in command.redirects:
            version = re.match(r"=?\s*\d|=", redirect.target)
            if not redirect.glued or not version or redirect.span.start < done:
                continue
            word = by_end.get(redirect.span.start)
            if word is None or word.quoted:
                continue
            whole = _whole(subject, word.span.start)
            done = whole.end
            raw = subject.text[whole.start : whole.end]
            reads = re.search(r"(?<![>=])<", raw) is not None
            yield Finding(
                whole,
                f"The shell reads {raw} as a redirection, not as a version",
                # A file to read from is missing, so the command fails; one to write is made.
                severity="error" if reads else None,
                fixes=(replace("Quote it", whole, f'"{raw}"'),),
            )


def _whole(subject: Subject, start: int) -> Span:
    """From a word's start to the next blank."""
    match = re.compile(r"[^\s;&|]+").match(subject.text, start)
    return Span(start, match.end() if match else start)


@rule(
    About(
        "AML046",
        "warning",
        "A pin that the inference server cannot live with",
        why="azureml-inference-server-http 1.5 needs flask 3.1 and pydantic 2.12: pip breaks the "
        "server to keep the older pin, and the container ends before it serves.",
        remedy="Take the pin out; the server brings what it needs.",
        example=Example(
            _BASE + "RUN pip install --no-cache-dir flask==2.0.3\n",
            _BASE + "RUN pip install --no-cache-dir flask==3.1.0\n",
        ),
        sources=(SERVER_TROUBLESHOOTING, SERVER_SOURCE),
    )
)
def server_pins(subject: Subject) -> Iterator[Finding]:
    """On inference bases with a Python that gets server 1.5."""
    base = subject.base
    if base is None or not base.serves or base.python_minor in ("3.6", "3.7", "3.8"):
        return
    for step, pip in subject.pips:
        if not subject.in_result(step) or pip.elsewhere or not _serves(subject, pip):
            continue
        for read in pip.requirements:
            if _too_old(read):
                span = read.word.span if read.word else pip.command.span
                yield Finding(span, _clash(read))
        for file in pip.files:
            for read in requirement_lines(subject.requirements_text(file) or ""):
                if _too_old(read):
                    name = file.rsplit("/", 1)[-1]
                    yield Finding(pip.command.span, f"{name}: {_clash(read)}")


def _serves(subject: Subject, pip: PipInstall) -> bool:
    """Whether it may install into the Python that serves: by no other program's folder."""
    if pip.environment is None or "$" in pip.environment:
        return True
    prefix = subject.prefix or "/azureml-envs/minimal"
    return pip.environment.removesuffix("/bin") in (prefix, prefix.rsplit("/", 1)[-1])


def _clash(read: Requirement) -> str:
    return f"{read.name}{read.rest} is older than the inference server allows"


def _too_old(read: Requirement) -> bool:
    lowest = _SERVER_NEEDS.get(read.name)
    if lowest is None:
        return False
    match = re.search(r"(==|~=|<=?)\s*(\d+)(?:\.(\d+))?", read.rest)
    if match is None:
        return False
    given = (int(match[2]), int(match[3] or 0))
    if match[1] == "<":
        return given <= lowest
    if match[1] == "==" and match[3] is None and "*" in read.rest:
        return given[0] < lowest[0]
    return given < lowest
