"""BuildKit's checks on how instructions are written."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from ...dockerfile.model import Instruction, Span
from ...patterns import pattern
from ..build_check import BuildCheck, build_check
from ..diagnostic import Edit, Fix
from ..rule import Finding, replace, rule
from ..spelling import INSTRUCTIONS
from ..subject import Subject

_FROM = "FROM python:3.12-slim\n"
_BLANK_LINES = pattern(r"^(?:[ \t]*\r?\n)+", re.MULTILINE)


def _reach(subject: Subject, instruction: Instruction) -> Span:
    return Span(instruction.span.start, subject.end_of(instruction))


_EMPTY = build_check(
    "NoEmptyContinuation",
    "warning",
    "An empty line inside a continued instruction",
    "BuildKit still accepts it and says that it will become an error.",
    (
        _FROM + "RUN echo one && \\\n\n    echo two\n",
        _FROM + "RUN echo one && \\\n    echo two\n",
    ),
)


@rule(_EMPTY)
def empty_continuation(subject: Subject) -> Iterator[Finding]:
    """Blank lines between the lines of one instruction, heredoc bodies left out."""
    check = BuildCheck.here(_EMPTY, subject)
    for instruction in subject.dockerfile.instructions:
        end = instruction.heredocs[0].span.start if instruction.heredocs else instruction.span.end
        lines = subject.text[instruction.span.start : end].splitlines()
        if all(line.strip() for line in lines):
            continue
        matches = _BLANK_LINES.finditer(subject.text, instruction.span.start, end)
        gaps = [match.span() for match in matches if match.end() < end]
        if not gaps:
            continue
        # One finding an instruction, so one fix: with a gap left the finding would stay.
        title = "Take the empty line out" if len(gaps) == 1 else "Take the empty lines out"
        fix = Fix(title, True, tuple(Edit(start, stop, "") for start, stop in gaps))
        yield from check.at(
            Span(gaps[0][0], gaps[0][0]),
            f"Empty continuation line found in: {instruction.keyword}",
            fix,
        )


_CASING = build_check(
    "ConsistentInstructionCasing",
    "info",
    "Instructions in different case",
    "Only how it reads.",
    ("FROM python:3.12-slim\nrun true\nRUN true\n", "FROM python:3.12-slim\nRUN true\nRUN true\n"),
)


@rule(_CASING)
def instruction_casing(subject: Subject) -> Iterator[Finding]:
    """Mixed letters in one word, or a word unlike most others."""
    check = BuildCheck.here(_CASING, subject)
    written = [
        (i, subject.text[i.keyword_span.start : i.keyword_span.end])
        for i in subject.dockerfile.instructions
        if i.keyword in INSTRUCTIONS
    ]
    counts = Counter(
        "lower" if w.islower() else "upper" for _, w in written if w.islower() or w.isupper()
    )
    lower = counts["lower"] > counts["upper"]
    for instruction, word in written:
        if not word or (word.islower() if lower else word.isupper()):
            continue
        fixed = word.lower() if lower else word.upper()
        fix = replace(f"Write {fixed}", instruction.keyword_span, fixed)
        most = "lowercase" if lower else "uppercase"
        yield from check.at(
            instruction.keyword_span,
            f"Command '{word}' should match the case of the command majority ({most})",
            fix,
        )


_JSON = build_check(
    "JSONArgsRecommended",
    "info",
    "A start command in shell form",
    "A shell stands between the container and the program, and does not hand signals on: a stop "
    "takes ten seconds and kills. 'exec' in front helps too.",
    (
        _FROM + "CMD python -m http.server 5001\n",
        _FROM + 'CMD ["python", "-m", "http.server", "5001"]\n',
    ),
)


@rule(_JSON)
def json_recommended(subject: Subject) -> Iterator[Finding]:
    """CMD and ENTRYPOINT in shell form, unless SHELL is set."""
    check = BuildCheck.here(_JSON, subject)
    if any(i.keyword == "SHELL" for i in subject.dockerfile.instructions):
        return
    for instruction in subject.dockerfile.instructions:
        if instruction.keyword not in ("CMD", "ENTRYPOINT") or instruction.json:
            continue
        fixes = _as_json(instruction)
        yield from check.at(
            _reach(subject, instruction),
            f"JSON arguments recommended for {instruction.keyword} to prevent unintended behavior "
            "related to OS signals",
            *fixes,
        )


def _as_json(instruction: Instruction) -> tuple[Fix, ...]:
    """Where the words need no shell."""
    text = instruction.text.strip()
    if not re.fullmatch(r"[\w./:=@%+, -]+", text):
        return ()
    words = ", ".join(f'"{word}"' for word in text.split())
    span = instruction.at(0, len(instruction.text))
    return (replace("Write it as JSON", span, f"[{words}]", certain=False),)


_MAINTAINER = build_check(
    "MaintainerDeprecated",
    "info",
    "MAINTAINER is deprecated",
    "A label says the same and can be read by tools.",
    (_FROM + "MAINTAINER me@example.org\n",
     _FROM + 'LABEL org.opencontainers.image.authors="me@example.org"\n'),
)  # fmt: skip


@rule(_MAINTAINER)
def maintainer(subject: Subject) -> Iterator[Finding]:
    """MAINTAINER."""
    check = BuildCheck.here(_MAINTAINER, subject)
    for instruction in subject.dockerfile.instructions:
        if instruction.keyword == "MAINTAINER":
            span = _reach(subject, instruction)
            name = _in_quotes(instruction.text.strip(), subject.dockerfile.escape)
            label = f"LABEL org.opencontainers.image.authors={name}"
            yield from check.at(
                span,
                "Maintainer instruction is deprecated in favor of using label",
                replace("Write a label", span, label),
            )


def _in_quotes(name: str, escape: str) -> str:
    """A maintainer's name as a label's value: MAINTAINER knows no variables and no escapes."""
    quoted = re.fullmatch(r"\"([^\"]*)\"|'([^']*)'", name)
    if quoted is not None:
        name = quoted[1] or quoted[2] or ""
    special = re.compile(rf'["${re.escape(escape)}]')
    return '"' + special.sub(lambda match: escape + match[0], name) + '"'


_MULTIPLE = build_check(
    "MultipleInstructionsDisallowed",
    "warning",
    "Only the last one counts",
    "A stage has one CMD, one ENTRYPOINT and one HEALTHCHECK; earlier ones do nothing.",
    (_FROM + 'CMD ["a"]\nCMD ["b"]\n', _FROM + 'CMD ["b"]\n'),
)


@rule(_MULTIPLE)
def multiple_instructions(subject: Subject) -> Iterator[Finding]:
    """Two of one kind in one stage; the earlier one is pointed at."""
    check = BuildCheck.here(_MULTIPLE, subject)
    for stage in subject.stages:
        last: dict[str, Instruction] = {}
        for index in stage.instructions:
            instruction = subject.dockerfile.instructions[index]
            if instruction.keyword not in ("CMD", "ENTRYPOINT", "HEALTHCHECK"):
                continue
            earlier = last.get(instruction.keyword)
            if earlier is not None:
                yield from check.at(
                    _reach(subject, earlier),
                    f"Multiple {instruction.keyword} instructions should not be used in the same "
                    "stage because only the last one will be used",
                )
            last[instruction.keyword] = instruction


_LEGACY = build_check(
    "LegacyKeyValueFormat",
    "info",
    "The old form without the equals sign",
    "'ENV A B=C' sets A to 'B=C': the old form takes the rest of the line as one value.",
    (_FROM + "ENV MODE production\n", _FROM + "ENV MODE=production\n"),
)


@rule(_LEGACY)
def legacy_format(subject: Subject) -> Iterator[Finding]:
    """ENV and LABEL."""
    check = BuildCheck.here(_LEGACY, subject)
    for instruction in subject.dockerfile.instructions:
        if instruction.keyword not in ("ENV", "LABEL"):
            continue
        given = subject.assigned(instruction)
        if not given or not given[0].legacy or given[0].value is None:
            continue
        if subject.dockerfile.line(instruction) in subject.faulty_lines:
            continue
        yield from check.at(
            _reach(subject, instruction),
            f'"{instruction.keyword} key=value" should be used instead of legacy '
            f'"{instruction.keyword} key value" format',
            *_with_equals(subject, instruction),
        )


def _with_equals(subject: Subject, instruction: Instruction) -> tuple[Fix, ...]:
    """An equals sign in place of the blanks; quotes where the value has blanks."""
    match = re.match(r"(\S+)([ \t]+)(.*\S)", instruction.text, re.DOTALL)
    if match is None:
        return ()
    value = match[3]
    plain = re.fullmatch(r"[^\s\"'\\]+|\"[^\"]*\"|'[^']*'", value) is not None
    if not plain and re.search(r"[\"'\\\n]", value):
        return ()
    gap = instruction.at(match.start(2), match.end(2))
    edits = [Edit(gap.start, gap.end, "=")]
    if not plain:
        place = instruction.at(match.start(3), match.end(3))
        edits = [
            Edit(gap.start, gap.end, '="'),
            Edit(place.end, place.end, '"'),
        ]
    if "\n" in subject.text[gap.start : instruction.at(0, len(instruction.text)).end]:
        return ()
    return (Fix("Write it with an equals sign", True, tuple(edits)),)


_DESCRIPTION = build_check(
    "InvalidDefinitionDescription",
    "info",
    "A comment that is taken for a description",
    "A comment directly above a FROM or ARG describes it where it begins with its name "
    "(experimental: only where the check directive asks for it).",
    (
        "# check=experimental=InvalidDefinitionDescription\n# some words\n"
        "FROM alpine:3.20 AS base\n",
        "# check=experimental=InvalidDefinitionDescription\n# base some words\n"
        "FROM alpine:3.20 AS base\n",
    ),
)


@rule(_DESCRIPTION)
def definition_description(subject: Subject) -> Iterator[Finding]:
    """Only with `experimental=` in the check directive."""
    check = BuildCheck.here(_DESCRIPTION, subject)
    if not {"all", "invaliddefinitiondescription"} & check.checks.experimental:
        return
    for instruction in subject.dockerfile.instructions:
        name = _defined(instruction)
        number = subject.dockerfile.line(instruction)
        if name is None or number < 2:
            continue
        above = subject.line_span(number - 1)
        comment = subject.text[above.start : above.end].strip()
        if not comment.startswith("#") or "=" in comment.split(" ", 2)[1 if " " in comment else 0]:
            continue
        if comment.lstrip("# ").split(" ")[0] != name:
            kind = "build stage" if instruction.keyword == "FROM" else "build argument"
            yield from check.at(
                above,
                f"Comment for {kind} should follow the format: `# {name} <description>`",
            )


def _defined(instruction: Instruction) -> str | None:
    if instruction.keyword == "FROM" and len(instruction.words) == 3:
        return instruction.words[2].raw
    if instruction.keyword == "ARG" and instruction.words:
        return instruction.words[0].raw.partition("=")[0]
    return None
