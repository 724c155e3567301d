"""A failed build as a sentence: which instruction, where, why, and what to do next."""

from __future__ import annotations

import re

from ..errors import BuildFailed, BuildFailure
from ..events import Emit, LogLine
from ..explain.explain import explain
from ..explain.model import Explanation
from .dialects.reader import Failed
from .dialects.steps import Step, Steps
from .dialects.text import clean

_EXIT = re.compile(r"exit code: (\d+)|returned a non-zero code: (\d+)|exit status (\d+)")
_BASE = re.compile(
    r"failed to resolve source metadata for|pull access denied for|manifest for"
    r"|failed to load cache key: [^/\s]+/"
)
_REFERENCE = re.compile(
    r"(?:resolve source metadata for|pull access denied for|manifest for) ([^\s,]+?)[:,]? "
)
_SYNTAX = re.compile(r"dockerfile parse error (?:on )?line (\d+): (.*)")
_METADATA = re.compile(r"load metadata for (\S+)")
_FRAMES = re.compile(
    r"(?:ERROR: |failed to build: |failed to solve(?: with frontend [\w.]+)?: "
    r"|rpc error: code = \w+ desc = |failed to create LLB definition: )"
)
_LINE = 200  # characters of the line quoted in the message
_LOOKED_AT = 25  # last lines in which a cause is looked for; what failed earlier was survived
_UNKNOWN = "The cause is not a known one; '%azureml_image logs' shows the full log."


def logged(failed: Failed, emit: Emit) -> Failed:
    """What the builder itself said at the end goes into the log: the error puts it in other words,
    and a build that failed before its first step has no other line."""
    # What belongs to a step was logged as it came.
    said = failed.last_lines if failed.step is None else ()
    if not any(failed.error in line for line in said):
        said = (*said, *failed.error.splitlines())
    for line in said:
        emit(LogLine(clean(line)))
    return failed


def build_failed(failed: Failed, steps: Steps) -> BuildFailed:
    """The error for what the builder said; the kinds are tried from the surest on.

    Where the cause is a known one, the hint is what to do about it and the code is the cause's.
    """
    exit_code = _exit_code(failed.error)
    told = explain(
        (*failed.last_lines[-_LOOKED_AT:], failed.error),
        where="build",
        exit_code=exit_code,
        instruction=failed.step.title if failed.step else None,
    )
    if told and told.code == "no-space":
        return _known(f"{told.sentence.rstrip('.')}{_where(failed.step)}.", told, failed)
    if exit_code is not None:
        return _command(failed, exit_code, told)
    source = told is not None and told.code == "copy-source-missing"
    if not source and (base := _base(failed, steps)):
        return base
    return _other(failed, steps, told)


def _known(
    message: str, told: Explanation, failed: Failed, exit_code: int | None = None
) -> BuildFailed:
    return BuildFailed(message, hint=told.hint, code=told.code, failure=_facts(failed, exit_code))


def _command(failed: Failed, exit_code: int, told: Explanation | None) -> BuildFailed:
    title = failed.step.title if failed.step else "A command"
    ended = f"{_short(title)}{_at(failed.step)} ended with exit code {exit_code}"
    if told is not None:
        return _known(f"{ended}: {told.clause}.", told, failed, exit_code)
    # The view shows the last lines, and `failure` has them: an error is two or three lines.
    said = next((line.strip() for line in reversed(failed.last_lines) if line.strip()), "")
    words = [f"Its last line: {_short(said, _LINE)}"] if said else ["It printed nothing."]
    return BuildFailed(
        f"{ended}.",
        hint="\n".join([*words, _UNKNOWN]),
        code="run-failed",
        failure=_facts(failed, exit_code),
    )


def _base(failed: Failed, steps: Steps) -> BuildFailed | None:
    title = failed.step.title if failed.step else ""
    named = _METADATA.search(failed.during) or _REFERENCE.search(failed.error + " ")
    if named is None and not title.startswith("FROM ") and not _BASE.search(failed.error):
        return None
    reference = next((word for word in title.split()[1:] if not word.startswith("--")), "")
    if not title.startswith("FROM ") and named is not None:
        reference = named[1].removeprefix("docker.io/library/").removeprefix("docker.io/")
    step = steps.origin(reference) or failed.step
    if step and step.title.startswith("FROM "):
        reference = next(word for word in step.title.split()[1:] if not word.startswith("--"))
    told = explain([failed.error], where="build", instruction=f"FROM {reference}")
    if told is None:
        return None
    at_line = step is not None and step.line is not None
    message = f"Line {step.line}: {told.clause}." if step and at_line else told.sentence
    return _known(message, told, Failed(failed.error, step, failed.last_lines))


def _other(failed: Failed, steps: Steps, told: Explanation | None) -> BuildFailed:
    syntax = _SYNTAX.search(failed.error)
    if syntax is not None:
        step = steps.at_line(int(syntax[1]))
        return BuildFailed(
            f"Line {int(syntax[1]) + steps.above}: {syntax[2]}",
            hint=told.hint if told else None,
            code=told.code if told else "syntax",
            failure=_facts(Failed(failed.error, step, failed.last_lines)),
        )
    where = f"{_short(failed.step.title)}{_at(failed.step)}" if failed.step else ""
    if told is not None:
        alone = not where or told.code == "engine-lost"
        return _known(told.sentence if alone else f"{where}: {told.clause}.", told, failed)
    words = _FRAMES.sub("", failed.error.strip())
    return BuildFailed(
        f"{where or 'The build'} failed: {words}",
        hint=_UNKNOWN,
        code="build-failed",
        failure=_facts(failed),
    )


def _facts(failed: Failed, exit_code: int | None = None) -> BuildFailure:
    step = failed.step
    return BuildFailure(
        instruction=step.title if step else None,
        line=step.line if step else None,
        exit_code=exit_code,
        last_lines=failed.last_lines,
    )


def _exit_code(text: str) -> int | None:
    match = _EXIT.search(text)
    return int(next(group for group in match.groups() if group)) if match else None


def _short(title: str, most: int = 80) -> str:
    return title if len(title) <= most else title[: most - 1] + "…"


def _at(step: Step | None) -> str:
    return f" (line {step.line})" if step and step.line else ""


def _where(step: Step | None) -> str:
    return f" (during {_short(step.title)}{_at(step)})" if step else ""
