"""Which ways are there, and in which order."""

import pytest

from jupyter_azureml_image.build.local import WAY, local_builders
from jupyter_azureml_image.build.ports import RunToken
from jupyter_azureml_image.errors import BadSettings, BuilderUnavailable
from tests.build.engines import Heard


def ways(engine):
    return [found.abilities.way for found in local_builders(engine)]


def test_the_most_able_way_comes_first(engine):
    assert ways(engine) == ["buildx", "engine-api", "classic"]
    first, second, third = (found.abilities for found in local_builders(engine))
    assert set(first.can) > set(second.can) > set(third.can) == set()
    assert first.survives_kernel
    assert not second.survives_kernel
    assert first.title.startswith(f"Docker Engine {engine.version} with buildx ")


def test_without_the_docker_command_line_the_engine_itself_builds(engine, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert ways(engine) == ["engine-api", "classic"]


def test_without_the_plugin_the_engine_itself_builds(engine, monkeypatch, tmp_path):
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))
    assert "engine-api" in ways(engine)


def test_a_way_can_be_forced_and_a_wrong_one_is_refused(engine, monkeypatch):
    monkeypatch.setenv(WAY, "classic")
    assert ways(engine) == ["classic"]
    monkeypatch.setenv(WAY, "magic")
    with pytest.raises(BadSettings) as failed:
        local_builders(engine)
    assert failed.value.message == f"{WAY} is 'magic'; it can be buildx, engine-api, classic."


@pytest.mark.parametrize("way", ["engine-api", "classic"])
def test_a_build_over_the_api_cannot_be_attached_to(engine, way):
    with pytest.raises(BuilderUnavailable) as failed:
        local_builders(engine, way)[0].attach(RunToken(way), Heard())
    assert failed.value.code == "not-attachable"
    assert "ended with the kernel" in failed.value.message
