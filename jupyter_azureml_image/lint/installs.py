"""What pip, apt and conda are asked to install, read from the commands of a RUN."""

from __future__ import annotations

import re

from ..patterns import pattern
from ..records import changed, dataclass
from .shell import Command, ShellWord

_PIP = pattern(r"pip(3(\.\d+)?)?")
_PYTHON = pattern(r"python(3(\.\d+)?)?")
_CONDA = ("conda", "mamba", "micromamba")
_REQUIREMENT = pattern(
    r"(?P<name>[A-Za-z0-9][\w.-]*)\s*(?:\[[^\]]*\])?\s*(?P<rest>[^;#]*)", re.DOTALL
)
_PIP_VALUES = frozenset(
    [
        "-r",
        "--requirement",
        "-c",
        "--constraint",
        "-i",
        "--index-url",
        "--extra-index-url",
        "-f",
        "--find-links",
        "-t",
        "--target",
        "--prefix",
        "--root",
        "--src",
        "--python-version",
        "--platform",
        "--implementation",
        "--abi",
        "--only-binary",
        "--no-binary",
        "--trusted-host",
        "--cache-dir",
        "--progress-bar",
        "--timeout",
        "--default-timeout",
        "--retries",
        "--proxy",
        "--cert",
        "--client-cert",
        "--log",
        "--upgrade-strategy",
        "--global-option",
        "--config-settings",
        "-e",
        "--editable",
        "--report",
        "--python",
        "-p",
        "--exists-action",
        "--index-strategy",
    ]
)
_APT_VALUES = frozenset(["-o", "--option", "-t", "--target-release", "-c", "--config-file"])
_DASHES = frozenset("\u2010\u2011\u2012\u2013\u2014\u2015\u2212")
_ELSEWHERE = ("git+", "http:", "https:", "file:", "hg+", ".", "/", "$", "-", "<")
"""How a path, an address, a variable or an option begins."""
_TOOLS = frozenset(("pip", "setuptools", "wheel", "uv", "conda"))


@dataclass(frozen=True, slots=True)
class Requirement:
    """One requirement. `name` is normalised (`scikit-learn`), `rest` the version part."""

    name: str
    rest: str
    word: ShellWord | None = None

    @property
    def pinned(self) -> bool:
        """Whether a later build gets the same version, or at least no new major one."""
        return any(sign in self.rest for sign in ("==", "~=", "@", "<", "$"))

    @property
    def version(self) -> str | None:
        """The version of an exact pin."""
        match = re.search(r"===?\s*([\w.!+-]+)", self.rest)
        return match[1] if match else None


@dataclass(frozen=True, slots=True)
class PipInstall:
    """One `pip install`. `at` is the word `install`; `files` the arguments of `-r`.

    `elsewhere` says that it does not go to the Python the command would run (`--target`,
    another prefix), `user` that `--user` asks for the user's own folder.
    """

    command: Command
    at: ShellWord
    requirements: tuple[Requirement, ...]
    files: tuple[str, ...]
    options: frozenset[str]
    environment: str | None = None
    elsewhere: bool = False
    conda: bool = False
    others: tuple[str, ...] = ()
    """Paths, addresses and variables among what is to be installed."""

    @property
    def user(self) -> bool:
        """Whether `--user` is given."""
        return "--user" in self.options


@dataclass(frozen=True, slots=True)
class AptInstall:
    """One apt or apt-get call: `action` is install, update, ..."""

    command: Command
    at: ShellWord
    action: str
    packages: tuple[ShellWord, ...]
    options: tuple[str, ...]

    @property
    def assumes_yes(self) -> bool:
        """Whether it answers its own questions."""
        joined = " ".join(self.options).lower()
        return (
            any(_says_yes(option) for option in joined.split())
            or "assume-yes" in joined
            or self.command.before == "|"
        )


@dataclass(frozen=True, slots=True)
class CondaCall:
    """One conda call. `action` is install, create, env update, env create, clean, ...

    `prefix` and `name` are the environment it works on; `file` its `-f`.
    """

    command: Command
    action: str
    name: str | None
    prefix: str | None
    file: str | None
    channels: tuple[str, ...]
    packages: tuple[str, ...]


