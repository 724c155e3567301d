"""Image references are taken apart as Docker does it."""

import pytest

from jupyter_azureml_image.build.reference import Reference

DIGEST = "sha256:" + "0" * 64


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("python", ("docker.io", "library/python", None, None)),
        ("python:3.12", ("docker.io", "library/python", "3.12", None)),
        ("a/b", ("docker.io", "a/b", None, None)),
        ("docker.io/library/python:3", ("docker.io", "library/python", "3", None)),
        ("localhost/x", ("localhost", "x", None, None)),
        ("127.0.0.1:5000/x", ("127.0.0.1:5000", "x", None, None)),
        ("host:5000/a/b:v1", ("host:5000", "a/b", "v1", None)),
        (f"mcr.microsoft.com/a/b@{DIGEST}", ("mcr.microsoft.com", "a/b", None, DIGEST)),
        (f"r.io/a:1@{DIGEST}", ("r.io", "a", "1", DIGEST)),
    ],
)
def test_a_reference_is_taken_apart(text, parts):
    read = Reference.read(text)
    assert (read.registry, read.repository, read.tag, read.digest) == parts


def test_short_and_long_names_are_the_same_image():
    assert Reference.read("python").name == Reference.read("index.docker.io/library/python").name
    assert Reference.read("python").version == "latest"
