"""The buildx program: whether it answers, and the environment it is started in.

It is started by itself where it lies where the docker command line would find it: that one
starts a plugin once to ask what it is and once to use it, which takes a tenth of a second.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from .engine import Engine
from .locate import config_folder, read_config, without_missing_helpers

_VERSION = re.compile(r"v?(\d+\.\d+\.\d+)")
_OLDEST = (0, 13)  # the first that tells its progress as `rawjson`
_PATIENCE = 10.0  # seconds for `buildx version`; it answers in a twentieth of one
_PLUGIN = "docker-buildx.exe" if sys.platform == "win32" else "docker-buildx"
# Docker's own list, after the user's folders: cli-plugins/manager/manager_unix.go (docker/cli).
_SYSTEM = (
    "/usr/local/lib/docker/cli-plugins",
    "/usr/local/libexec/docker/cli-plugins",
    "/usr/lib/docker/cli-plugins",
    "/usr/libexec/docker/cli-plugins",
)


@dataclass(frozen=True, slots=True)
class Buildx:
    """A buildx that answered, and the words that it is started with: its own program, or
    `docker buildx`."""

    command: tuple[str, ...]
    version: str


# By docker program and configuration: starting one only to hear the version takes a twentieth of
# a second or more. One that is missing is looked for again, so that it can be installed meanwhile.
_found: dict[tuple[str, str], Buildx] = {}


def find_buildx(engine: Engine) -> Buildx | None:
    """buildx as the docker command line offers it, None where it does not answer or is too old to
    tell its progress."""
    docker = shutil.which("docker")
    if docker is None or engine.podman:
        return None
    key = docker, str(config_folder(os.environ))
    if key not in _found and (buildx := _answering(engine, docker)) is not None:
        _found[key] = buildx
    return _found.get(key)


def _answering(engine: Engine, docker: str) -> Buildx | None:
    plugin = find_plugin()
    commands = [(str(plugin),)] if plugin else []
    for command in (*commands, (docker, "buildx")):
        version = _version(engine, command)
        if version is not None and tuple(map(int, version.split(".")[:2])) >= _OLDEST:
            return Buildx(command, version)
    return None


def find_plugin() -> Path | None:
    """The plugin that the docker command line would start, where it is in a folder known here."""
    own = config_folder(os.environ)
    more = read_config(os.environ).get("cliPluginsExtraDirs") or ()
    folders = [*map(str, more), str(own / "cli-plugins"), *_SYSTEM]
    places = (Path(folder) / _PLUGIN for folder in folders)
    found = (place for place in places if place.is_file() and os.access(place, os.X_OK))
    return next(found, None)


def _version(engine: Engine, command: tuple[str, ...]) -> str | None:
    try:
        said = subprocess.run(
            [*command, "version"],
            env=environment(engine, None),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_PATIENCE,
            check=False,
            text=True,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    match = _VERSION.search(said.stdout) if said.returncode == 0 else None
    return match[1] if match else None


def environment(engine: Engine, folder: Path | None) -> dict[str, str]:
    """The child's environment: the same engine, and its own notes in `folder`, not in the
    user's docker configuration."""
    left_out = ("DOCKER_CONTEXT", "DOCKER_TLS", "DOCKER_TLS_VERIFY", "DOCKER_CERT_PATH")
    found = {name: value for name, value in os.environ.items() if name not in left_out}
    found.update(engine.place.environment())
    found["BUILDX_NO_DEFAULT_ATTESTATIONS"] = "1"
    # The provenance in the metadata file would hold the build arguments.
    found["BUILDX_METADATA_PROVENANCE"] = "disabled"
    found["BUILDX_GIT_INFO"] = "false"
    found["DOCKER_CLI_HINTS"] = "false"
    if folder is not None:
        if not chosen_builder():
            found["BUILDX_CONFIG"] = str(_notes(folder))
        if (config := without_broken_helpers(folder)) is not None:
            found["DOCKER_CONFIG"] = str(config)
    return found


def _notes(folder: Path) -> Path:
    """buildx's own notes of one run, with a name that all runs beside it share: BuildKit sends
    only what changed to those it knows by this name, and the whole context to a stranger."""
    own = folder / "buildx"
    own.mkdir(parents=True, exist_ok=True)
    name = hashlib.sha256(str(folder.parent.resolve()).encode()).hexdigest()[:16]
    (own / ".buildNodeID").write_text(name, encoding="ascii")
    return own


def chosen_builder() -> str | None:
    """The builder that the user named; by default the engine's own is used."""
    return os.environ.get("BUILDX_BUILDER") or None


def without_broken_helpers(folder: Path) -> Path | None:
    """A docker configuration without the credential helpers that are not installed, made in
    `folder`; None where nothing is wrong with the user's.

    Stored passwords are not copied; the plugins of the user's own configuration stay usable.
    """
    config = read_config(os.environ)
    kept = without_missing_helpers(config)
    if kept == config:
        return None
    kept.pop("auths", None)
    plugins = str(config_folder(os.environ) / "cli-plugins")
    kept["cliPluginsExtraDirs"] = [*(config.get("cliPluginsExtraDirs") or ()), plugins]
    own = folder / "docker"
    own.mkdir(parents=True, exist_ok=True)
    (own / "config.json").write_text(json.dumps(kept), encoding="utf-8")
    return own
