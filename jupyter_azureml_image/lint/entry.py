"""The entry script of an image or a deployment: which file it is, and whether that is certain."""

from __future__ import annotations

import posixpath
from functools import cached_property
from typing import TYPE_CHECKING

from ..dockerfile.model import Span
from ..records import dataclass
from .script import Script

if TYPE_CHECKING:
    from .subject import Subject


@dataclass(frozen=True)
class EntryScript:
    """`named` is AZUREML_ENTRY_SCRIPT (or the mounted script's name), `image_path` where the
    server looks for it, `context_path` which file of the context lands there. `span` is the
    place in the Dockerfile that a finding points at. `mounted`: a deployment brings it.
    """

    subject: Subject
    span: Span
    named: str | None = None
    image_path: str | None = None
    context_path: str | None = None
    mounted: bool = False

    @cached_property
    def script(self) -> Script | None:
        """The script, read; None where its file is not at hand."""
        if self.context_path is None:
            return None
        text = self.subject.read_text(self.context_path)
        return Script.read(self.context_path, text) if text is not None else None


def find_entry_script(subject: Subject) -> EntryScript:
    """The baked script by AZUREML_ENTRY_SCRIPT, else the one a deployment would mount."""
    mounts = subject.mounts
    first = subject.dockerfile.instructions[0].span if subject.dockerfile.instructions else None
    start = first or Span(0, 0)
    if mounts.code and mounts.scoring_script:
        path = _relative(subject, posixpath.join(mounts.code, mounts.scoring_script))
        return EntryScript(subject, start, mounts.scoring_script, None, path, mounted=True)
    root = app_root(subject)
    given = subject.environment.get("AZUREML_ENTRY_SCRIPT")
    named = subject.variable("AZUREML_ENTRY_SCRIPT")
    if given is None or not named:
        return EntryScript(subject, _code_span(subject, start))
    if given[1].index in subject.open_instructions:
        return EntryScript(subject, given[0].span)
    path = posixpath.normpath(posixpath.join(root, named))
    return EntryScript(
        subject, given[0].span, named, path, subject.places.context_path(path), mounted=False
    )


def app_root(subject: Subject) -> str:
    """Where the server looks for code: AML_APP_ROOT, else /var/azureml-app."""
    return subject.variable("AML_APP_ROOT") or "/var/azureml-app"


def _code_span(subject: Subject, default: Span) -> Span:
    """The COPY that puts code below the app root, for findings about a script not named."""
    root = app_root(subject)
    for copy in subject.copies:
        if copy.destination.rstrip("/") == root or copy.destination.startswith(root + "/"):
            span = subject.dockerfile.instructions[copy.instruction].span
            return Span(span.start, span.end)
    return default


def _relative(subject: Subject, path: str) -> str:
    """A mounted file's path relative to the context, where it lies inside."""
    folder = subject.manifest.root if subject.manifest else None
    folder = folder or (subject.request.context if subject.request else "")
    if posixpath.isabs(path) and folder and path.startswith(folder.rstrip("/") + "/"):
        return path[len(folder.rstrip("/")) + 1 :]
    return posixpath.normpath(path)
