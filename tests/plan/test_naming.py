"""Names of environments, versions and repositories."""

import pytest

from jupyter_azureml_image.errors import BadUsage
from jupyter_azureml_image.plan.naming import (
    check_name,
    check_version,
    local_reference,
    repository_of,
)


@pytest.mark.parametrize("name", ["iris", "Iris_2", "a", "9lives", "a" * 255])
def test_names_azure_ml_takes_are_taken(name):
    assert check_name(name) == name


@pytest.mark.parametrize("name", ["", "-iris", "iris server", "ä", "a/b", "a" * 256])
def test_names_azure_ml_refuses_are_refused_here(name):
    with pytest.raises(BadUsage, match="cannot be the name"):
        check_name(name)


@pytest.mark.parametrize("name", ["AzureML-mine", "azureml", "Microsoft-x"])
def test_reserved_beginnings_are_refused(name):
    with pytest.raises(BadUsage, match="keeps for its own"):
        check_name(name)


@pytest.mark.parametrize("version", ["1", "2026.11.21", "a_b-c"])
def test_versions_that_can_be_a_tag_are_taken(version):
    assert check_version(version) == version


@pytest.mark.parametrize("version", ["", "latest", "a b", ".1", "1:2"])
def test_other_versions_are_refused(version):
    with pytest.raises(BadUsage, match="cannot be a version"):
        check_version(version)


@pytest.mark.parametrize(
    ("name", "repository"),
    [("iris", "iris"), ("Iris_Server", "iris-server"), ("a__b", "a-b"), ("x-", "x")],
)
def test_the_repository_is_the_name_as_docker_takes_it(name, repository):
    assert repository_of(name) == repository


def test_the_image_in_the_engine_is_called_repository_and_version():
    assert local_reference("Iris", "3") == "iris:3"
