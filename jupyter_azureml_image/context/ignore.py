"""Docker's ignore files: what is left out of a build context, and by which line.

The rules are those of BuildKit's own walk, which every builder here is given: patterns
apply in order, the last that decides wins, and what was decided for a folder holds for
everything below it until a later pattern decides otherwise.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import groupby
from pathlib import Path

from ..errors import ContextError
from ..records import dataclass
from . import gopath
from .goregex import python_text
from .pattern import Pattern, Shape, parse_pattern, translate

_LONGEST_LINE = 64 * 1024  # bytes; Docker's line reader gives up there


@dataclass(frozen=True, slots=True)
class Rule:
    """One pattern of an ignore file: its line (from 1), its text as written.

    `keeps` is true for an exception (`!pattern`).
    """

    line: int
    text: str
    keeps: bool
    pattern: Pattern


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether a path is left out, and the rule that had the last word (None: no rule)."""

    excluded: bool
    rule: Rule | None


_KEPT = Decision(False, None)

# For each run of rules: the one that has matched the path or a folder above it.
_Marks = tuple["Rule | None", ...]


class IgnoreRules:
    """The rules of one ignore file. `source` is how a sentence names that file."""

    def __init__(self, rules: Iterable[Rule] = (), source: str = "") -> None:
        self.rules = tuple(rules)
        self.source = source
        self._runs = tuple(
            _Run(keeps, tuple(run)) for keeps, run in groupby(self.rules, key=lambda r: r.keeps)
        )
        self._exceptions = tuple(rule.pattern for rule in self.rules if rule.keeps)
        # Most paths match no rule at all; all that could leave them out is asked at once.
        self._plain = _Run(False, tuple(rule for rule in self.rules if not rule.keeps))
        self._untouched = (_KEPT, (None,) * len(self._runs))
        self._folders: dict[str, tuple[Decision, _Marks]] = {"": self._untouched}

    @classmethod
    def read(cls, data: bytes | str, source: str = ".dockerignore") -> IgnoreRules:
        """The rules in an ignore file's content.

        Raises ContextError, naming the line, where Docker would refuse the file.
        """
        text = data.decode("utf-8", "surrogateescape") if isinstance(data, bytes) else data
        rules: list[Rule] = []
        for number, line in enumerate(text.removeprefix("\ufeff").split("\n"), start=1):
            if len(line) >= _LONGEST_LINE:
                raise ContextError(f"{source}, line {number}: longer than Docker reads (64 KiB).")
            if line.startswith("#") or not gopath.trim(line):
                continue
            try:
                rules.append(_rule(number, gopath.trim(line)))
            except gopath.BadPatternError as error:
                raise ContextError(
                    f"{source}, line {number}: {gopath.trim(line)!r} is not a pattern: {error}.",
                    hint="Docker refuses the whole file; correct or remove that line.",
                ) from error
        return cls(rules, source)

    def decide(self, path: str) -> Decision:
        """Whether `path` (relative to the context, with `/`) is left out, and by which rule."""
        path = path.strip("/")
        if not self._runs or path == ".":
            return _KEPT
        return self._judge(path)[0]

    def excluded(self, path: str) -> bool:
        """Whether `path` is left out."""
        return bool(self._runs) and self.decide(path).excluded

    def may_prune(self, directory: str) -> bool:
        """Whether nothing below `directory`, which is left out, can come back."""
        return not any(pattern.may_match_below(directory) for pattern in self._exceptions)

    def _judge(self, path: str) -> tuple[Decision, _Marks]:
        above = path.rpartition("/")[0]
        known = self._folders.get(above)
        if known is None:
            known = self._folders[above] = self._judge(above)
        if known is self._untouched and not self._plain.may_match(path):
            return known
        excluded, decider = False, None
        marks: list[Rule | None] = []
        for run, mark in zip(self._runs, known[1], strict=True):
            # A run that could not change the outcome is not tried, and then not remembered
            # for what lies below either: BuildKit's walk does exactly that.
            if mark is None and run.keeps == excluded:
                mark = run.first(path)  # noqa: PLW2901 - the inherited mark, else a new one
            if mark is not None:
                excluded, decider = not run.keeps, mark
            marks.append(mark)
        return Decision(excluded, decider), tuple(marks)


