"""Who runs what: root for apt, dockeruser for the server."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Container, Iterator
from itertools import groupby

from ...dockerfile.model import Span
from ..diagnostic import Edit, Fix
from ..links import EXTEND, MINIMAL_PY311, OWNERSHIP, TROUBLESHOOT_IMAGES
from ..rule import About, Example, Finding, rule
from ..shell import Command
from ..steps import Step
from ..subject import RUNTIME_FOLDERS, Subject

_BASE = "FROM mcr.microsoft.com/azureml/minimal-py312-inference:latest\n"
_APT_ACTIONS = frozenset(
    "update install upgrade dist-upgrade full-upgrade remove purge autoremove build-dep".split()  # noqa: SIM905  # a sentence of words reads better
)
_ACCOUNTS = frozenset(("useradd", "groupadd", "usermod", "adduser", "addgroup", "userdel"))
_SYSTEM = ("/etc", "/usr", "/bin", "/sbin", "/lib", "/root", "/boot", "/opt", "/srv", "/mnt")


@rule(
    About(
        "AML020",
        "warning",
        "The image ends as root",
        why="Microsoft's inference images run their server as dockeruser. Without a switch back "
        "the server runs as root: it works, and every hole in it is a hole as root.",
        remedy="Add 'USER dockeruser' after the last step that needs root.",
        example=Example(
            _BASE
            + "USER root:root\nRUN apt-get update && apt-get install -y --no-install-recommends"
            " curl && rm -rf /var/lib/apt/lists/*\n",
            _BASE
            + "USER root:root\nRUN apt-get update && apt-get install -y --no-install-recommends"
            " curl && rm -rf /var/lib/apt/lists/*\nUSER dockeruser\n",
        ),
        sources=(EXTEND, TROUBLESHOOT_IMAGES),
    )
)
def ends_as_root(subject: Subject) -> Iterator[Finding]:
    """On bases that come as dockeruser."""
    if not subject.serving or subject.final is None:
        return
    switches = [s for s in subject.result_steps if s.instruction.keyword == "USER"]
    if not switches or subject.final.user.partition(":")[0] not in ("root", "0"):
        return
    last = switches[-1]
    needing = [s for s in subject.result_steps if s.index > last.index]
    runs = [s for s in needing if s.instruction.keyword == "RUN"]
    after = (runs or [last])[-1].instruction
    end = subject.end_of(after)
    fix = Fix(
        "Switch back to dockeruser", True, (Edit(end, end, f"{subject.newline}USER dockeruser"),)
    )
    span = last.instruction.span
    yield Finding(
        Span(span.start, subject.end_of(last.instruction)),
        "Nothing switches back to dockeruser: the server would run as root",
        fixes=(fix,),
    )


@rule(
    About(
        "AML021",
        "error",
        "A step that needs root runs as dockeruser",
        why="The prebuilt images come as dockeruser, who may write only to /tmp, its home and "
        "the folders of the server: apt-get stops with 'Permission denied'.",
        remedy="Put 'USER root:root' before it and 'USER dockeruser' after it.",
        example=Example(
            _BASE + "RUN apt-get update && apt-get install -y --no-install-recommends curl && "
            "rm -rf /var/lib/apt/lists/*\n",
            _BASE + "USER root:root\nRUN apt-get update && apt-get install -y"
            " --no-install-recommends curl && rm -rf /var/lib/apt/lists/*\nUSER dockeruser\n",
        ),
        sources=(TROUBLESHOOT_IMAGES,),
    )
)
def needs_root(subject: Subject) -> Iterator[Finding]:
    """apt, dpkg and accounts always; chown and mkdir where the place belongs to root."""
    caught: dict[int, tuple[Step, Command, str]] = {}
    for step, command in subject.runs:
        if step.as_other and not command.sudo and command.after != "||":
            message = _root_only(subject, step, command)
            if message:
                caught.setdefault(step.index, (step, command, message))
    as_root = _AsRoot(subject, caught)
    for step, command, message in caught.values():
        yield Finding(command.span, message, fixes=(as_root.fix(step),))


def _root_only(subject: Subject, step: Step, command: Command) -> str:
    name, user = command.name, step.user
    first = next((v for v in command.values if not v.startswith("-")), "")
    if name in ("apt-get", "apt", "aptitude") and first in _APT_ACTIONS:
        return f"{name} {first} needs root, and this step runs as {user}"
    if name == "dpkg" and any(v in ("-i", "--install") for v in command.values):
        return f"dpkg needs root, and this step runs as {user}"
    if name in _ACCOUNTS:
        return f"{name} needs root, and this step runs as {user}"
    if name == "chown" and not _own(command, user):
        return f"chown needs root, and this step runs as {user}"
    if name == "mkdir" and (place := _foreign_folder(subject, step, command)):
        return f"{place} belongs to root, and this step runs as {user}"
    return ""


def _own(command: Command, user: str) -> bool:
    """Whether a chown might be one of the user's own files to itself, which is allowed."""
    plain = [w for w in command.words[1:] if not w.value.startswith("-")]
    named = any(w.value.startswith("--reference") for w in command.words)
    if named or not plain or not all(w.fixed for w in plain):
        return True
    owner = plain[0].value.partition(":")[0]
    return owner in (user, "")


