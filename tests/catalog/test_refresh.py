"""Tags and digests, asked of a real registry."""

from __future__ import annotations

import hashlib
import json

import pytest
import requests

from jupyter_azureml_image.catalog.refresh import digest_of, refresh
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
