"""System packages."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ...dockerfile.model import Span
from ...patterns import pattern
from ..diagnostic import Edit, Fix
from ..installs import AptInstall
from ..links import ENVIRONMENTS, EXTEND, OPENCV_APT_ISSUE, OPENCV_ISSUE
from ..pins import APT_TOOLS, FROM_APT
from ..rule import About, Example, Finding, insert, replace, rule
from ..shell import Command
from ..steps import Step
from ..subject import Subject

_BASE = "FROM mcr.microsoft.com/azureml/minimal-py312-inference:latest\nUSER root:root\n"
_BACK = "USER dockeruser\n"
_CLEANING = pattern(
    r"/var/lib/apt(?:/lists|/?(?![\w./-]))|/var/lib/\{(?:[^}\s]*,)?apt[,}]|autoclean"
    r"|apt(?:-get)?\s+(?:-\S+\s+)*clean",
    needs=("/var/lib/", "clean"),
)
_GOOD = (
    _BASE + "RUN apt-get update && apt-get install -y --no-install-recommends curl && "
    "rm -rf /var/lib/apt/lists/*\n" + _BACK
)


def _installs(subject: Subject) -> Iterator[tuple[Step, AptInstall]]:
    for step, apt in subject.apts:
        if apt.action == "install":
            yield step, apt


def _by_script(step: Step, apt: AptInstall) -> bool:
    """Whether a script from outside runs before, as those that add a repository do: it may have
    updated the index itself."""
    return any(
        command.before == "|" and command.name in ("bash", "sh")
        for command in step.commands
        if command.span.start < apt.command.span.start
    )


def _bound(step: Step, place: str) -> bool:
    """Whether the RUN mounts a cache at a place."""
    return any(f.name == "mount" and place in (f.value or "") for f in step.instruction.flags)


@rule(
    About(
        "AML030",
        "warning",
        "apt-get install without update",
        why="The package index of an older layer names versions that are gone: the build fails "
        "with 404 some day, on a machine with another cache.",
        remedy="Begin the RUN with 'apt-get update &&'.",
        example=Example(_GOOD.replace("apt-get update && ", ""), _GOOD),
        sources=(EXTEND, ENVIRONMENTS),
    )
)
def install_without_update(subject: Subject) -> Iterator[Finding]:
    """Files given by path need no index; one finding per RUN."""
    seen: set[int] = set()
    for step, apt in _installs(subject):
        names = [p.value for p in apt.packages if not p.value.startswith(("/", "./"))]
        if step.index in seen or not names or _bound(step, "/var/lib/apt"):
            continue
        updated = any(
            other.action == "update" and other.command.span.start < apt.command.span.start
            for s, other in subject.apts
            if s.index == step.index
        )
        if updated or _by_script(step, apt):
            continue
        seen.add(step.index)
        sudo = "sudo " if apt.command.sudo else ""
        start = subject.span_of(r"(?:sudo\s+)?\S*apt(?:-get|itude)?\b", apt.command.span)
        at = start.start if start else apt.command.span.start
        fixes = (insert("Update the index first", at, f"{sudo}apt-get update && "),)
        plain = apt.command.before in ("", "&&", ";", "\n")
        yield Finding(
            apt.command.span,
            "The package index is not updated in the same RUN",
            fixes=fixes if plain and not apt.command.sudo else (),
        )


@rule(
    About(
        "AML031",
        "warning",
        "apt-get install without -y",
        why="Nobody answers apt's question during a build: it stops as soon as a package brings "
        "others along.",
        remedy="Add -y.",
        example=Example(_GOOD.replace("install -y", "install"), _GOOD),
        sources=(EXTEND,),
    )
)
def install_without_yes(subject: Subject) -> Iterator[Finding]:
    """Not where apt is configured to assume yes."""
    if "assume-yes" in subject.text.casefold():
        return
    for _, apt in _installs(subject):
        if not apt.assumes_yes and apt.packages:
            end = apt.at.span.end
            yield Finding(
                apt.command.span,
                "Nobody can answer the question that apt asks here",
                fixes=(insert("Add -y", end, " -y"),),
            )


@rule(
    About(
        "AML032",
        "warning",
        "Package lists stay in the layer",
        why="The lists are some 40 MB that every pull of every instance carries.",
        remedy="End the same RUN with 'rm -rf /var/lib/apt/lists/*'.",
        example=Example(_GOOD.replace(" && rm -rf /var/lib/apt/lists/*", ""), _GOOD),
        sources=(EXTEND,),
    )
)
def lists_stay(subject: Subject) -> Iterator[Finding]:
    """In the stages that make the result; one finding per RUN."""
    seen: set[int] = set()
    for step, apt in _installs(subject):
        if step.index in seen or not subject.in_result(step) or subject.cut_off(step):
            continue
        text = subject.text[step.instruction.span.start : step.instruction.span.end]
        if _cleaned(text) or _bound(step, "/var/lib/apt"):
            continue
        seen.add(step.index)
        yield Finding(
            apt.command.span,
            "The package lists stay in this layer",
            fixes=_cleanup(subject, step),
        )


def _cleaned(run: str) -> bool:
    """Whether a RUN takes apt's lists away."""
    return bool(_CLEANING.search(run))


