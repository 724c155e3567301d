"""The local builders that are there, best first."""

from __future__ import annotations

import os

from ..errors import BadSettings
from .buildx import BuildxBuilder
from .classic import ClassicBuilder
from .engine import Engine
from .engine_api import EngineApiBuilder
from .ports import Builder
from .program import find_buildx

WAY = "AZUREML_IMAGE_LOCAL_WAY"
"""Forces one way: buildx, engine-api or classic."""

_WAYS = ("buildx", "engine-api", "classic")
_FIRST_BUILDKIT = (20, 10)  # before it, BuildKit is too early for the API's own use


def local_builders(engine: Engine, way: str | None = None) -> list[Builder]:
    """What can build on `engine` here and now, the most able first.

    `way` (else the setting AZUREML_IMAGE_LOCAL_WAY) leaves only that one; raises BadSettings
    for a way that does not exist. The list is empty where the forced way is not there.
    """
    forced = way or os.environ.get(WAY) or None
    if forced is not None and forced not in _WAYS:
        raise BadSettings(
            f"{WAY} is '{forced}'; it can be {', '.join(_WAYS)}.",
            hint="Unset it to take the best way that is there.",
        )
    found: list[Builder] = []
    if forced in (None, "buildx") and (buildx := find_buildx(engine)):
        found.append(BuildxBuilder(engine, buildx))
    if forced in (None, "engine-api") and not engine.podman and engine.release >= _FIRST_BUILDKIT:
        found.append(EngineApiBuilder(engine))
    if forced in (None, "classic"):
        found.append(ClassicBuilder(engine))
    return found
