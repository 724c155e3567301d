"""A failed build as a sentence: which instruction, where, why, and what to do next."""

from __future__ import annotations

import re

from ..errors import BuildFailed, BuildFailure
from . import trouble
from .dialects.reader import Failed
from .dialects.steps import Step, Steps

_EXIT = re.compile(r"exit code: (\d+)|returned a non-zero code: (\d+)|exit status (\d+)")
_MISSING = (
    re.compile(r'failed to (?:compute cache key|calculate checksum).*?"(/[^"]*)": not found', re.S),
    re.compile(r'"(/[^"]*)":? not found'),
    re.compile(
        r"(?:COPY|ADD) failed: .*?stat (?:/var/lib/docker/tmp/[^/]+/)?(.+?): "
        r"(?:file does not exist|no such file)"
    ),
    re.compile(r"(?:COPY|ADD) failed: (no source files were specified)"),
)
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
_TAIL = 12  # lines quoted in the message
_SIGNALS = {137: "killed, most often for lack of memory", 139: "a crash (segmentation fault)"}


def build_failed(failed: Failed, steps: Steps) -> BuildFailed:
    """The error for what the builder said; the kinds are tried from the surest on."""
    text = failed.error
    if trouble.trouble(text) == "no-space" or _no_space(failed):
        return _no_room(failed)
    exit_code = _exit_code(text)
    if exit_code is not None:
        return _command(failed, exit_code)
    missing = _missing_source(text)
    if missing is not None:
        return _no_source(failed, missing)
    if base := _base(failed, steps):
        return base
    return _other(failed, steps)


def _no_space(failed: Failed) -> bool:
    return any(trouble.trouble(line) == "no-space" for line in failed.last_lines)


def _no_room(failed: Failed) -> BuildFailed:
    return BuildFailed(
        f"No space is left where the Docker Engine keeps its images{_where(failed.step)}.",
        hint="'docker system df' shows what takes it; '%azureml_image prune' removes what this "
        "extension made.",
        code="no-space",
        failure=_facts(failed),
    )


def _command(failed: Failed, exit_code: int) -> BuildFailed:
    title = failed.step.title if failed.step else "A command"
    meaning = f" ({_SIGNALS[exit_code]})" if exit_code in _SIGNALS else ""
    said = [line for line in failed.last_lines if line.strip()][-_TAIL:]
    return BuildFailed(
        f"{_short(title)}{_at(failed.step)} ended with exit code {exit_code}{meaning}.",
        hint="\n".join(["Its last lines:", *said]) if said else "It printed nothing.",
        code="run-failed",
        failure=_facts(failed, exit_code),
    )


def _no_source(failed: Failed, source: str) -> BuildFailed:
    title = failed.step.title if failed.step else "COPY"
    return BuildFailed(
        f"{_short(title)}{_at(failed.step)}: '{source}' is not in the build context.",
        hint="Sources are relative to the context folder (--context), and .dockerignore may leave "
        "them out: --until context shows what is sent.",
        code="copy-source-missing",
        failure=_facts(failed),
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
    told = trouble.about_base(reference, failed.error)
    if told is None:
        return None
    message, hint, code = told
    if step and step.line:
        message = f"Line {step.line}: {message[0].lower()}{message[1:]}"
    failed = Failed(failed.error, step, failed.last_lines)
    return BuildFailed(message, hint=hint, code=code, failure=_facts(failed))


def _other(failed: Failed, steps: Steps) -> BuildFailed:
    if trouble.trouble(failed.error) == "lost":
        return BuildFailed(
            "The connection to the Docker Engine broke during the build.",
            hint="Look whether the engine was restarted, and run it again.",
            code="engine-lost",
            failure=_facts(failed),
        )
    syntax = _SYNTAX.search(failed.error)
    if syntax is not None:
        step = steps.at_line(int(syntax[1]))
        message = f"Line {syntax[1]}: {syntax[2]}"
        return BuildFailed(
            message, code="syntax", failure=_facts(Failed(failed.error, step, failed.last_lines))
        )
    words = _FRAMES.sub("", failed.error.strip())
    where = f"{_short(failed.step.title)}{_at(failed.step)}" if failed.step else "The build"
    return BuildFailed(
        f"{where} failed: {words}",
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


def _missing_source(text: str) -> str | None:
    for pattern in _MISSING:
        if match := pattern.search(text):
            return match[1].lstrip("/")
    return None


def _short(title: str, most: int = 80) -> str:
    return title if len(title) <= most else title[: most - 1] + "…"


def _at(step: Step | None) -> str:
    return f" (line {step.line})" if step and step.line else ""


def _where(step: Step | None) -> str:
    return f" (during {_short(step.title)}{_at(step)})" if step else ""