def _cleanup(subject: Subject, step: Step) -> tuple[Fix, ...]:
    """Appends the clean-up, where the RUN is a plain chain of commands."""
    if step.instruction.heredocs or step.instruction.json:
        return ()
    if not all(c.before in ("", "&&") for c in step.commands) or step.commands[-1].after == "&":
        return ()
    # Behind a comment of the shell or a last semicolon it would be lost, or a syntax error.
    end = step.commands[-1].span.end
    several = subject.line_of(end) > subject.line_of(step.instruction.span.start)
    joint = f" && {subject.dockerfile.escape}{subject.newline}    " if several else " && "
    return (insert("Remove the lists", end, f"{joint}rm -rf /var/lib/apt/lists/*"),)


@rule(
    About(
        "AML033",
        "info",
        "Recommended packages come along",
        why="Recommended packages can double what is installed; Microsoft's own files leave "
        "them in, so this is advice only.",
        remedy="Add --no-install-recommends, and name what you really need of them.",
        example=Example(_GOOD.replace(" --no-install-recommends", ""), _GOOD),
    )
)
def recommends(subject: Subject) -> Iterator[Finding]:
    """Not where apt is configured so for the whole image."""
    if "Install-Recommends" in subject.text:
        return
    for _, apt in _installs(subject):
        if apt.packages and "--no-install-recommends" not in apt.options:
            yield Finding(
                apt.command.span,
                "Recommended packages are installed too",
                fixes=(
                    insert(
                        "Leave them out", apt.at.span.end, " --no-install-recommends", certain=False
                    ),
                ),
            )


@rule(
    About(
        "AML034",
        "warning",
        "A Python package from apt",
        why="The server runs in a Python of its own: what apt installs goes to the system's "
        "Python, and the import in score.py still fails. python3-opencv alone is 1 GB.",
        remedy="Install it with pip instead.",
        example=Example(
            _GOOD.replace("curl", "libpng-tools python3-opencv"),
            _GOOD.replace("curl", "libpng-tools").replace(
                _BACK, "RUN pip install --no-cache-dir opencv-python-headless==4.11.0.86\n" + _BACK
            ),
        ),
        sources=(OPENCV_ISSUE,),
    )
)
def python_from_apt(subject: Subject) -> Iterator[Finding]:
    """On Azure ML's images, whose Python is not the system's."""
    if subject.base is None:
        return
    for step, apt in _installs(subject):
        if not subject.in_result(step):
            continue
        for word in apt.packages:
            name = word.value.partition("=")[0]
            if not name.startswith("python3-") or name in APT_TOOLS or name.endswith("-dev"):
                continue
            package = FROM_APT.get(name)
            fixes = _by_pip(subject, step, apt, word.span, package) if package else ()
            pip_name = package.partition("=")[0] if package else name.removeprefix("python3-")
            yield Finding(
                word.span,
                f"{name} goes to the system's Python, not to the one that serves",
                remedy=f"pip install {pip_name}",
                fixes=fixes,
            )


