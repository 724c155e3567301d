"""Two editors of one text: the form and the Dockerfile, each kept true to the other. No widget
here: this is what the panel's controls write to and read from."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..context.describe import describe, sentence
from ..context.manifest import ContextManifest
from ..errors import ImageError
from ..lint.diagnostic import Diagnostic
from ..notebook.glance import Glance
from ..paths import is_folder
from ..spec import ImageSpec

LISTS = ("apt", "pip")
TEXTS = ("base", "requirements", "conda", "code", "entry_script", "model", "user", "platform")
FIELDS = (*LISTS, *TEXTS, "env")

NAMES = {
    "base": "Base image",
    "apt": "apt packages",
    "pip": "pip packages",
    "requirements": "Requirements file",
    "conda": "Conda file",
    "code": "Code folder",
    "entry_script": "Entry script",
    "model": "Model",
    "env": "Variables",
    "user": "Final user",
    "platform": "Platform",
}
"""What the form calls each field."""


@dataclass(slots=True)
class Desk:
    """The spec, its text, the findings on it and what a build of it would be sent (`manifest`,
    None where that is only known to a run). `problem` is a sentence where a field holds
    what cannot stand in a Dockerfile; the text then stays as it was.
    """

    spec: ImageSpec
    folder: str = "."
    text: str = ""
    problem: str = ""
    findings: tuple[Diagnostic, ...] = ()
    manifest: ContextManifest | None = None
    _glance: Glance = field(default_factory=lambda: Glance("."))

    def __post_init__(self) -> None:
        self._glance = Glance(self.folder)
        self.text = self.text or self.spec.to_dockerfile()
        self._look()

    def shown(self, name: str) -> str:
        """A field as its control shows it: lists and variables one a line."""
        value = getattr(self.spec, name)
        if name in LISTS:
            return "\n".join(value)
        if name == "env":
            return "\n".join(f"{key}={item}" for key, item in value.items())
        return value or ""

    def set_field(self, name: str, shown: str) -> None:
        """The form changed: the text is written anew."""
        try:
            spec = dataclasses.replace(self.spec, **{name: _value(name, shown)})
            self.text, self.spec, self.problem = spec.to_dockerfile(), spec, ""
        except ImageError as error:
            self.problem = f"{NAMES[name]}: {error.message}"
            return
        self._look()

    def set_text(self, text: str) -> None:
        """The text changed: the form is read anew; what it does not understand is kept."""
        self.spec = dataclasses.replace(
            ImageSpec.from_dockerfile(text),
            platform=self.spec.platform,
            build_args=self.spec.build_args,
        )
        self.text, self.problem = text, ""
        self._look()

    def set_folder(self, folder: str) -> None:
        """Another context."""
        self.folder, self._glance = folder, Glance(folder)
        self._look()

    def fix(self) -> int:
        """Apply every certain fix; how many."""
        from ..lint.fix import fix

        fixed = fix(self._glance.question(self.text))
        if fixed.applied:
            self.set_text(fixed.text)
        return len(fixed.applied)

    @property
    def fixable(self) -> bool:
        """Whether a finding has a certain fix."""
        return any(fix.certain for found in self.findings for fix in found.fixes)

    @property
    def kept(self) -> tuple[str, ...]:
        """What stands in the text and in no field of the form."""
        return tuple(piece.text for piece in self.spec.kept)

    @property
    def sent(self) -> tuple[str, tuple[str, ...]]:
        """What would be sent: in a sentence, and as a list."""
        if not is_folder(self.folder):
            return f"There is no folder {self.folder}.", ()
        if self.manifest is None:
            return "What is sent is listed by Plan.", ()
        return f"Will be sent: {sentence(self.manifest)}.", describe(self.manifest)[1:]

    def _look(self) -> None:
        self.findings, self.manifest = (), None
        if self.text.strip():
            self.findings, self.manifest = self._glance.look(self.text)


def _value(name: str, shown: str) -> Any:
    if name in LISTS:
        return tuple(line.strip() for line in shown.splitlines() if line.strip())
    if name == "env":
        return _variables(shown)
    text = shown.strip()
    return text if text or name in ("base", "user") else _empty(name)


def _empty(name: str) -> str | None:
    return "linux/amd64" if name == "platform" else None


def _variables(shown: str) -> Mapping[str, str]:
    pairs = (line.partition("=") for line in shown.splitlines() if line.strip())
    return {key.strip(): value.strip() for key, _, value in pairs}
