"""What BuildKit's instruction layer refuses: argument counts, flags, names, heredocs, order."""

from __future__ import annotations

import functools

from ..patterns import pattern
from .blanks import SPACES, called, suspects
from .durations import interval_fault, retries_fault
from .heredocs import opening
from .model import Dockerfile, Fault, Flag, Instruction, Span
from .mounts import device_fault, mount_fault
from .rules import KEYWORDS, RULES, Rule

_STAGE_NAME = pattern(r"[a-z][a-z0-9\-_.]*\Z")
_LONGEST_KEYWORD = max(map(len, KEYWORDS))
_LONGEST_FLAG = 100
_TRUE = ("1", "t", "T", "TRUE", "true", "True")
_FALSE = ("0", "f", "F", "FALSE", "false", "False")


def instruction_fault(instruction: Instruction, name: str) -> Fault | None:
    """The first thing BuildKit would refuse in an instruction that could be cut into words.

    `name` is the instruction's name as it is written.
    """
    rule = RULES.get(instruction.keyword)
    if rule is None:
        return _unknown(instruction, name)
    fault = _count(instruction, rule)
    if fault is None and instruction.keyword == "HEALTHCHECK":
        return _healthcheck(instruction)
    if fault is None and instruction.keyword == "FROM":
        fault = _from(instruction)
    if fault is None and instruction.keyword == "ONBUILD":
        fault = _onbuild(instruction)
    return fault or _flags(instruction, rule) or _content(instruction)


def _content(instruction: Instruction) -> Fault | None:
    """Checks that come after the flags."""
    match instruction.keyword:
        case "RUN":
            return _run(instruction)
        case "COPY" | "ADD":
            return _destination(instruction)
        case "ENV" | "LABEL" | "ARG":
            return _blank_name(instruction)
        case "SHELL" if not instruction.json:
            message = "SHELL takes a JSON array only"
            return Fault(message, _whole(instruction), 'Write it like SHELL ["/bin/bash", "-c"].')
        case "VOLUME":
            return next(
                (
                    Fault("a volume has no path", word.span, "Name the path, or remove it.")
                    for word in instruction.words
                    # BuildKit's parser looks at the word as written, quotes and all.
                    if not (word.value if instruction.json else word.raw).strip(SPACES)
                ),
                None,
            )
    return None


def _unknown(instruction: Instruction, name: str) -> Fault:
    if not name:
        return Fault("there is no instruction here", instruction.span, "Remove the backslash.")
    for at, character in suspects(name):
        if at > _LONGEST_KEYWORD:
            break
        before, after = name[:at].upper(), name[at + 1 :].upper()
        if before in RULES or before + after in RULES:
            start = instruction.keyword_span.start + at
            message = f"{called(character)} stands in the name of the instruction"
            remedy = "Put an ordinary space there." if before in RULES else "Remove it."
            return Fault(message, Span(start, start + 1), remedy)
    # A word three times as long as a keyword is not near it, and takes its time to compare.
    near = _near_keyword(name.upper()) if len(name) <= 3 * _LONGEST_KEYWORD else ""
    shown = name if len(name) <= 40 else name[:40] + "..."
    message = f"{shown} is not an instruction" + (f"; did you mean {near}?" if near else "")
    return Fault(message, instruction.keyword_span)


@functools.lru_cache(maxsize=256)
def _near_keyword(name: str) -> str:
    from difflib import get_close_matches

    return next(iter(get_close_matches(name, KEYWORDS, 1, 0.6)), "")


def _count(instruction: Instruction, rule: Rule) -> Fault | None:
    given = len(instruction.words) or bool(instruction.inner)
    if rule.exactly is not None and given != rule.exactly:
        return Fault(f"{instruction.keyword} takes exactly one argument", instruction.span)
    if given >= rule.least:
        return None
    if instruction.keyword in ("COPY", "ADD"):
        remedy = "Write the sources, then the destination."
        if instruction.text.startswith("["):
            remedy = "A JSON array needs double quotes, commas and a closing bracket."
        message = f"{instruction.keyword} needs a source and a destination"
        return Fault(message, _whole(instruction), remedy)
    message = f"{instruction.keyword} needs at least one argument"
    return Fault(message, instruction.span)


def _flags(instruction: Instruction, rule: Rule) -> Fault | None:
    if rule.flags is None:
        return None
    seen: set[str] = set()
    for flag in instruction.flags:
        kind = rule.flags.get(flag.name)
        if kind is None:
            return _unknown_flag(instruction, flag, tuple(rule.flags))
        if flag.name in seen and kind != "texts":
            return Fault(f"--{flag.name} may be given only once", flag.span, "Remove one of them.")
        seen.add(flag.name)
        if kind == "switch":
            if flag.value is not None and flag.value.lower() not in ("true", "false"):
                message = f"--{flag.name} is either true or false"
                return Fault(message, flag.span, f"Write --{flag.name} alone, or with =false.")
        elif flag.value is None:
            message = f"--{flag.name} needs a value"
            return Fault(message, flag.span, f"Write --{flag.name}=VALUE, with no blank inside.")
    return None