def _says_yes(option: str) -> bool:
    """`-y`, alone or among other letters, and the long forms."""
    letters = option[1:]
    return (
        option.startswith("-qq")
        or option in ("--yes", "--assume-yes")
        or (option[:1] == "-" and "y" in letters and letters.isascii() and letters.isalpha())
    )


def normalised(name: str) -> str:
    """A distribution's name in the one form that PyPI compares."""
    plain = "_" not in name and "." not in name and "--" not in name
    return name.lower() if plain else re.sub(r"[-_.]+", "-", name).lower()


def requirement(text: str, word: ShellWord | None = None) -> Requirement | None:
    """A requirement from its text; None for a path, an address or a variable."""
    text = text.strip()
    if text.startswith(_ELSEWHERE) or text.endswith((".whl", ".tar.gz", ".zip")):
        return None
    if "#" in text or ";" in text:
        text = re.sub(r"\s[#;].*", "", text)
    match = _REQUIREMENT.fullmatch(text)
    if match is None or "/" in match["name"]:
        return None
    return Requirement(normalised(match["name"]), match["rest"].strip(), word)


def requirement_lines(text: str) -> tuple[Requirement, ...]:
    """The requirements of a requirements file; options and addresses are left out."""
    joined = re.sub(r"\\\r?\n", " ", text) if "\\" in text else text
    lines = joined.splitlines()
    kept = ((re.sub(r"(^|\s)#.*", "", line) if "#" in line else line).strip() for line in lines)
    return tuple(r for line in kept if line and (r := requirement(line)) is not None)


def pip_install(command: Command) -> PipInstall | None:
    """The command as a pip install, else None."""
    words, environment = _unwrap(command.words)
    if not words:
        return None
    program = words[0].value.rsplit("/", 1)[-1]
    folder = words[0].value.rpartition("/")[0]
    if _PYTHON.fullmatch(program) and len(words) > 2 and words[1].value == "-m":
        words = words[2:]
        program = words[0].value
    elif program == "uv" and len(words) > 2:
        words = words[1:]
        program = words[0].value
    if not _PIP.fullmatch(program):
        return None
    index = next((i for i, w in enumerate(words) if w.value == "install"), None)
    if index is None or any(not w.value.startswith("-") for w in words[1:index]):
        return None
    read = _read_pip(command, words[index:], environment or (folder or None))
    return changed(read, conda=environment is not None)


def _unwrap(words: tuple[ShellWord, ...]) -> tuple[tuple[ShellWord, ...], str | None]:
    """Takes `conda run -n NAME` off: what is run, and in which environment."""
    if len(words) < 2 or words[0].value.rsplit("/", 1)[-1] not in _CONDA:
        return words, None
    if words[1].value != "run":
        return words, None
    rest, environment = list(words[2:]), None
    while rest and rest[0].value.startswith("-"):
        option = rest.pop(0).value
        if option in ("-n", "--name", "-p", "--prefix", "--cwd") and rest:
            value = rest.pop(0).value
            environment = value if option != "--cwd" else environment
    return tuple(rest), environment


def _read_pip(
    command: Command, words: tuple[ShellWord, ...], environment: str | None
) -> PipInstall:
    found: list[Requirement] = []
    files: list[str] = []
    options: set[str] = set()
    others: list[str] = []
    elsewhere = False
    rest = list(words[1:])
    while rest:
        word = rest.pop(0)
        # An option that begins with a look-alike dash (AML001) is no requirement.
        dashed = word.value[:1] in _DASHES
        given = f"-{word.value[1:]}" if dashed else word.value
        if given.startswith("-"):
            name, equals, value = given.partition("=")
            options.add(name)
            if name.startswith("-r") and len(name) > 2 and not name.startswith("--"):
                name, equals, value = "-r", "=", name[2:]
            if name in _PIP_VALUES and not equals and rest:
                value = rest.pop(0).value
            if name in ("-e", "--editable"):
                others.append(value)
            if name in ("-r", "--requirement"):
                files.append(value)
            elsewhere = elsewhere or name in ("-t", "--target", "--prefix", "--root")
        elif (read := requirement(word.value, word)) is not None:
            found.append(read)
        else:
            others.append(word.value)
    return PipInstall(
        command,
        words[0],
        tuple(found),
        tuple(files),
        frozenset(options),
        environment,
        elsewhere,
        others=tuple(others),
    )


