"""Reading the blocks back: which instructions of a Dockerfile a form understands, and how.

A block counts as understood only where writing it again gives a Dockerfile that does the same;
anything else stays as it was written.
"""

from __future__ import annotations

import posixpath
import re
import shlex
from collections.abc import Sequence

from . import blocks
from .blanks import SPACES
from .model import Instruction
from .words import assignments, expand

Found = tuple[str, dict[str, object], int]
"""The block's name, the fields it sets, and how many instructions it takes."""

_ROOTS = ("root", "root:root", "0", "0:0")
_TOKEN = re.compile(
    r"\s*(&&|/var/lib/apt/lists/\*(?=\s|\Z)"
    r"|(?:'[^']*'|\"[^\"$`\\!]*\"|[\w@%+=:,./-][\w@%+=:,./~-]*)+(?=[\s&]|\Z))",
    re.ASCII,
)
_APT_FLAGS = {"-y", "--yes", "-q", "-qq", "--no-install-recommends"}


def block_at(instructions: Sequence[Instruction], *, last_user: bool) -> Found | None:
    """The block that begins with the first of one or two instructions without text in between."""
    instruction, following = (*instructions, None, None)[:2]
    if instruction is None or instruction.heredocs:
        return None
    match instruction.keyword:
        case "FROM":
            return _from(instruction)
        case "USER":
            return _user(instruction, last=last_user)
        case "ENV":
            return _env(instruction)
        case "RUN":
            return _apt(instruction) or _pip(instruction)
        case "COPY":
            return _copied(instruction, following)
    return None


def _from(instruction: Instruction) -> Found | None:
    words = instruction.words
    known = all(flag.name == "platform" for flag in instruction.flags)
    if not known or len(words) not in (1, 3) or not blocks.BASE.fullmatch(words[0].raw):
        return None
    fields: dict[str, object] = {"base": words[0].raw}
    if platform := instruction.flag("platform"):
        fields["base_platform"] = platform
    if len(words) == 3:
        fields["base_name"] = words[2].raw
    return "from", fields, 1


def _user(instruction: Instruction, *, last: bool) -> Found | None:
    value = value_of(instruction.text)
    if value is None:
        return None
    if last:
        return "user", {"user": value}, 1
    return ("root", {}, 1) if value in _ROOTS else None


def _env(instruction: Instruction) -> Found | None:
    """ENV whose variables can be written one below the other without changing a value."""
    pairs: dict[str, object] = {}
    for each in assignments(instruction):
        value = value_of(each.value or "")
        if value is None or not blocks.VARIABLE.fullmatch(each.name) or each.name in pairs:
            return None
        if any(name in value for name in pairs) and "$" in value:
            return None
        pairs[each.name] = value
    if "AZUREML_ENTRY_SCRIPT" in pairs:
        if len(pairs) != 1 or not pairs["AZUREML_ENTRY_SCRIPT"]:
            return None
        return "entry", {"entry_script": pairs["AZUREML_ENTRY_SCRIPT"]}, 1
    return ("env", {"env": pairs}, 1) if pairs else None


def _apt(instruction: Instruction) -> Found | None:
    """`apt-get update && apt-get install ... && rm -rf /var/lib/apt/lists/*`, clean or not."""
    commands = _commands(instruction)
    if commands is None or len(commands) < 3 or commands[0] != ["apt-get", "update"]:
        return None
    _, install, *rest = commands
    tidy = [command[:2] for command in rest[:-1]]
    removal = ["rm", "-rf", blocks.APT_LISTS]
    if rest[-1] != removal or tidy not in ([], [["apt-get", "clean"]]):
        return None
    if any(word not in ("apt-get", "clean", "-y") for command in rest[:-1] for word in command):
        return None
    flags = [word for word in install[2:] if word.startswith("-")]
    packages = tuple(word for word in install[2:] if not word.startswith("-"))
    if install[:2] != ["apt-get", "install"] or not packages or not set(flags) <= _APT_FLAGS:
        return None
    if not {"-y", "--yes"} & set(flags):
        return None
    recommends = "--no-install-recommends" not in flags
    return "apt", {"apt": packages, "apt_recommends": recommends}, 1