def _unknown_flag(instruction: Instruction, flag: Flag, known: tuple[str, ...]) -> Fault:
    from difflib import get_close_matches

    likely = len(flag.name) <= _LONGEST_FLAG
    close = get_close_matches(flag.name, known, 1, 0.6) if likely else []
    message = f"{instruction.keyword} has no flag --{flag.name}"
    if close:
        return Fault(message, flag.span, f"Did you mean --{close[0]}?")
    if not known:
        return Fault(message, flag.span, f"{instruction.keyword} takes no flags.")
    return Fault(message, flag.span, "It knows " + ", ".join(f"--{name}" for name in known) + ".")


def _from(instruction: Instruction) -> Fault | None:
    words = instruction.words
    if len(words) == 3 and words[1].raw.lower() == "as":
        name = words[2].raw
        if _STAGE_NAME.match(name.lower()):
            return None
        message = f"{name!r} cannot be the name of a stage"
        return Fault(message, words[2].span, "Begin with a letter; then letters, digits, - _ and .")
    if len(words) == 1:
        return None
    message = "FROM takes an image, or an image AS a name"
    return Fault(message, _whole(instruction), "Write FROM image, or FROM image AS name.")


def _onbuild(instruction: Instruction) -> Fault | None:
    inner = instruction.inner
    if inner is None or inner.keyword not in ("ONBUILD", "FROM", "MAINTAINER"):
        return None
    return Fault(f"{inner.keyword} may not follow ONBUILD", inner.keyword_span)


def _healthcheck(instruction: Instruction) -> Fault | None:
    kind, *command = instruction.words
    if kind.value.upper() == "NONE":
        return Fault("HEALTHCHECK NONE takes nothing else", command[0].span) if command else None
    fault = _flags(instruction, RULES["HEALTHCHECK"])
    if fault is not None:
        return fault
    if kind.value.upper() != "CMD":
        message = f"HEALTHCHECK takes CMD or NONE, not {kind.value}"
        return Fault(message, kind.span, "Put CMD before the command.")
    if not command:
        return Fault("HEALTHCHECK CMD needs a command", instruction.span)
    for flag in instruction.flags:
        problem = (retries_fault if flag.name == "retries" else interval_fault)(flag)
        if problem is not None:
            return problem
    return None


def _run(instruction: Instruction) -> Fault | None:
    modes = {"network": ("default", "none", "host"), "security": ("sandbox", "insecure")}
    for flag in instruction.flags:
        if flag.name in modes and flag.value not in modes[flag.name]:
            allowed = ", ".join(modes[flag.name])
            return Fault(f"--{flag.name} is one of {allowed}", flag.span)
    for flag in instruction.flags:
        fault = None
        if flag.name == "mount":
            fault = mount_fault(flag)
        elif flag.name == "device":
            fault = device_fault(flag)
        if fault is not None:
            return fault
    return None


def _destination(instruction: Instruction) -> Fault | None:
    last = instruction.words[-1]
    if opening(last.value if instruction.json else last.raw) is None:
        return None
    message = f"the destination of {instruction.keyword} cannot be a heredoc"
    return Fault(message, last.span, "Put the path of the file after the heredoc's name.")


def _blank_name(instruction: Instruction) -> Fault | None:
    for word in instruction.words:
        if word.raw.startswith("="):
            return Fault("there is no name before the equals sign", word.span)
        if instruction.keyword != "ARG" and "=" not in word.raw:
            return None  # the old form
    return None


def _whole(instruction: Instruction) -> Span:
    """The arguments' place, or the instruction's where it has none."""
    size = len(instruction.text)
    return instruction.at(0, size) if size else instruction.span


def file_fault(dockerfile: Dockerfile) -> Fault | None:
    """What is wrong with the file as a whole: nothing in it, or nothing to build on."""
    if not dockerfile.instructions:
        end = len(dockerfile.text)
        message = "there is no instruction in this Dockerfile"
        return Fault(message, Span(0, end), "Begin with FROM and a base image.")
    early = [i for i in dockerfile.instructions if i.keyword in RULES]
    for instruction in early:
        if instruction.keyword == "FROM":
            return None
        if instruction.keyword != "ARG":
            message = f"{instruction.keyword} stands before the first FROM"
            if any(each.keyword == "FROM" for each in early):
                remedy = "Only ARG may stand there: move it below FROM."
            else:
                message, remedy = "no FROM names a base image", "Put FROM and an image before this."
            return Fault(message, instruction.span, remedy)
    if not early:
        return None
    return Fault("no FROM names a base image", early[-1].span, "Add FROM and an image.")


def check_directive_fault(value: str, span: Span) -> Fault | None:
    """What BuildKit refuses in `# check=`: options other than skip, experimental and error."""
    for option in value.partition(" ")[0].split(";"):
        name, equals, given = option.partition("=")
        if not equals or name.strip() not in ("skip", "experimental", "error"):
            message = f"{option!r} is not an option of the check directive"
            return Fault(message, span, "It knows skip, error and experimental, with no blanks.")
        if name.strip() == "error" and given.strip() not in (*_TRUE, *_FALSE):
            return Fault(f"error is true or false, not {given!r}", span)
    return None
