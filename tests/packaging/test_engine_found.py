"""Which engine the tools use: the one the docker command line would."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from tools import base_image, daemon, engine


@pytest.fixture
def docker_config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("DOCKER_HOST", raising=False)
    monkeypatch.delenv("DOCKER_CONTEXT", raising=False)
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    return tmp_path


def _add_context(folder: Path, name: str, host: str) -> None:
    place = folder / "contexts" / "meta" / hashlib.sha256(name.encode()).hexdigest()
    place.mkdir(parents=True)
    (place / "meta.json").write_text(
        json.dumps({"Name": name, "Endpoints": {"docker": {"Host": host}}})
    )


@pytest.mark.usefixtures("docker_config")
def test_without_any_setting_it_is_the_systems_socket() -> None:
    assert engine.host_of_the_command_line() == "unix:///var/run/docker.sock"


def test_the_current_context_is_followed(docker_config: Path) -> None:
    (docker_config / "config.json").write_text(json.dumps({"currentContext": "desktop"}))
    _add_context(docker_config, "desktop", "unix:///home/me/.docker/run/docker.sock")
    assert engine.host_of_the_command_line() == "unix:///home/me/.docker/run/docker.sock"


def test_the_variables_win_over_the_configuration(
    docker_config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (docker_config / "config.json").write_text(json.dumps({"currentContext": "desktop"}))
    _add_context(docker_config, "desktop", "unix:///desktop.sock")
    _add_context(docker_config, "other", "unix:///other.sock")
    monkeypatch.setenv("DOCKER_CONTEXT", "other")
    assert engine.host_of_the_command_line() == "unix:///other.sock"
    monkeypatch.setenv("DOCKER_HOST", "tcp://10.0.0.1:2375")
    assert engine.host_of_the_command_line() == "tcp://10.0.0.1:2375"


def test_a_socket_that_nobody_listens_on_is_no_engine(tmp_path: Path) -> None:
    assert not engine.answers(f"unix://{tmp_path}/d.sock")


def test_stand_ins_never_go_into_an_engine_that_is_not_ours(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(engine, "usable", lambda: "unix:///theirs.sock")
    monkeypatch.setattr(engine, "start", lambda own: own.host)
    monkeypatch.setattr(base_image, "_can_hold", lambda host: False)
    assert base_image.choose_host() == daemon.DISTRIBUTION.host
    assert "stand-ins never go into your engine" in capsys.readouterr().err


def test_an_engine_that_can_get_the_real_image_is_used_as_it_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(engine, "usable", lambda: "unix:///theirs.sock")
    monkeypatch.setattr(base_image, "_can_hold", lambda host: True)
    assert base_image.choose_host() == "unix:///theirs.sock"
