"""The catalog of base images."""

from __future__ import annotations

import datetime
import re

import pytest

from jupyter_azureml_image import wire
from jupyter_azureml_image.catalog import (
    age_sentence,
    base_facts,
    find,
    load,
    search,
    split_reference,
)
from jupyter_azureml_image.catalog import catalog as catalog_page

CPU = "mcr.microsoft.com/azureml/minimal-py312-inference"


@pytest.mark.parametrize("tail", ["", ":latest", ":20250701.v1", "@sha256:" + "a" * 64])
def test_an_image_is_found_whatever_its_tag(tail: str) -> None:
    found = find(CPU + tail)
    assert found is not None
    assert (found.status, found.python, found.user, found.port) == (
        "current",
        "3.12",
        "dockeruser",
        5001,
    )


@pytest.mark.parametrize(
    "reference", ["python:3.12", "example.org/azureml/minimal-py312-inference", ""]
)
def test_foreign_images_are_not_in_it(reference: str) -> None:
    assert find(reference) is None
    assert base_facts(reference).known_from == ""


def test_a_retired_image_names_its_successor() -> None:
    found = find("mcr.microsoft.com/azureml/pytorch-1.6-ubuntu18.04-py37-cpu-inference:latest")
    assert found is not None
    assert (found.status, found.framework) == ("retired", "pytorch")
    assert found.successor_reference == CPU


def test_an_image_on_no_list_is_read_from_its_name() -> None:
    found = find("mcr.microsoft.com/azureml/minimal-ubuntu20.04-py39-cuda11.6.2-gpu-inference")
    assert found is not None
    assert (found.status, found.python, found.accelerator) == ("unlisted", "3.9", "gpu")


def test_every_successor_is_in_the_catalog_and_current() -> None:
    for image in load().images:
        if image.successor_reference is not None:
            successor = find(image.successor_reference)
            assert successor is not None, image.repository
            assert successor.status == "current", image.repository


def test_what_is_not_current_says_what_takes_its_place() -> None:
    for image in load().images:
        assert image.status == "current" or image.successor, image.repository


def test_every_source_is_a_link() -> None:
    for image in load().images:
        for source in image.sources:
            assert load().sources[source].startswith("https://")


def test_dates_are_dates() -> None:
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", load().made)
    for image in load().images:
        if image.supported_until:
            datetime.date.fromisoformat(image.supported_until)


def test_facts_of_an_inference_image_tell_how_it_serves() -> None:
    facts = base_facts(CPU + ":latest")
    assert (facts.user, facts.cmd, facts.exposed) == (
        "dockeruser",
        ("runsvdir", "/var/runit"),
        ("5001",),
    )
    assert facts.server is True
    assert facts.known_from == "catalog"


def test_mlflow_images_have_an_app_root_of_their_own() -> None:
    facts = base_facts("mcr.microsoft.com/azureml/curated/mlflow-py312-inference:12")
    assert facts.env["AML_APP_ROOT"] == "/var/mlflow_resources"


def test_a_training_base_has_no_server() -> None:
    assert base_facts("mcr.microsoft.com/azureml/openmpi5.0-ubuntu24.04").server is False


def test_search_wants_every_word_and_shows_current_images_first() -> None:
    found = search("inference gpu")
    assert found
    assert all(i.accelerator == "gpu" and i.serves for i in found)
    assert [i.status == "current" for i in found] == sorted(
        (i.status == "current" for i in found), reverse=True
    )
    assert search()[0].serves
    assert search("no such image") == ()


def test_an_old_list_says_its_age_and_what_to_do() -> None:
    day = datetime.date(2026, 1, 1)
    assert age_sentence("2025-12-20", day) == "Catalog of 2025-12-20."
    assert "366 days old" in age_sentence("2024-12-31", day)
    assert "--refresh" in age_sentence("2024-12-31", day)


@pytest.mark.parametrize(
    ("reference", "parts"),
    [
        ("debian", ("docker.io", "debian", None, None)),
        ("library/debian:12", ("docker.io", "library/debian", "12", None)),
        ("localhost:5000/a/b:1@sha256:x", ("localhost:5000", "a/b", "1", "sha256:x")),
        ("127.0.0.1:5000/a", ("127.0.0.1:5000", "a", None, None)),
    ],
)
def test_references_are_split(reference: str, parts: tuple[str | None, ...]) -> None:
    assert split_reference(reference) == parts


def test_an_image_is_read_as_every_record_is_read_from_json() -> None:
    for row in catalog_page._rows().values():
        assert catalog_page._image(row) == wire.load(catalog_page.BaseImage, row)