def is_tool(read: Requirement) -> bool:
    """Whether it is pip itself or one of its own tools."""
    return read.name in _TOOLS


def apt_install(command: Command) -> AptInstall | None:
    """The command as an apt or apt-get call with an action, else None."""
    if command.name not in ("apt-get", "apt", "aptitude"):
        return None
    options: list[str] = []
    packages: list[ShellWord] = []
    at: ShellWord | None = None
    rest = list(command.words[1:])
    while rest:
        word = rest.pop(0)
        if word.value.startswith("-"):
            options.append(word.value)
            if word.value in _APT_VALUES and rest:
                options.append(rest.pop(0).value)
        elif at is None:
            at = word
        else:
            packages.append(word)
    return AptInstall(command, at, at.value, tuple(packages), tuple(options)) if at else None


def conda_call(command: Command) -> CondaCall | None:
    """The command as a conda call, else None."""
    if command.name not in _CONDA or len(command.words) < 2:
        return None
    given: dict[str, str] = {}
    channels: list[str] = []
    plain: list[str] = []
    rest = list(command.values)
    while rest:
        value = rest.pop(0)
        if not value.startswith("-"):
            plain.append(value)
            continue
        name, equals, argument = value.partition("=")
        if not equals and name in _CONDA_VALUES and rest:
            argument = rest.pop(0)
        if name in ("-c", "--channel"):
            channels.append(argument)
        given[name] = argument
    action = plain.pop(0) if plain else ""
    if action == "env" and plain:
        action = f"env {plain.pop(0)}"
    return CondaCall(
        command,
        action,
        given.get("-n") or given.get("--name"),
        given.get("-p") or given.get("--prefix"),
        given.get("-f") or given.get("--file"),
        tuple(channels),
        tuple(plain),
    )


_CONDA_VALUES = frozenset(["-n", "--name", "-p", "--prefix", "-f", "--file", "-c", "--channel"])


@dataclass(frozen=True, slots=True)
class CondaFile:
    """What is read of a conda environment file: enough for the rules, without a YAML reader."""

    name: str | None
    channels: tuple[str, ...]
    packages: tuple[str, ...]
    pip: tuple[Requirement, ...]
    python: str | None


_ITEM = pattern(r"(?P<indent>\s*)-\s*(?P<value>.*)")


def conda_file(text: str) -> CondaFile:
    """Reads the plain block form that conda itself writes."""
    name = None
    section = ""
    lists: dict[str, list[str]] = {"channels": [], "dependencies": [], "pip": []}
    pip_indent = 0
    for line in text.splitlines():
        bare = re.sub(r"(^|\s)#.*", "", line).rstrip()
        if top := re.match(r"(\w+)\s*:\s*(.*)", bare):
            section, value = top[1], top[2].strip()
            name = value.strip("'\"") if section == "name" else name
            if section == "channels" and value.startswith("["):
                lists["channels"] += [c.strip(" '\"") for c in value.strip("[]").split(",")]
        elif item := _ITEM.match(bare):
            value = item["value"].strip().strip("'\"")
            indent = len(item["indent"])
            if section == "dependencies" and re.fullmatch(r"pip\s*:", value):
                pip_indent = indent + 1
            elif section == "dependencies" and pip_indent and indent >= pip_indent:
                lists["pip"].append(value)
            elif section in lists:
                pip_indent = 0
                lists[section].append(value)
    return CondaFile(
        name,
        tuple(lists["channels"]),
        tuple(lists["dependencies"]),
        tuple(r for line in lists["pip"] if (r := requirement(line)) is not None),
        _conda_python(lists["dependencies"]),
    )


def _conda_python(packages: list[str]) -> str | None:
    for package in packages:
        if match := re.match(r"python\s*[=><~]*\s*(3\.\d+)", package):
            return match[1]
    return None
