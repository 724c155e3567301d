"""The model: where it lies, where the script looks for it, and when it is copied."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from pathlib import PurePosixPath

from ...dockerfile.facts import Copy
from ...dockerfile.model import Span
from ..diagnostic import Fix
from ..entry import app_root
from ..links import ACR_CACHE, CUSTOM_CONTAINER, EXTEND, MODEL_PATH_ISSUE, SDK
from ..places import clean_source, may_make, missing_sources
from ..rule import About, Example, Finding, replace, rule
from ..script import Script
from ..subject import Subject

_IMAGE = (
    "FROM mcr.microsoft.com/azureml/minimal-py312-inference:latest\n"
    "COPY code /var/azureml-app\nENV AZUREML_ENTRY_SCRIPT=score.py\n"
    "COPY model /var/azureml-app/azureml-models\n"
    "ENV AZUREML_MODEL_DIR=/var/azureml-app/azureml-models\n"
)
_BIG = 500_000_000


def _model_copies(subject: Subject) -> list[Copy]:
    """Copies that bring the model: to AZUREML_MODEL_DIR, or to a place that is called so."""
    folder = subject.variable("AZUREML_MODEL_DIR")
    found = []
    for copy in subject.copies:
        destination = copy.destination.rstrip("/")
        named = any("model" in PurePosixPath(clean_source(s)).name.lower() for s in copy.sources)
        if (
            folder and (destination == folder or destination.startswith(folder.rstrip("/") + "/"))
        ) or (named and "model" in destination.lower() and copy.origin == "context"):
            found.append(copy)
    return found


def _span(subject: Subject, copy: Copy) -> Span:
    instruction = subject.dockerfile.instructions[copy.instruction]
    return Span(instruction.span.start, subject.end_of(instruction))


@rule(
    About(
        "AML070",
        "error",
        "AZUREML_MODEL_DIR names a folder that nothing creates",
        why="The entry script looks for the model below AZUREML_MODEL_DIR; where the path and "
        "the COPY differ, init() fails and the container ends.",
        remedy="Write the same path into COPY and AZUREML_MODEL_DIR, and the same file name into "
        "the script.",
        example=Example(
            _IMAGE.replace(
                "COPY model /var/azureml-app/azureml-models", "COPY model /var/azureml-app/models"
            ),
            _IMAGE,
        ),
        sources=(EXTEND, MODEL_PATH_ISSUE),
    )
)
def model_folder(subject: Subject) -> Iterator[Finding]:
    """The folder first; where it exists, the literal files that the script joins to it."""
    folder = subject.variable("AZUREML_MODEL_DIR")
    if "AZUREML_MODEL_DIR" not in subject.environment or not folder or subject.mounts.model:
        return
    assignment, step = subject.environment["AZUREML_MODEL_DIR"]
    if step.index in subject.open_instructions or not folder.startswith("/") or "<" in folder:
        return
    folder = posixpath.normpath(folder)
    if may_make(subject, folder):
        return
    if not _created(subject, folder):
        yield _not_created(subject, folder, assignment.span)
        return
    yield from _joined_files(subject, folder, assignment.span)


def _created(subject: Subject, folder: str) -> bool:
    """Whether a copy makes the folder. A copy above it may, unless the files are known; where
    they are not, one to another place that is called a model's is taken for a slip."""
    direct = [c for c in subject.copies if _inside(c.destination, folder)]
    above = [c for c in subject.copies if _inside(folder, c.destination) and c not in direct]
    if direct or not above:
        return bool(direct)
    if subject.places.complete(folder) and not missing_sources(subject):
        return bool(subject.places.below(folder))
    return any(copy.parents for copy in above) or not _model_places(subject)


def _model_places(subject: Subject) -> list[str]:
    places = sorted({c.destination.rstrip("/") for c in subject.copies if c.destination != "/"})
    return [place for place in places if "model" in place.lower()]


def _not_created(subject: Subject, folder: str, span: Span) -> Finding:
    models = _model_places(subject)
    above = any(_inside(folder, c.destination) for c in subject.copies)
    fixes: tuple[Fix, ...] = ()
    if len(models) == 1 and (place := subject.span_of(_plain(folder), span)):
        fixes = (replace(f"Name {models[0]}", place, models[0], certain=False),)
    certain = not above or (subject.places.complete(folder) and not missing_sources(subject))
    script = subject.entry.script
    if script is not None and "AZUREML_MODEL_DIR" not in script.text:
        certain = False  # a script that never looks there serves all the same
    return Finding(
        span,
        f"AZUREML_MODEL_DIR={folder}, but no COPY creates it",
        severity=None if certain else "warning",
        fixes=fixes,
    )


def _plain(text: str) -> str:
    return "".join(f"[{char}]" if char in ".+*?()[]{}|^$" else char for char in text)


def _inside(place: str, folder: str) -> bool:
    """Whether a path is a folder, or lies below it."""
    return (place.rstrip("/") + "/").startswith(folder.rstrip("/") + "/")


def _script(subject: Subject) -> Script | None:
    script = subject.entry.script
    return script if script is not None and not script.problem else None


def _joined_files(subject: Subject, folder: str, span: Span) -> Iterator[Finding]:
    script = _script(subject)
    if script is None or script.searches or not script.model_joins:
        return
    if not subject.places.complete(folder):
        return
    paths = [posixpath.join(folder, *parts) for parts in script.model_joins]
    landed = subject.places.landed
    if any(path in landed or any(p.startswith(path + "/") for p in landed) for path in paths):
        return
    there = sorted(one.image_path[len(folder) + 1 :] for one in subject.places.below(folder))
    said = f"it holds {', '.join(there[:3])}" if there else "it is empty"
    yield Finding(span, f"{script.path} loads {paths[0]}, which no COPY puts there: {said}")