def _foreign_folder(subject: Subject, step: Step, command: Command) -> str | None:
    """A folder below the system's own that nothing before can have made."""
    places = [w for w in command.words[1:] if w.fixed and w.value.startswith("/")]
    for word in places:
        path = posixpath.normpath(word.value)
        if not path.startswith(tuple(f"{root}/" for root in _SYSTEM)) and path.count("/") > 1:
            continue
        if _writable(path) or _made_before(subject, step, path):
            continue
        return path
    return None


def _writable(path: str) -> bool:
    allowed = (*RUNTIME_FOLDERS, "/tmp", "/home", "/var/tmp", "/dev/shm")  # noqa: S108  # paths in the image
    return any(path == place or path.startswith(place + "/") for place in allowed)


def _made_before(subject: Subject, step: Step, path: str) -> bool:
    """Whether an earlier step names the folder, or one above it: then nothing is certain."""
    above = [path]
    while above[-1].count("/") > 1:
        above.append(posixpath.dirname(above[-1]))
    earlier = "\n".join(
        subject.text[s.instruction.span.start : s.instruction.span.end]
        for s in subject.steps
        if s.index < step.index and s.instruction.keyword != "FROM"
    )
    return any(re.search(re.escape(place) + r"(?![\w.-])", earlier) for place in above)


class _AsRoot:
    """Root around each whole run of neighbouring steps, of those `caught` (their indexes)."""

    def __init__(self, subject: Subject, caught: Container[int]) -> None:
        self._subject = subject
        self._ends: dict[int, tuple[Step, Step]] = {}
        for order in subject.steps_by_stage.values():
            for need, run in groupby(order, key=lambda step: step.index in caught):
                steps = list(run)
                if need:
                    self._ends.update((step.index, (steps[0], steps[-1])) for step in steps)

    def fix(self, step: Step) -> Fix:
        """What makes the run around `step`, one of those caught, work."""
        return _as_root(self._subject, *self._ends[step.index])


def _as_root(subject: Subject, first: Step, last: Step) -> Fix:
    start, end = subject.start_with_notes(first.instruction), subject.end_of(last.instruction)
    line, user = subject.newline, last.user
    edits = (Edit(start, start, f"USER root:root{line}"), Edit(end, end, f"{line}USER {user}"))
    return Fix(f"Run it as root and switch back to {user}", True, edits)


@rule(
    About(
        "AML022",
        "error",
        "Another user than dockeruser",
        why="Only dockeruser owns /var/runit, /var/log, /var/lib/nginx, /run, /opt/miniconda and "
        "/var/azureml-app. As anyone else the container stays up and serves nothing.",
        remedy="End with 'USER dockeruser', or give those folders to your user with chown -R.",
        example=Example(
            _BASE + "USER root:root\nRUN useradd --create-home app\nUSER app\n",
            _BASE + "USER dockeruser\n",
        ),
        sources=(TROUBLESHOOT_IMAGES, OWNERSHIP),
    )
)
def another_user(subject: Subject) -> Iterator[Finding]:
    """A final user that certainly is neither root nor dockeruser, and was given nothing."""
    if not subject.serving or subject.final is None:
        return
    user = subject.final.user.partition(":")[0]
    switches = [s for s in subject.result_steps if s.instruction.keyword == "USER"]
    if not switches or user in ("root", "0", "dockeruser", "") or "$" in user:
        return
    if any(_gives(command, user) for _, command in subject.runs):
        return
    instruction = switches[-1].instruction
    word = instruction.words[0].span if instruction.words else instruction.span
    fix = Fix("Run as dockeruser", False, (Edit(word.start, word.end, "dockeruser"),))
    runs_server = not subject.own_start
    yield Finding(
        Span(instruction.span.start, subject.end_of(instruction)),
        f"{user} does not own the server's folders: the container would stay up and serve nothing",
        # An id may be dockeruser's own, and an own start command may need none of the folders.
        severity=None if runs_server and not user.isdigit() else "warning",
        fixes=(fix,),
    )


