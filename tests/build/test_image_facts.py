"""What the engine's own image tells beats what the catalog says of its name."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from jupyter_azureml_image.build.engine import Engine
from jupyter_azureml_image.catalog import base_facts
from jupyter_azureml_image.plan.request import Recipe
from jupyter_azureml_image.wiring import Here

REPOSITORY = "mcr.microsoft.com/azureml/openmpi5.0-ubuntu24.04"
NAMED = f"{REPOSITORY}:azureml-image-test"


@pytest.fixture
def named_otherwise(engine: Engine, base_image: str) -> Iterator[str]:
    """The inference image under the name of a training base."""
    engine.client.tag(base_image, REPOSITORY, "azureml-image-test")
    yield NAMED
    engine.client.remove_image(NAMED, noprune=True)


def test_the_image_in_the_engine_beats_what_the_catalog_says_of_its_name(
    engine: Engine, named_otherwise: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    listed = base_facts(named_otherwise)
    assert (listed.known_from, listed.user, listed.server) == ("catalog", "root", False)
    outside = Here()
    monkeypatch.setattr(outside, "engine", lambda: engine)
    found = outside.base(named_otherwise, Recipe(f"FROM {named_otherwise}\n"))
    facts = found.facts
    assert (facts.known_from, facts.user, facts.server) == ("image", "dockeruser", True)
    assert facts.exposed == ("5001/tcp",)
