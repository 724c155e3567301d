"""The real parts that tests speak to, started by the same tools as ``make``."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from jupyter_azureml_image.build import leaving
from tools import base_image as images
from tools import daemon, engine, modern
from tools import registry as registries

ROOT = Path(__file__).resolve().parent.parent

# What is green stays green: the same examples every time, however slow the machine is. New ones
# are looked for with --hypothesis-profile=explore.
_PATIENT = settings(deadline=None, suppress_health_check=list(HealthCheck))
settings.register_profile("steady", _PATIENT, derandomize=True)
settings.register_profile("explore", _PATIENT, derandomize=False)
settings.load_profile("steady")


@pytest.fixture(autouse=True)
def left_containers() -> Iterator[None]:
    """The next test meets no container or thread of the one before it."""
    yield
    leaving.all_gone()


@pytest.fixture(scope="session")
def engine_host() -> str:
    """``DOCKER_HOST`` of the engine that holds the base image: our own, unless yours can."""
    return images.choose_host()


@pytest.fixture(scope="session")
def modern_engine_host() -> str:
    """``DOCKER_HOST`` of the project's newer engine (28 or later, containerd image store)."""
    return engine.start(daemon.MODERN)


@pytest.fixture(scope="session")
def buildx_plugin() -> Path:
    """Path of the ``docker-buildx`` program; its folder serves in ``cliPluginsExtraDirs``."""
    return modern.buildx()


@pytest.fixture(scope="session")
def base_image(engine_host: str) -> str:
    """Name of the Azure ML base image, present in the engine at ``engine_host``."""
    images.provide()
    return images.INFERENCE


@pytest.fixture(scope="session")
def modern_base_image(base_image: str, engine_host: str, modern_engine_host: str) -> str:
    """Name of the Azure ML base image, present in the newer engine too."""
    images.copy(engine_host, modern_engine_host)
    return base_image


@pytest.fixture(scope="session")
def training_image(base_image: str) -> str:
    """Name of a training base without the inference server, in the engine at ``engine_host``."""
    return images.TRAINING


@pytest.fixture(scope="session")
def tiny_image(engine_host: str, modern_engine_host: str) -> str:
    """Name of a two-megabyte image with a shell, present in both engines."""
    for host in (engine_host, modern_engine_host):
        images.provide_tiny(host)
    return images.TINY


@pytest.fixture(scope="session")
def registry() -> Iterator[str]:
    """Address (``127.0.0.1:PORT``) of an empty registry that asks for no sign-in."""
    with registries.registry() as address:
        yield address


@pytest.fixture(scope="session")
def facts_data() -> Path:
    """Folder of the recorded facts: answers of Azure, its specifications, verdicts of a builder."""
    named = os.environ.get("AZUREML_IMAGE_FACTS")
    folder = Path(named) if named else ROOT.parent / "shared" / "data"
    if not (folder / "dockerignore.json").is_file():
        pytest.fail(
            f"The recorded facts are not at {folder}. They are kept outside the project: put them "
            "there, or set AZUREML_IMAGE_FACTS to their folder.",
            pytrace=False,
        )
    return folder


@pytest.fixture
def state_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty state folder, in force for the test through ``AZUREML_IMAGE_STATE``."""
    folder = tmp_path / "state"
    folder.mkdir()
    monkeypatch.setenv("AZUREML_IMAGE_STATE", str(folder))
    return folder