def _gives(command: Command, user: str) -> bool:
    """Whether a command may hand the server's folders over to a user."""
    if command.name in ("usermod", "setfacl") or "owner" in " ".join(command.values[:1]):
        return True
    if command.name != "chown":
        return False
    plain = [w for w in command.words[1:] if not w.value.startswith("-")]
    return not plain or not plain[0].fixed or plain[0].value.partition(":")[0] in (user, "")


def _root_owns_prefix(subject: Subject) -> bool | None:
    """Whether root owns the serving Python; None where that is not known."""
    if subject.prefix is None:
        return None
    return not subject.prefix.startswith("/opt/miniconda")


def _installs_as_user(subject: Subject) -> Iterator[tuple[Step, Command]]:
    result = {stage.index for stage in subject.lineage}
    for step, pip in subject.pips:
        if step.stage.index not in result or step.user != "dockeruser":
            continue
        into_home = not pip.elsewhere and not pip.user and pip.environment is None
        if into_home and not pip.command.sudo:
            yield step, pip.command


@rule(
    About(
        "AML023",
        "warning",
        "pip install as dockeruser",
        why="Root owns the serving Python of this image, so pip falls back to dockeruser's home: "
        "the packages vanish for any other final user, and their scripts are not on PATH.",
        remedy="Install as root and switch back, or accept it with "
        "'# azureml-image: ignore=AML023'.",
        example=Example(
            "FROM mcr.microsoft.com/azureml/curated/minimal-py311-inference:12\n"
            "RUN pip install --no-cache-dir numpy==2.2.3\n",
            "FROM mcr.microsoft.com/azureml/curated/minimal-py311-inference:12\n"
            "USER root:root\nRUN pip install --no-cache-dir numpy==2.2.3\nUSER dockeruser\n",
        ),
        sources=(MINIMAL_PY311,),
    )
)
def pip_as_user(subject: Subject) -> Iterator[Finding]:
    """A warning where root is known to own the prefix, advice where that is not known."""
    owned = _root_owns_prefix(subject)
    if not subject.serving or owned is False:
        return
    found = list(_installs_as_user(subject))
    as_root = _AsRoot(subject, {step.index for step, _ in found})
    for step, command in found:
        fix = as_root.fix(step)
        yield Finding(
            command.span,
            "pip installs into dockeruser's home here"
            if owned
            else "pip may install into dockeruser's home here (who owns this image's Python is "
            "not published)",
            severity=None if owned else "info",
            fixes=(Fix(fix.title, False, fix.edits),),
        )


@rule(
    About(
        "AML024",
        "error",
        "Packages of a user who does not run the server",
        why="What pip put into dockeruser's home is on nobody else's import path: the entry "
        "script fails with ModuleNotFoundError.",
        remedy="End with 'USER dockeruser', or install as root.",
        example=Example(
            "FROM mcr.microsoft.com/azureml/curated/minimal-py311-inference:12\n"
            "RUN pip install --no-cache-dir numpy==2.2.3\nUSER root\n",
            "FROM mcr.microsoft.com/azureml/curated/minimal-py311-inference:12\n"
            "RUN pip install --no-cache-dir numpy==2.2.3\nUSER root\nUSER dockeruser\n",
        ),
        sources=(TROUBLESHOOT_IMAGES,),
    )
)
def packages_left_behind(subject: Subject) -> Iterator[Finding]:
    """Certain where root owns the prefix; a warning where that is not known."""
    owned = _root_owns_prefix(subject)
    if not subject.serving or owned is False or subject.final is None:
        return
    user = subject.final.user.partition(":")[0]
    if user in ("dockeruser", "") or "$" in user:
        return
    for step, command in _installs_as_user(subject):
        fix = _as_root(subject, step, step)
        yield Finding(
            command.span,
            f"These packages go to dockeruser's home, and the image ends as {user}",
            severity=None if owned else "warning",
            fixes=(Fix(fix.title, False, fix.edits),),
        )
