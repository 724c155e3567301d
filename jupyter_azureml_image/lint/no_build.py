"""Where a Dockerfile only adds packages, code and model, and what replaces it.

Pure: it reads the subject and describes. `jupyter_azureml_image.extensibility` does it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from ..records import dataclass
from .places import clean_source

if TYPE_CHECKING:
    from .subject import Subject

_ALLOWED = frozenset(("FROM", "COPY", "RUN", "ENV", "ARG", "LABEL", "USER", "WORKDIR"))


@dataclass(frozen=True, slots=True)
class NoBuild:
    """What a deployment without a build needs.

    `image` is the base as it is; `requirements` what pip installs; `code` the context folder
    with the entry script (None: the Dockerfile copies none), `model` the context path of the
    model. `reads_extra` says whether the base is known to read AZUREML_EXTRA_*.
    """

    image: str
    python: str | None
    requirements: tuple[str, ...]
    code: str | None = None
    entry_script: str | None = None
    model: str | None = None
    reads_extra: bool = False
    state: Literal["preview"] = "preview"


def no_build(subject: Subject) -> NoBuild | None:
    """The way without a build; None where the Dockerfile does more than that."""
    base = subject.base
    if base is None or not subject.serving or base.family == "inference-base" or subject.faults:
        return None
    if len(subject.stages) != 1 or subject.final is None or base.status == "unlisted":
        return None
    if any(step.instruction.keyword not in _ALLOWED for step in subject.steps):
        return None
    requirements = _requirements(subject)
    if requirements is None or not requirements:
        return None
    code, model = _parts(subject)
    return NoBuild(
        image=subject.final.base,
        python=base.python_minor,
        requirements=requirements,
        code=code,
        entry_script=subject.variable("AZUREML_ENTRY_SCRIPT"),
        model=model,
        reads_extra=base.extensibility == "yes",
    )


def _requirements(subject: Subject) -> tuple[str, ...] | None:
    """Every requirement of plain pip installs; None where a RUN does anything else."""
    installing = {pip.command.span.start for _, pip in subject.pips}
    if any(c.span.start not in installing and c.name not in ("rm", "") for _, c in subject.runs):
        return None
    found: list[str] = []
    for _, pip in subject.pips:
        if pip.elsewhere or pip.environment or pip.command.redirects:
            return None
        given = {r.word.value for r in pip.requirements if r.word}
        if pip.others:
            return None
        found += [word.value for word in pip.command.words if word.value in given]
        for file in pip.files:
            text = subject.requirements_text(file)
            if text is None:
                return None
            lines = (line.partition(" #")[0].strip() for line in text.splitlines())
            found += [line for line in lines if line and not line.startswith(("#", "-"))]
    return tuple(found)


def _parts(subject: Subject) -> tuple[str | None, str | None]:
    """The context paths of code and model."""
    folder = (subject.variable("AZUREML_MODEL_DIR") or "").rstrip("/")
    code = model = None
    for copy in subject.copies:
        source = clean_source(copy.sources[0]) if copy.sources else ""
        destination = copy.destination.rstrip("/")
        if folder and destination.startswith(folder):
            model = source
        elif destination.startswith("/var/azureml-app"):
            code = source or "."
    return code, model
