"""What is sent with the build: too much, or not what the upload of Azure ML keeps."""

from __future__ import annotations

from collections.abc import Iterator

from ...context.describe import size_text
from ...context.manifest import ContextEntry
from ..links import ACR_IGNORE_ISSUE, CONTEXT_SIZE_ISSUE, IGNORE_ISSUE, SDK
from ..places import clean_source
from ..rule import About, Example, Finding, rule
from ..subject import Subject
from ..upload_ignore import UploadRules
from .copying import context_sources, place_of

_BASE = "FROM mcr.microsoft.com/azureml/minimal-py312-inference:latest\n"
_BIG = 50_000_000
_SMALL = 1_000_000
_NEVER_MEANT = frozenset((".git", ".env", ".venv", "venv", ".azureml", "node_modules", ".ssh"))


@rule(
    About(
        "AML051",
        "error",
        "The upload of Azure ML leaves a source out",
        why="A build context that Azure ML builds is uploaded by .amlignore, else by .gitignore, "
        "and never by .dockerignore: *.pkl in .gitignore takes the model away.",
        remedy="Write an .amlignore that keeps it, or build locally or by ACR.",
        example=Example(
            "# .gitignore: *.pkl\n" + _BASE + "COPY model.pkl /var/azureml-app/azureml-models/\n",
            "# .amlignore: .git\n" + _BASE + "COPY model.pkl /var/azureml-app/azureml-models/\n",
        ),
        sources=(SDK, CONTEXT_SIZE_ISSUE, IGNORE_ISSUE),
    )
)
def left_out_of_upload(subject: Subject) -> Iterator[Finding]:
    """Where Azure ML builds: every file of a source against the upload's own rules."""
    if not subject.uploads or subject.manifest is None:
        return
    name = ".amlignore" if subject.read_text(".amlignore") is not None else ".gitignore"
    text = subject.read_text(name)
    if text is None:
        return
    rules = UploadRules.read(text)
    for _, instruction, source in context_sources(subject):
        path = clean_source(source)
        files = [
            e.path
            for e in subject.manifest.files
            if not path or e.path == path or e.path.startswith(path + "/")
        ]
        gone = [(f, rule) for f in files if (rule := rules.excluded_by(f))]
        if gone and len(gone) == len(files):
            yield Finding(
                place_of(subject, instruction, source),
                f"{name} ({gone[0][1]}) keeps {source} out of the upload",
            )
        elif gone:
            yield Finding(
                place_of(subject, instruction, source),
                f"{name} ({gone[0][1]}) keeps {gone[0][0]} out of the upload",
                severity="warning",
            )


@rule(
    About(
        "AML052",
        "warning",
        "The whole folder is sent",
        why="Without an ignore file everything in the folder goes to the builder and into the "
        "image: data, notebooks, the .git folder, secrets; and every change of any of it is a "
        "new version.",
        remedy="Copy named folders, or write a .dockerignore (for a build in Azure ML an "
        ".amlignore).",
        example=Example(
            _BASE + "COPY . /var/azureml-app\n", _BASE + "COPY code /var/azureml-app\n"
        ),
        sources=(CONTEXT_SIZE_ISSUE, ACR_IGNORE_ISSUE),
    )
)
def everything_is_sent(subject: Subject) -> Iterator[Finding]:
    """COPY . without an ignore file (advice while the folder is small and holds only what is
    meant), or over 50 MB without one."""
    manifest = subject.manifest
    files = manifest.files if manifest else ()
    if manifest is None or not files:
        return
    ignored = manifest.ignore_file is not None
    if subject.uploads:
        ignored = any(subject.read_text(n) is not None for n in (".amlignore", ".gitignore"))
    if ignored:
        return
    for _, instruction, source in context_sources(subject):
        if clean_source(source) == "":
            size, stray = size_text(manifest.size), _with(files)
            yield Finding(
                place_of(subject, instruction, source),
                f"{instruction.keyword} {source} takes the whole folder: {len(files)} "
                f"files, {size}{stray}, and there is no ignore file",
                severity=None if manifest.size > _SMALL or stray else "info",
            )
            return
    if manifest.size > _BIG:
        first = next(iter(context_sources(subject)), None)
        if first is not None:
            yield Finding(
                place_of(subject, first[1], first[2]),
                f"{size_text(manifest.size)} are sent, and there is no ignore file",
            )


def _with(files: tuple[ContextEntry, ...]) -> str:
    """What nobody means to send, where the folder holds some of it."""
    tops = {part for entry in files for part in entry.path.split("/")}
    found = sorted(tops & _NEVER_MEANT)
    return f", with {' and '.join(found)}" if found else ""