@rule(
    About(
        "AML071",
        "warning",
        "Baked and mounted at once",
        why="A deployment that brings a model or code sets AZUREML_MODEL_DIR, AML_APP_ROOT and "
        "AZUREML_ENTRY_SCRIPT itself: what is inside the image is hidden.",
        remedy="Choose one: leave it out of the image, or out of the deployment.",
        example=Example("# deployed with --model model\n" + _IMAGE, _IMAGE),
        sources=(SDK, CUSTOM_CONTAINER),
    )
)
def baked_and_mounted(subject: Subject) -> Iterator[Finding]:
    """Model and --model; code and --code."""
    if subject.mounts.model and "AZUREML_MODEL_DIR" in subject.environment:
        yield Finding(
            subject.environment["AZUREML_MODEL_DIR"][0].span,
            "A model is mounted too: the deployment sets AZUREML_MODEL_DIR to the mounted one",
        )
    if subject.mounts.code and "AZUREML_ENTRY_SCRIPT" in subject.environment:
        yield Finding(
            subject.environment["AZUREML_ENTRY_SCRIPT"][0].span,
            "Code is mounted too: the deployment sets AZUREML_ENTRY_SCRIPT to the mounted script",
        )


@rule(
    About(
        "AML072",
        "info",
        "A big model inside the image",
        why="A model that is registered and mounted changes without a build, and the image stays "
        "small to pull.",
        remedy="Register the model, give it to the deployment, and drop the COPY.",
        example=Example(_IMAGE, _IMAGE.partition("COPY model")[0]),
        sources=(CUSTOM_CONTAINER,),
    )
)
def big_model(subject: Subject) -> Iterator[Finding]:
    """Over 500 MB."""
    for copy in _model_copies(subject):
        size = sum(one.size for one in subject.places.of(copy))
        if size > _BIG:
            yield Finding(_span(subject, copy), f"The model adds {size / 1e6:.0f} MB to the image")


@rule(
    About(
        "AML073",
        "warning",
        "The model is copied before the packages",
        why="Every change of the model installs all packages again; ACR, which keeps no layer "
        "cache, does it at every build anyway, your own engine only because of this order.",
        remedy="Copy model and code last.",
        example=Example(
            "FROM mcr.microsoft.com/azureml/minimal-py312-inference:latest\n"
            "COPY model /var/azureml-app/azureml-models\n"
            "RUN pip install --no-cache-dir numpy==2.2.3\n",
            "FROM mcr.microsoft.com/azureml/minimal-py312-inference:latest\n"
            "RUN pip install --no-cache-dir numpy==2.2.3\n"
            "COPY model /var/azureml-app/azureml-models\n",
        ),
        sources=(ACR_CACHE,),
    )
)
def model_before_packages(subject: Subject) -> Iterator[Finding]:
    """A model's copy with an installing RUN behind it in the same stage."""
    for copy in _model_copies(subject):
        step = next((s for s in subject.steps if s.index == copy.instruction), None)
        if step is None:
            continue
        installs = [
            s
            for s, _ in (*subject.pips, *subject.apts, *subject.condas)
            if s.stage.index == step.stage.index and s.index > step.index
        ]
        if installs:
            yield Finding(
                _span(subject, copy), "Every change of the model installs the packages below again"
            )


@rule(
    About(
        "AML074",
        "warning",
        "Baked layout and mounted layout differ",
        why="Baked, AZUREML_MODEL_DIR is the model folder itself. Mounted, it is the parent, and "
        "the folder's own name comes first: AZUREML_MODEL_DIR/model/weights.json.",
        remedy="Join the mounted folder's name, or look the file up below AZUREML_MODEL_DIR.",
        example=Example(
            "# deployed with --model model\n"
            "path = os.path.join(os.environ['AZUREML_MODEL_DIR'], 'weights.json')\n",
            "path = os.path.join(os.environ['AZUREML_MODEL_DIR'], 'model', 'weights.json')\n",
        ),
        sources=(MODEL_PATH_ISSUE, SDK),
    )
)
def two_layouts(subject: Subject) -> Iterator[Finding]:
    """Mounted: the folder's name is missing from every join. Baked: it stands in all of them."""
    script = _script(subject)
    if script is None or script.searches or not script.model_joins:
        return
    mounted = subject.mounts.model
    if mounted is not None:
        name = PurePosixPath(mounted.replace("\\", "/")).name
        if PurePosixPath(name).suffix or any(parts[:1] == (name,) for parts in script.model_joins):
            return
        yield Finding(
            subject.entry.span,
            f"{script.path} joins {'/'.join(script.model_joins[0])}, but mounted it is "
            f"{name}/{'/'.join(script.model_joins[0])}",
        )
        return
    folder = subject.variable("AZUREML_MODEL_DIR")
    if (
        folder is None
        or not subject.places.complete(folder)
        or may_make(subject, app_root(subject))
    ):
        return
    sources = {
        clean_source(s).rsplit("/", 1)[-1] for c in _model_copies(subject) for s in c.sources
    }
    for parts in script.model_joins:
        direct = posixpath.join(folder, *parts[1:])
        both = len(parts) > 1 and parts[0] in sources and direct in subject.places.landed
        if both and posixpath.join(folder, *parts) not in subject.places.landed:
            yield Finding(
                subject.entry.span,
                f"{script.path} joins {'/'.join(parts)} (the mounted layout), but baked it is "
                f"{'/'.join(parts[1:])}",
            )
            return
