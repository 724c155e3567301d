"""What is wrong with the text itself: lost backslashes, unknown words, comments, line ends."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ...dockerfile.model import Instruction, Span
from ...dockerfile.split import is_array
from ..diagnostic import Edit, Fix, Severity
from ..faults import PLACEHOLDER
from ..links import ASSETS, ENVIRONMENTS, ENVIRONMENTS_V2, EXTEND, SDK
from ..rule import About, Example, Finding, replace, rule
from ..spelling import nearest_instruction
from ..subject import Subject
from .characters import ARRAYS


@rule(
    About(
        "AML003",
        "error",
        "A continued line lost its backslash",
        why="Without a backslash the instruction ends there, and Docker reads the next line as "
        "a new instruction; Microsoft's apt sample is printed with such a line.",
        remedy="End the line above with a backslash.",
        example=Example(
            "FROM mcr.microsoft.com/azureml/minimal-py312-inference:latest\nUSER root:root\n"
            "RUN apt-get update && \\\n    apt-get install -y \\\n    libpng-tools\n"
            "    curl && \\\n    rm -rf /var/lib/apt/lists/*\nUSER dockeruser\n",
            "FROM mcr.microsoft.com/azureml/minimal-py312-inference:latest\nUSER root:root\n"
            "RUN apt-get update && \\\n    apt-get install -y \\\n    libpng-tools \\\n"
            "    curl && \\\n    rm -rf /var/lib/apt/lists/*\nUSER dockeruser\n",
        ),
        sources=(EXTEND,),
        syntax=True,
    )
)
def lost_backslash(subject: Subject) -> Iterator[Finding]:
    """Faults on a line that continues the one above."""
    for one in subject.faults:
        if one.code != "AML003":
            continue
        number = subject.line_of(one.fault.span.start)
        above = subject.line_span(number - 1)
        text = subject.text[above.start : above.end]
        end = above.start + len(text.rstrip())
        fix = Fix(
            "End the line above with a backslash",
            True,
            (Edit(end, above.end, " " + subject.dockerfile.escape),),
        )
        yield Finding(
            one.fault.span,
            f"'{one.first_word}' is no instruction: the line above lost its backslash",
            fixes=(fix,),
            syntax=True,
        )


@rule(
    About(
        "AML004",
        "error",
        "Not a Dockerfile: unknown instruction, no FROM, or not UTF-8",
        why="Azure ML refuses such a Dockerfile when the environment is registered.",
        remedy="Correct the instruction's name; start the file with FROM.",
        example=Example("FORM python:3.12-slim\n", "FROM python:3.12-slim\n"),
        sources=(ENVIRONMENTS,),
        syntax=True,
    )
)
def not_a_dockerfile(subject: Subject) -> Iterator[Finding]:
    """Faults that are an unknown instruction or a missing FROM; bytes that are no text."""
    for one in subject.faults:
        if one.code != "AML004":
            continue
        meant = nearest_instruction(one.first_word) if one.first_word else None
        fixes: tuple[Fix, ...] = ()
        if meant is not None:
            start = one.fault.span.start
            at = subject.text.find(one.first_word, subject.line_span(subject.line_of(start)).start)
            word = Span(at, at + len(one.first_word))
            fixes = (replace(f"Write {meant}", word, meant),)
        message = one.fault.message
        if meant is not None and meant not in message:
            message += f". {meant} was meant?"
        remedy = f"Write {meant}." if meant is not None else one.fault.remedy or None
        yield Finding(one.fault.span, message, None, remedy, fixes, True)
    broken = _no_text(subject.text)
    if broken is not None:
        yield Finding(
            Span(broken, broken + 1),
            "The file is not UTF-8: this byte is no text",
            remedy="Save the file as UTF-8.",
        )


def _no_text(text: str) -> int | None:
    """Where a byte stands that was no UTF-8 (it was read as a lone surrogate)."""
    try:
        text.encode()
    except UnicodeEncodeError as error:
        return error.start
    return None


@rule(
    About(
        "syntax",
        "error",
        "BuildKit refuses the instruction",
        why="A file with such a line builds nowhere: not here, not in ACR, not in Azure ML.",
        remedy="Correct the instruction; the message is the one the builder would give.",
        example=Example("FROM a b c d\n", "FROM python:3.12-slim AS app\n"),
        syntax=True,
    )
)
def syntax(subject: Subject) -> Iterator[Finding]:
    """The faults that no other rule explains better."""
    for one in subject.faults:
        if one.code == "syntax":
            remedy = one.fault.remedy or None
            yield Finding(one.fault.span, one.fault.message, remedy=remedy, syntax=True)


@rule(
    About(
        "cannot-build",
        "error",
        "BuildKit refuses the instruction when it builds",
        why="The text parses, and the build stops at this line everywhere.",
        remedy="Correct the instruction; the message says what the builder would say.",
        example=Example(
            "FROM python:3.12-slim\nCOPY --from=3 /a /b\n",
            "FROM python:3.12-slim AS made\nFROM python:3.12-slim\nCOPY --from=0 /a /b\n",
        ),
    )
)
def cannot_build(subject: Subject) -> Iterator[Finding]:
    """What the dry evaluation knows to fail, in text that has no faults."""
    if subject.faults or subject.facts is None:
        return
    for problem in subject.facts.problems:
        if not PLACEHOLDER.search(subject.text, problem.span.start, problem.span.end):
            yield Finding(problem.span, problem.message, remedy=problem.remedy or None)


@rule(
    About(
        "AML005",
        "error",
        "The Dockerfile is too big to register",
        why="An environment registered with build= is refused when its Dockerfile is over "
        "100 KB (another page of Microsoft's says 1 MB). An image built first has no limit.",
        remedy="Move long scripts into files and COPY them.",
        example=Example(
            "# 100 KB of RUN echo ...\n", "COPY setup.sh /tmp/\nRUN sh /tmp/setup.sh\n"
        ),
        sources=(ENVIRONMENTS, ENVIRONMENTS_V2),
    )
)
def too_big(subject: Subject) -> Iterator[Finding]:
    """Only where Azure ML builds the text itself."""
    size = len(subject.text.encode("utf-8", "surrogatepass"))
    if not subject.uploads or size < 90_000:
        return
    yield Finding(
        Span(0, 0),
        f"The Dockerfile has {size // 1000} KB; registration refuses more than 100 KB",
        severity=None if size > 100_000 else "warning",
    )


@rule(
    About(
        "AML006",
        "warning",
        "Windows line ends",
        why="CRLF changes the fingerprint, so that a save on Windows makes a new environment "
        "version, and a copied shell script with CRLF does not start.",
        remedy="Save with LF line ends.",
        example=Example(
            "FROM python:3.12-slim\r\nRUN true\r\n", "FROM python:3.12-slim\nRUN true\n"
        ),
        sources=(SDK, ASSETS),
    )
)
def line_ends(subject: Subject) -> Iterator[Finding]:
    """CRLF in the text, and in copied scripts."""
    crlf = [m.start() for m in re.finditer("\r\n", subject.text)] if "\r" in subject.text else []
    if crlf:
        edits = tuple(Edit(at, at + 2, "\n") for at in crlf)
        yield Finding(
            Span(crlf[0], crlf[0]),
            f"The text has Windows line ends (CRLF) on {len(crlf)} lines",
            fixes=(Fix("Save with LF", True, edits),),
        )
    for landed in subject.places.landed.values():
        path = landed.context_path
        script = path.endswith(".sh")
        if not script and not f"/{path}".endswith(("/run", "/finish")):
            continue
        text = subject.read_text(path)
        if text is not None and "\r\n" in text and (script or text.startswith("#!")):
            instruction = subject.dockerfile.instructions[landed.copy.instruction]
            yield Finding(
                instruction.span, f"{path} has Windows line ends (CRLF): it will not start"
            )


@rule(
    About(
        "AML007",
        "warning",
        "A comment behind an instruction",
        why="Docker knows comments only at the start of a line: behind an instruction the words "
        "are read as more arguments.",
        remedy="Move the comment to its own line.",
        example=Example(
            "FROM python:3.12-slim\nCOPY code /app # the code\n",
            "FROM python:3.12-slim\n# the code\nCOPY code /app\n",
        ),
        sources=(ENVIRONMENTS,),
    )
)
def trailing_comment(subject: Subject) -> Iterator[Finding]:
    """On COPY and ADD, and where a fault comes from it."""
    for one in subject.faults:
        if one.code == "AML007":
            start = one.fault.span.start
            line = subject.line_span(subject.line_of(start))
            mark = start if subject.text.startswith("#", start) else _first(subject, line)
            yield _moved(subject, line.start, mark, "error", syntax=True)
    for instruction in subject.dockerfile.instructions:
        at = _mark(instruction)
        if at is None or subject.dockerfile.line(instruction) in subject.faulty_lines:
            continue
        word = subject.text[at : subject.line_span(subject.line_of(at)).end].split(maxsplit=1)[0]
        certain = instruction.keyword not in ("COPY", "ADD", "WORKDIR") or (
            subject.manifest is not None
            and not any(entry.path == word for entry in subject.manifest.entries)
        )
        yield _moved(subject, instruction.span.start, at, "error" if certain else "warning")


def _mark(instruction: Instruction) -> int | None:
    """Where a `#` begins a word of COPY or ADD, or stands behind a USER, a WORKDIR or an array."""
    if instruction.json:
        return None
    if instruction.keyword in ("COPY", "ADD"):
        return next((w.span.start for w in instruction.words if w.raw.startswith("#")), None)
    if instruction.keyword in ("USER", "WORKDIR"):
        match = re.search(r"\s#\s", instruction.text) if "#" in instruction.text else None
        return instruction.at(match.start() + 1, match.end()).start if match else None
    if instruction.keyword in ARRAYS and instruction.text.startswith("["):
        behind = re.search(r"\](\s+)#", instruction.text)
        if behind is not None and is_array(instruction.text[: behind.start(1)]):
            return instruction.at(behind.end() - 1, behind.end()).start
    return None


def _first(subject: Subject, line: Span) -> int:
    """Where the first `#` behind a blank stands on a line that is known to have one."""
    match = re.compile(r"\s#").search(subject.text, line.start, line.end)
    assert match is not None
    return match.start() + 1


def _moved(
    subject: Subject, above: int, at: int, severity: Severity, *, syntax: bool = False
) -> Finding:
    """The comment from `at` to the end of its line, and how it moves to a line at `above`."""
    text, line = subject.text, subject.line_span(subject.line_of(at))
    said = text[at : line.end].rstrip()
    # A backslash behind the comment still continues the instruction.
    comment = said.removesuffix(subject.dockerfile.escape).rstrip()
    start = line.start + len(text[line.start : at].rstrip())
    edits = (
        Edit(above, above, comment + subject.newline),
        Edit(start, at + len(comment), ""),
    )
    return Finding(
        Span(at, at + len(comment)),
        "The words after # are read as arguments: a comment needs its own line",
        severity=severity,
        fixes=(Fix("Move the comment to its own line", True, edits),),
        syntax=syntax,
    )
