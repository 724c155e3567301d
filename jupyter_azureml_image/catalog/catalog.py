"""The catalog that ships with the package: one record per base image Microsoft publishes.

`images.json` was compiled by hand from Microsoft's documentation, the release notes of the
base images and the sources of the curated ones (the links are in the file). A registry can
list tags but not say what is retired, so the words `status` and `successor` only ever come
from here; tags and digests come from `refresh`.
"""

from __future__ import annotations

import datetime
import functools
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import field
from pathlib import Path
from typing import Any, Literal

from ..dockerfile.facts import BaseFacts
from ..records import dataclass

Family = Literal[
    "inference-prebuilt", "inference-curated", "inference-base", "training-base", "training-curated"
]
Status = Literal["current", "listed-python-eol", "deprecated", "retired", "renamed", "unlisted"]
"""current: on Microsoft's newest list; listed-python-eol: listed, its Python has ended;
deprecated, retired: no updates any more; renamed: the same image under a shorter name;
unlisted: named like an Azure ML image, but on no list (told from its name alone)."""

_OLD_AFTER_DAYS = 90


@dataclass(frozen=True, slots=True)
class BaseImage:
    """One repository of base images. `tags` are the known ones; None means not known.

    `prefix` is the folder of the Python that serves (or trains); `extensibility` whether the
    start script reads AZUREML_EXTRA_*; `supported_until` the day on which the first of its
    operating system and its Python ends (ISO date).
    """

    repository: str
    family: Family
    status: Status
    os: str | None = None
    python: str | None = None
    accelerator: Literal["cpu", "gpu"] = "cpu"
    cuda: str | None = None
    framework: str | None = None
    framework_version: str | None = None
    successor: str | None = None
    user: str = "root"
    port: int | None = None
    entry: str | None = None
    prefix: str | None = None
    extensibility: Literal["yes", "no", "unknown"] = "unknown"
    tags: tuple[str, ...] = ()
    supported_until: str | None = None
    sources: tuple[str, ...] = ()
    registry: str = "mcr.microsoft.com"

    @property
    def reference(self) -> str:
        """Registry and repository, without a tag."""
        return f"{self.registry}/{self.repository}"

    @property
    def successor_reference(self) -> str | None:
        """The image that takes its place, without a tag."""
        return f"{self.registry}/{self.successor}" if self.successor else None

    @property
    def name(self) -> str:
        """The last part of the repository."""
        return self.repository.rsplit("/", 1)[-1]

    @property
    def serves(self) -> bool:
        """Whether it is made for inference: nginx and the server started by runsvdir."""
        return self.family.startswith("inference")

    @property
    def python_minor(self) -> str | None:
        """Its Python as `3.12`."""
        return ".".join(self.python.split(".")[:2]) if self.python else None


@dataclass(frozen=True, slots=True)
class Catalog:
    """All images, and the day (ISO) on which the list was made."""

    made: str
    images: tuple[BaseImage, ...]
    sources: Mapping[str, str] = field(default_factory=dict)


@functools.cache
def load() -> Catalog:
    """The catalog of this package version."""
    images = tuple(_image(row) for row in _rows().values())
    return Catalog(day_made(), images, _data()["sources"])


def day_made() -> str:
    """The day (ISO) on which the list was made."""
    day: str = _data()["made"]
    return day


@functools.cache
def _data() -> dict[str, Any]:
    text = Path(__file__).with_name("images.json").read_text(encoding="utf-8")
    data: dict[str, Any] = json.loads(text)
    return data


@functools.cache
def _rows() -> dict[str, dict[str, Any]]:
    """By repository. A check asks for one or two of them, so only those become records."""
    return {row["repository"]: row for row in _data()["images"]}


def _image(row: Mapping[str, Any]) -> BaseImage:
    """What `wire.load` makes of the row; for one flat record its look at types is too dear."""
    lists = {name: tuple(value) for name, value in row.items() if isinstance(value, list)}
    return BaseImage(**{**row, **lists})


def split_reference(reference: str) -> tuple[str, str, str | None, str | None]:
    """Registry (`docker.io` where none is named), repository, tag and digest."""
    rest, _, digest = reference.partition("@")
    head, slash, tail = rest.rpartition("/")
    name, _, tag = tail.partition(":")
    path = f"{head}{slash}{name}"
    first, _, others = path.partition("/")
    if others and ("." in first or ":" in first or first == "localhost"):
        return first, others, tag or None, digest or None
    return "docker.io", path, tag or None, digest or None


@functools.lru_cache(maxsize=256)
def find(reference: str) -> BaseImage | None:
    """The catalog's record of an image reference, whatever its tag or digest; else None.

    An image that is named like Azure ML's prebuilt inference images but is on no list is
    given back with the status `unlisted` and what its name tells.
    """
    registry, repository, _, _ = split_reference(reference)
    if registry != "mcr.microsoft.com":
        return None
    repository = repository.strip("/").lower()
    row = _rows().get(repository)
    return _image(row) if row else _from_name(repository)


