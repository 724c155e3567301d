"""Which ways are there, and in which order."""

import json
import shutil

import pytest

from jupyter_azureml_image import doctor
from jupyter_azureml_image.build.local import WAY, local_builders
from jupyter_azureml_image.build.ports import RunToken
from jupyter_azureml_image.build.program import find_buildx, find_plugin
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


def test_the_plugin_is_started_by_itself_where_the_command_line_would_find_it(
    engine, buildx_plugin, tmp_path, monkeypatch
):
    assert find_buildx(engine).command == (str(buildx_plugin),)
    own, more = tmp_path / "cli-plugins", tmp_path / "more"
    for folder in (own, more):
        folder.mkdir()
        (folder / "docker-buildx").symlink_to(buildx_plugin)
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    assert find_plugin() == own / "docker-buildx"
    (tmp_path / "config.json").write_text(json.dumps({"cliPluginsExtraDirs": [str(more)]}))
    assert find_plugin() == more / "docker-buildx"


def programs_saying(folder, monkeypatch, **words):
    """A docker command line and its plugin, each of which says only its version."""
    places = {"docker": folder / "bin/docker", "plugin": folder / "cli-plugins/docker-buildx"}
    for name, program in places.items():
        program.parent.mkdir()
        program.write_text(f"#!/bin/sh\necho {words[name]}\n")
        program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}/bin:/usr/bin:/bin")
    monkeypatch.setenv("DOCKER_CONFIG", str(folder))


def test_a_plugin_that_does_not_answer_by_itself_is_left_to_the_command_line(
    engine, tmp_path, monkeypatch
):
    programs_saying(tmp_path, monkeypatch, docker="v0.13.1", plugin="no")
    found = find_buildx(engine)
    assert (found.command, found.version) == ((shutil.which("docker"), "buildx"), "0.13.1")


@pytest.mark.parametrize("version", ["v0.12.1", "v0.8.2"])
def test_a_plugin_too_old_to_tell_its_progress_is_passed_over(
    engine, tmp_path, monkeypatch, version
):
    programs_saying(tmp_path, monkeypatch, docker=version, plugin=version)
    assert ways(engine) == ["engine-api", "classic"]
    monkeypatch.setenv("DOCKER_HOST", engine.place.host)
    (row,) = (row for row in doctor.examine() if row.what == "builders")
    assert (row.state, row.detail) == ("note", "engine-api, classic")
    assert "docker-buildx 0.13 or newer" in row.remedy


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


@pytest.mark.parametrize(
    ("way", "state", "detail"), [("docker", "bad", "it can be buildx"), ("buildx", "bad", "buildx")]
)
def test_the_doctor_tells_of_a_forced_way_that_cannot_be(
    engine, monkeypatch, tmp_path, way, state, detail
):
    monkeypatch.setenv("DOCKER_HOST", engine.place.host)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv(WAY, way)
    (row,) = (row for row in doctor.examine() if row.what == "builders")
    assert row.state == state
    assert detail in row.detail
    assert "Unset it" in row.remedy