def _pip(instruction: Instruction) -> Found | None:
    commands = _commands(instruction)
    if commands is None or len(commands) != 1 or commands[0][:2] != ["pip", "install"]:
        return None
    given = [word for word in commands[0][2:] if word != "--no-cache-dir"]
    if not given or any(word.startswith("-") for word in given):
        return None
    return "pip", {"pip": tuple(given)}, 1


def _copied(instruction: Instruction, following: Instruction | None) -> Found | None:
    """COPY of one path, alone or with the instruction that makes use of it."""
    if instruction.flags or len(instruction.words) != 2:
        return None
    written = [word.value if instruction.json else word.raw for word in instruction.words]
    source, target = (value_of(each) for each in written)
    if source is None or target is None or "$" in target or not source.strip(SPACES):
        return None
    if following is not None and following.keyword == "RUN":
        return _installed(source, target, following)
    if following is not None and following.keyword == "ENV":
        found = _model(source, target, following)
        if found is not None:
            return found
    if target == blocks.CODE_DIR + "/" or (target == blocks.CODE_DIR and _is_folder(source)):
        return "code", {"code": source}, 1
    return None


def _installed(source: str, target: str, following: Instruction) -> Found | None:
    """A requirements or conda file, installed by the next instruction."""
    name = posixpath.basename(source)
    text = " ".join(following.text.split())
    plain = not following.flags and not following.heredocs and not following.json
    if target in (blocks.CONDA, blocks.CONDA.removesuffix(name)) and text == blocks.CONDA_UPDATE:
        return ("conda", {"conda": source}, 2) if plain else None
    if target not in (blocks.REQUIREMENTS, blocks.REQUIREMENTS.removesuffix(name)):
        return None
    commands = _commands(following) if plain else None
    if commands is None or len(commands) != 1:
        return None
    words = [word for word in commands[0] if word != "--no-cache-dir"]
    if words != ["pip", "install", "-r", blocks.REQUIREMENTS]:
        return None
    return "requirements", {"requirements": source}, 2


def _model(source: str, target: str, following: Instruction) -> Found | None:
    pairs = assignments(following)
    if len(pairs) != 1 or pairs[0].name != "AZUREML_MODEL_DIR":
        return None
    value = value_of(pairs[0].value or "")
    if value is None or not value.startswith("/") or value == "/":
        return None
    if target not in (value, value + "/") or value.endswith("/"):
        return None
    if target == value and not _is_folder(source):
        return None
    return "model", {"model": source, "model_dir": value}, 2


def _is_folder(source: str) -> bool:
    """Whether a path without a slash behind it is a folder, as far as its name tells."""
    name = posixpath.basename(source.rstrip("/"))
    return source.endswith("/") or "." not in name.strip(".")


def _commands(instruction: Instruction) -> list[list[str]] | None:
    """The commands of a RUN that are joined by `&&` and hold no other shell syntax."""
    if instruction.flags or instruction.json:
        return None
    text = instruction.text
    commands: list[list[str]] = [[]]
    position = 0
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            return None
        position = match.end()
        if match.group(1) == "&&":
            commands.append([])
        else:
            commands[-1] += shlex.split(match.group(1))
    return commands if all(commands) else None


def value_of(raw: str) -> str | None:
    """A word's value in the form's own notation: variables as they are, a literal dollar as `\\$`.

    None where that cannot be told: quotes or braces that do not close, or a carriage return in
    the middle of a line (before a continuation, say), which no field can hold.
    """
    if any(end in raw for end in "\r\n\0") or ("$" in raw and expand(raw, {}).problem):
        return None
    if not any(character in raw for character in "'\"\\"):
        return raw
    parts: list[str] = []
    quote, position = "", 0
    while position < len(raw):
        character = raw[position]
        position += 1
        following = raw[position : position + 1]
        if character == quote:
            quote = ""
        elif not quote and character in "'\"":
            quote = character
        elif character == "\\" and quote != "'" and following:
            if quote and following not in '"$\\':
                parts.append(character)
                continue
            parts.append("\\$" if following == "$" else following)
            position += 1
        elif character == "$" and quote == "'":
            parts.append("\\$")
        elif character != "\\" or quote == "'":
            parts.append(character)
    return None if quote else "".join(parts)