def _by_pip(
    subject: Subject, step: Step, apt: AptInstall, span: Span, package: str
) -> tuple[Fix, ...]:
    """Takes the word out (its line too, where it stands alone on it) and adds a pip RUN."""
    if len(apt.packages) < 2 or step.instruction.heredocs:
        return ()
    end = subject.end_of(step.instruction)
    run = f"{subject.newline}RUN pip install --no-cache-dir {package}"
    taken = _take_out(subject, apt.command, span)
    title = f"Install {package.partition('=')[0]} by pip instead"
    # The versions are for the current bases; OpenCV's wheels also install on older Pythons.
    old = subject.base is not None and subject.base.python_minor in ("3.6", "3.7", "3.8", "3.9")
    certain = not old or package.startswith("opencv")
    return (Fix(title, certain, (taken, Edit(end, end, run))),)


def _take_out(subject: Subject, command: Command, span: Span) -> Edit:
    """The edit that removes a word of a RUN without leaving an empty line behind."""
    text = subject.text
    line = subject.line_span(subject.line_of(span.start))
    before = text[line.start : span.start]
    after = text[span.end : line.end].strip()
    if before.strip():
        start = span.start - (len(before) - len(before.rstrip(" \t")))
        return Edit(start, span.end, "")
    if after == subject.dockerfile.escape:
        return Edit(line.start, text.find("\n", line.end) + 1 or len(text), "")
    # `package && \` alone on its line: the operator moves up to the package before it. Behind the
    # last word of all nothing may stay open: comments between the two go along.
    above = subject.line_span(subject.line_of(span.start) - 1)
    joint = re.search(r"[ \t]*\\[ \t]*$", text[above.start : above.end])
    if joint is not None:
        return Edit(above.start + joint.start(), span.end, "")
    ends = [word.span.end for word in command.words] + [r.span.end for r in command.redirects]
    return Edit(span.start if after else max(e for e in ends if e <= span.start), span.end, "")


@rule(
    About(
        "AML035",
        "info",
        "opencv-python needs a screen's libraries",
        why="opencv-python draws windows and needs libGL: 'import cv2' fails with "
        "'libGL.so.1: cannot open shared object file'.",
        remedy="Install opencv-python-headless.",
        example=Example(
            "FROM mcr.microsoft.com/azureml/minimal-py312-inference:latest\n"
            "RUN pip install --no-cache-dir opencv-python==4.11.0.86\n",
            "FROM mcr.microsoft.com/azureml/minimal-py312-inference:latest\n"
            "RUN pip install --no-cache-dir opencv-python-headless==4.11.0.86\n",
        ),
        sources=(OPENCV_ISSUE, OPENCV_APT_ISSUE),
    )
)
def opencv_with_windows(subject: Subject) -> Iterator[Finding]:
    """Where apt brings none of the libraries."""
    if any(name in subject.text for name in ("libgl1", "ffmpeg", "libopencv", "python3-opencv")):
        return
    for _, pip in subject.pips:
        for read in pip.requirements:
            if read.name in ("opencv-python", "opencv-contrib-python") and read.word:
                inner = re.compile(read.name.replace("-", "[-_.]"), re.IGNORECASE)
                match = inner.search(subject.text, read.word.span.start, read.word.span.end)
                span = Span(*match.span()) if match else read.word.span
                yield Finding(
                    read.word.span,
                    f"{read.name} needs libGL, which this image does not bring",
                    fixes=(replace("Take the headless one", span, f"{read.name}-headless"),),
                )
