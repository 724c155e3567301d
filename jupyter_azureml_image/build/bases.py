"""Bases that need a sign-in: pulled before a build whose builder cannot sign in itself."""

from __future__ import annotations

from collections.abc import Callable

from ..dockerfile.evaluate import evaluate
from ..dockerfile.model import Dockerfile
from ..events import Emit
from ..plan.request import Recipe
from .engine import Engine


def external_bases(recipe: Recipe, dockerfile: Dockerfile) -> tuple[str, ...]:
    """The images that the build starts from."""
    facts = evaluate(
        dockerfile,
        build_args=recipe.build_args,
        target=recipe.target,
        platform=recipe.platform,
    )
    return facts.bases


def fetch_private(
    engine: Engine,
    recipe: Recipe,
    dockerfile: Dockerfile,
    emit: Emit,
    cancelled: Callable[[], bool] = lambda: False,
) -> None:
    """Pull the bases that the docker configuration holds credentials for and that the
    engine lacks (all of those with `pull`). Raises RegistryError, or Cancelled."""
    for reference in external_bases(recipe, dockerfile):
        if not recipe.pull and engine.inspect(reference) is not None:
            continue
        if auth := engine.auth(reference):
            engine.pull(reference, emit, auth=auth, platform=recipe.platform, cancelled=cancelled)