class _Run:
    """Rules of one kind, asked together: only whether one of them matches counts."""

    def __init__(self, keeps: bool, rules: tuple[Rule, ...]) -> None:
        self.keeps = keeps
        self._rules = rules
        literals: dict[Shape, list[str]] = {"exact": [], "prefix": [], "suffix": [], "regex": []}
        expressions: list[str] = []
        for rule in rules:
            shape, literal = _sieve(rule.pattern)
            literals[shape].append(literal)
            if shape == "regex":
                expressions.append(python_text(translate(rule.pattern.text)[1]))
        self._exact = frozenset(literals["exact"])
        self._prefixes = tuple(literals["prefix"])
        self._suffixes = tuple(literals["suffix"])
        self._fused = re.compile("|".join(expressions), re.ASCII).fullmatch if expressions else None

    def may_match(self, path: str) -> bool:
        """Whether a rule means `path`; fast, certain where it says no."""
        return (
            path in self._exact
            or path.startswith(self._prefixes)
            or ("/" + path).endswith(self._suffixes)
            or (self._fused is not None and self._fused(path) is not None)
        )

    def first(self, path: str) -> Rule | None:
        """The first rule that means `path` itself."""
        if not self.may_match(path):
            return None
        return next((rule for rule in self._rules if rule.pattern.matches(path)), None)


def _sieve(pattern: Pattern) -> tuple[Shape, str]:
    """The cheapest test that every path `pattern` means will pass."""
    ending = re.fullmatch(r"\*\*/\*([^*?\[\\/]+)", pattern.text)
    return ("suffix", ending[1]) if ending else (pattern.shape, pattern.literal)


def find_ignore_file(root: Path, dockerfile: str | Path | None) -> Path | None:
    """The ignore file a build uses: `<Dockerfile>.dockerignore` beside the Dockerfile, else
    `.dockerignore` in the context's root; None where there is neither.

    A relative `dockerfile` is looked for from the working directory, as Docker does, then
    from `root`; None is for text that has no file.
    """
    places = [root / ".dockerignore"]
    if dockerfile is not None:
        here = Path(dockerfile).absolute()
        file = here if here.exists() else root / dockerfile
        places.insert(0, file.with_name(file.name + ".dockerignore"))
    return next((place for place in places if place.is_file()), None)


def read_ignore_file(root: Path, dockerfile: str | Path | None) -> IgnoreRules:
    """The rules that apply to the context `root`; raises ContextError for a refused file."""
    file = find_ignore_file(root, dockerfile)
    if file is None:
        return IgnoreRules()
    name = file.relative_to(root).as_posix() if file.is_relative_to(root) else str(file)
    try:
        return IgnoreRules.read(file.read_bytes(), name)
    except OSError as error:
        raise ContextError(
            f"The ignore file {file} cannot be read: {error.strerror or error}.",
            hint="Without it, it is not known what must stay on this machine.",
        ) from error


def _rule(number: int, text: str) -> Rule:
    """The rule of one trimmed, not empty line; raises BadPatternError."""
    keeps = text.startswith("!")
    body = gopath.trim(text[1:]) if keeps else text
    if body:
        body = gopath.clean(body)
        body = body[1:] if len(body) > 1 and body.startswith("/") else body
    # Docker puts the mark back and cleans once more: `!/` becomes `!`, `a /` becomes `a`.
    whole = gopath.clean(gopath.trim(("!" if keeps else "") + body))
    if whole == "!":
        raise gopath.BadPatternError("it excepts nothing; write !PATTERN, or remove the line")
    return Rule(number, text, whole.startswith("!"), parse_pattern(whole.removeprefix("!")))