_INFERENCE_NAME = (
    r"azureml/(?P<curated>curated/)?(?P<what>[a-z]+)(?:-(?P<version>[\d.]+))?"
    r"(?:-ubuntu(?P<os>[\d.]+))?(?:-py(?P<major>3)(?P<minor>\d+))?"
    r"(?:-(?:cuda(?P<cuda>[\d.]+)-)?(?P<device>cpu|gpu))?-inference"
)


def _from_name(repository: str) -> BaseImage | None:
    match = re.fullmatch(_INFERENCE_NAME, repository)
    if match is None or not (match["os"] or match["minor"]):
        return None
    gpu = match["device"] == "gpu"
    what = match["what"]
    successor = (
        "azureml/curated/minimal-py312-cuda12.4-inference"
        if gpu
        else "azureml/curated/mlflow-py312-inference"
        if what == "mlflow"
        else "azureml/minimal-py312-inference"
    )
    return BaseImage(
        repository=repository,
        family="inference-curated" if match["curated"] else "inference-prebuilt",
        status="unlisted",
        os=f"Ubuntu {match['os']}" if match["os"] else None,
        python=f"3.{match['minor']}" if match["minor"] else None,
        accelerator="gpu" if gpu else "cpu",
        cuda=match["cuda"],
        framework=None if what == "minimal" else what,
        framework_version=match["version"],
        successor=successor,
        user="dockeruser",
        port=5001,
        entry="runsvdir /var/runit",
        # The series named after an Ubuntu release kept its packages in the environment amlenv.
        prefix="/opt/miniconda/envs/amlenv" if match["os"] and not match["curated"] else None,
    )


def search(words: str = "") -> tuple[BaseImage, ...]:
    """The images that match every word (in name, status, family, Python, framework); current
    inference images come first."""
    wanted = words.lower().split()
    found = [image for image in load().images if all(w in _haystack(image) for w in wanted)]
    return tuple(sorted(found, key=lambda i: (i.status != "current", not i.serves)))


def is_exact(words: str) -> bool:
    """Whether what is asked for is one image with its tag, not words to look for."""
    return " " not in words and split_reference(words)[2] is not None


def named(reference: str) -> tuple[BaseImage, ...]:
    """The image of an exact reference: the catalog's record, else what its name tells."""
    registry, repository, _, _ = split_reference(reference)
    gpu = "cuda" in reference or "gpu" in reference
    return (
        find(reference)
        or BaseImage(
            repository,
            "training-base",
            "unlisted",
            accelerator="gpu" if gpu else "cpu",
            registry=registry,
        ),
    )


def _haystack(image: BaseImage) -> str:
    parts = (
        image.repository,
        image.family,
        image.status,
        image.os,
        f"python{image.python or ''}",
        image.accelerator,
        f"cuda{image.cuda or ''}",
        image.framework,
    )
    return " ".join(part or "" for part in parts).lower()


def base_facts(reference: str) -> BaseFacts:
    """What the catalog knows of an image, in the form the dry evaluation takes."""
    image = find(reference)
    if image is None:
        return BaseFacts()
    return BaseFacts(
        user=image.user,
        workdir="/",
        env=_environment(image),
        cmd=tuple(image.entry.split()) if image.entry else (),
        exposed=(str(image.port),) if image.port else (),
        python=image.python,
        # The inference-base images bring nginx and runit; the server is added on top of them.
        server=None if image.family == "inference-base" else image.serves,
        known_from="catalog",
    )


class KnownBases(Mapping[str, BaseFacts]):
    """What is known of any base, looked up when an evaluation comes to it: what was `given` of
    the image itself first, then the catalog."""

    def __init__(self, given: Mapping[str, BaseFacts]) -> None:
        self._given = given

    def __getitem__(self, reference: str) -> BaseFacts:
        given = self._given.get(reference)
        return given if given and given.known_from else base_facts(reference)

    def __iter__(self) -> Iterator[str]:
        return iter(self._given)

    def __len__(self) -> int:
        return len(self._given)


def _environment(image: BaseImage) -> dict[str, str]:
    """The variables that the Dockerfiles of these images set, as far as they are published."""
    env: dict[str, str] = {}
    if image.prefix and image.serves:
        env["AZUREML_CONDA_ENVIRONMENT_PATH"] = image.prefix
        env["AZUREML_CONDA_DEFAULT_ENVIRONMENT"] = image.prefix
    if image.framework == "mlflow" and image.family == "inference-curated":
        env["AML_APP_ROOT"] = "/var/mlflow_resources"
        env["AZUREML_ENTRY_SCRIPT"] = "mlflow_score_script.py"
    return env


def age_sentence(made: str | None = None, today: datetime.date | None = None) -> str:
    """How old the list is, and what to do when that is long: for `bases` and the plan."""
    made = made or day_made()
    day = datetime.date.fromisoformat(made)
    age = ((today or datetime.datetime.now(tz=datetime.timezone.utc).date()) - day).days
    if age <= _OLD_AFTER_DAYS:
        return f"Catalog of {made}."
    return (
        f"Catalog of {made}, {age} days old: newer images may exist. "
        "`%azureml_image bases --refresh` asks the registry for today's tags."
    )
