"""Tags and digests, asked of a real registry."""

from __future__ import annotations

import hashlib
import json

import pytest
import requests

from jupyter_azureml_image import catalog
from jupyter_azureml_image.__main__ import main
from jupyter_azureml_image.catalog.refresh import digest_of, refresh, refresh_all
from jupyter_azureml_image.errors import RegistryError

TYPE = "application/vnd.oci.image.manifest.v1+json"


def push(address: str, repository: str, note: str, *tags: str) -> str:
    """A manifest that differs by `note`, under every one of the tags; gives its digest."""
    root = f"http://{address}/v2/{repository}"
    config = json.dumps({"architecture": "amd64", "os": "linux", "note": note}).encode()
    digest = f"sha256:{hashlib.sha256(config).hexdigest()}"
    place = requests.post(f"{root}/blobs/uploads/", timeout=10).headers["Location"]
    joint = "&" if "?" in place else "?"
    requests.put(f"{place}{joint}digest={digest}", data=config, timeout=10).raise_for_status()
    manifest = json.dumps(
        {
            "schemaVersion": 2,
            "mediaType": TYPE,
            "config": {
                "mediaType": "application/vnd.oci.image.config.v1+json",
                "digest": digest,
                "size": len(config),
            },
            "layers": [],
        }
    )
    given = ""
    for tag in tags:
        headers = {"Content-Type": TYPE}
        answer = requests.put(f"{root}/manifests/{tag}", data=manifest, headers=headers, timeout=10)
        answer.raise_for_status()
        given = answer.headers["Docker-Content-Digest"]
    return given


def test_the_newest_pinned_tag_is_the_one_that_is_latest(registry: str) -> None:
    push(registry, "azureml/one", "old", "20250101.v1")
    new = push(registry, "azureml/one", "new", "20250601.v2", "latest")
    push(registry, "azureml/one", "odd", "20250701.v1")
    found = refresh(f"{registry}/azureml/one", scheme="http")
    assert set(found.tags) == {"20250101.v1", "20250601.v2", "20250701.v1", "latest"}
    assert (found.newest, found.digest) == ("20250601.v2", new)


def test_without_latest_the_highest_tag_is_the_newest(registry: str) -> None:
    push(registry, "azureml/two", "a", "9")
    last = push(registry, "azureml/two", "b", "10")
    found = refresh(f"{registry}/azureml/two", scheme="http")
    assert (found.newest, found.digest) == ("10", last)


def test_a_reference_is_pinned_to_its_digest(registry: str) -> None:
    digest = push(registry, "azureml/three", "a", "1", "latest")
    assert digest_of(f"{registry}/azureml/three", scheme="http") == digest
    assert digest_of(f"{registry}/azureml/three:1", scheme="http") == digest
    assert digest_of(f"{registry}/x@sha256:abc") == "sha256:abc"


def test_an_unknown_image_is_a_sentence(registry: str) -> None:
    with pytest.raises(RegistryError, match="does not list azureml/nothing"):
        refresh(f"{registry}/azureml/nothing", scheme="http")
    with pytest.raises(RegistryError, match="has no image azureml/nothing:1"):
        digest_of(f"{registry}/azureml/nothing:1", scheme="http")


def test_a_registry_that_does_not_answer_is_a_sentence() -> None:
    with pytest.raises(RegistryError, match="cannot be reached") as caught:
        refresh("127.0.0.1:1/azureml/one", scheme="http")
    assert "without a network" in str(caught.value)


def test_of_many_images_one_that_is_not_listed_stops_no_other(registry: str) -> None:
    digest = push(registry, "azureml/here", "a", "7", "latest")
    here, gone = f"{registry}/azureml/here", f"{registry}/azureml/gone"
    answers = refresh_all([gone, here])
    found, refused = answers[here], answers[gone]
    assert not isinstance(found, RegistryError)
    assert (found.newest, found.digest) == ("7", digest)
    assert "does not list azureml/gone" in str(refused)


def test_many_images_of_a_registry_that_does_not_answer_are_one_sentence() -> None:
    with pytest.raises(RegistryError, match="cannot be reached"):
        refresh_all([f"127.0.0.1:1/azureml/{name}" for name in ("a", "b", "c")])


def test_bases_refresh_shows_the_newest_tag_and_the_digest_to_pin(
    registry: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    digest = push(registry, "azureml/shown", "a", "20260101.v1", "latest")
    shown = catalog.BaseImage(
        "azureml/shown", "inference-prebuilt", "current", registry=registry, python="3.12"
    )
    monkeypatch.setattr(catalog, "search", lambda words: (shown,))
    assert main(["bases", "shown", "--refresh", "--format", "json"]) == 0
    (row,) = json.loads(capsys.readouterr().out)["base_images"]
    assert (row["newest_tag"], row["digest"]) == ("20260101.v1", digest)


def test_bases_refresh_of_one_tag_gives_the_line_that_pins_it(
    registry: str, capsys: pytest.CaptureFixture[str]
) -> None:
    digest = push(registry, "azureml/pinned", "old", "20250101.v1")
    push(registry, "azureml/pinned", "new", "20260101.v1", "latest")
    reference = f"{registry}/azureml/pinned:20250101.v1"
    assert main(["bases", reference, "--refresh"]) == 0
    shown = capsys.readouterr().out
    assert shown.rstrip().endswith(f"this pins it: FROM {reference}@{digest}")
    assert "20260101.v1" not in shown
    assert main(["bases", f"{registry}/azureml/pinned:nothing", "--refresh"]) == 0
    assert "has no image azureml/pinned:nothing" in capsys.readouterr().out


def test_an_exact_reference_is_found_in_the_catalog_by_its_repository() -> None:
    (image,) = catalog.named("mcr.microsoft.com/azureml/minimal-py312-inference:latest")
    assert (image.status, image.python) == ("current", "3.12")
    assert catalog.is_exact("python:3.12-slim")
    assert not catalog.is_exact("minimal py312")
