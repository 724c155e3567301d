"""What the engine's own image tells beats what the catalog says of its name."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from jupyter_azureml_image.build import image_facts, image_notes
from jupyter_azureml_image.build.engine import Engine
from jupyter_azureml_image.catalog import base_facts
from jupyter_azureml_image.dockerfile.facts import BaseFacts
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


def test_what_an_image_told_is_known_to_the_next_kernel(
    engine: Engine, tiny_image: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("AZUREML_IMAGE_STATE", str(tmp_path))
    monkeypatch.setattr(image_facts, "_told", {})
    told = engine.image_facts(tiny_image)
    monkeypatch.setattr(image_facts, "_told", {})
    monkeypatch.setattr(image_facts, "looking_into", None)  # another look would be a TypeError
    assert engine.image_facts(tiny_image) == told


def test_a_note_that_cannot_be_read_is_as_none(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("AZUREML_IMAGE_STATE", str(tmp_path))
    image_notes.write("sha256:ab", BaseFacts(python="3.12"))
    assert image_notes.read("sha256:ab") == BaseFacts(python="3.12")
    (tmp_path / "images" / "ab.json").write_text('{"format": 1, "fac')
    assert image_notes.read("sha256:ab") is None


def test_only_the_latest_notes_are_kept(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("AZUREML_IMAGE_STATE", str(tmp_path))
    monkeypatch.setattr(image_notes, "_KEPT", 2)
    for age, image in enumerate(("new", "older", "oldest")):
        image_notes.write(f"sha256:{image}", BaseFacts())
        os.utime(tmp_path / "images" / f"{image}.json", (10**9 - age, 10**9 - age))
    image_notes.write("sha256:newest", BaseFacts())
    assert {path.stem for path in (tmp_path / "images").iterdir()} == {"new", "newest"}


def test_settings_are_told_without_a_container(
    engine: Engine, tiny_image: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(image_facts, "_told", {})
    monkeypatch.setattr(image_facts, "looking_into", None)
    settings = engine.image_settings(tiny_image)
    assert settings is not None
    assert settings.cmd == ("sh",)
    assert settings.server is None
    assert engine.image_settings("azureml-image-test/never:1") is None


def test_a_look_into_an_image_leaves_none_of_the_volumes_it_declares(
    engine: Engine, tiny_image: str
) -> None:
    made: list[str] = []
    text = f"FROM {tiny_image}\nVOLUME /g4-looked-into\n"
    name = "g4-with-a-volume:1"
    create = engine.client.create_container
    for _ in engine.client.build(fileobj=io.BytesIO(text.encode()), tag=name, rm=True):
        pass

    def noted(*arguments: Any, **named: Any) -> Any:
        found = create(*arguments, **named)
        mounts = engine.client.inspect_container(found["Id"])["Mounts"]
        made.extend(mount["Name"] for mount in mounts)
        return found

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(engine.client, "create_container", noted)
        assert engine.holds(name, "/bin/sh")
    engine.remove(name)
    there = {each["Name"] for each in engine.client.volumes()["Volumes"] or ()}
    assert len(made) == 1
    assert not there & set(made)
