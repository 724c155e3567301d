"""What an image itself tells, without running it.

Its settings come from the engine. Python and the inference server are looked up in the file
system of a container that is created and never started.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ..dockerfile.facts import BaseFacts
from . import image_notes

if TYPE_CHECKING:
    from .engine import Engine

_SERVER = "azmlinfsrv"
_PREFIX = "AZUREML_CONDA_ENVIRONMENT_PATH"
_MINOR = re.compile(r"python(\d+\.\d+)$")
_MOST_LINKS = 8


# By image id, which names its content: what one image told stays true, and looking takes a
# container and some ten questions. Every cell on the same base asks again.
_told: dict[str, BaseFacts] = {}


def read_image(engine: Engine, reference: str) -> BaseFacts | None:
    """The facts of an image that the engine holds, else None."""
    held = engine.inspect(reference)
    if held is None:
        return None
    image = str(held["Id"])
    if image not in _told:
        _told[image] = image_notes.read(image) or _read(engine, image, held)
        image_notes.write(image, _told[image])
    return _told[image]


def read_settings(engine: Engine, reference: str) -> BaseFacts | None:
    """What the engine tells of an image without a look into its files, None where it is gone."""
    held = engine.inspect(reference)
    if held is None:
        return None
    return _told.get(str(held["Id"])) or _settings(held)


def has_server(engine: Engine, reference: str) -> bool:
    """Whether the inference server is where an image's programs are."""
    facts = read_settings(engine, reference)
    if facts is None or facts.server is not None:
        return bool(facts and facts.server)
    with looking_into(engine, reference) as files:
        return _server(files, facts.env)


def _read(engine: Engine, image: str, held: Mapping[str, Any]) -> BaseFacts:
    facts = _settings(held)
    with looking_into(engine, image) as files:
        return replace(facts, python=_python(files, facts.env), server=_server(files, facts.env))


def _settings(held: Mapping[str, Any]) -> BaseFacts:
    config: Mapping[str, Any] = held.get("Config") or {}
    return BaseFacts(
        user=config.get("User") or "",
        workdir=config.get("WorkingDir") or "/",
        env=dict(pair.split("=", 1) for pair in config.get("Env") or () if "=" in pair),
        entrypoint=tuple(config.get("Entrypoint") or ()),
        cmd=tuple(config.get("Cmd") or ()),
        exposed=tuple(sorted(config.get("ExposedPorts") or ())),
        onbuild=tuple(config.get("OnBuild") or ()),
        known_from="image",
    )


def _server(files: Files, env: Mapping[str, str]) -> bool:
    return any(files.stat(f"{folder}/{_SERVER}") for folder in _folders(env))


def _folders(env: Mapping[str, str]) -> list[str]:
    """Where the serving programs may lie, the likeliest first."""
    prefix = [f"{env[_PREFIX]}/bin"] if env.get(_PREFIX) else []
    path = env.get("PATH", "/usr/local/bin:/usr/bin:/bin").split(":")
    known = ["/azureml-envs/minimal/bin", "/opt/miniconda/envs/amlenv/bin", "/opt/miniconda/bin"]
    return list(dict.fromkeys(folder.rstrip("/") for folder in [*prefix, *path, *known] if folder))


def _python(files: Files, env: Mapping[str, str]) -> str | None:
    """`3.12`: the version that the first `python` on the way leads to."""
    for folder in _folders(env):
        if not files.stat(folder):
            continue
        for name in ("python", "python3"):
            path = f"{folder}/{name}"
            if not files.stat(path):
                continue
            if match := _MINOR.search(files.end_of(path)):
                return match[1]
    return None


class Files:
    """The files of a container, by the engine's archive question."""

    def __init__(self, engine: Engine, container: str) -> None:
        self._client = engine.client
        self._container = container

    def stat(self, path: str) -> dict[str, Any] | None:
        """Name, mode and link target of `path`, None where it does not exist."""
        url = f"{self._client.base_url}/v{self._client.api_version}"
        answer = self._client.head(
            f"{url}/containers/{self._container}/archive",
            params={"path": path},
            timeout=self._client.timeout,
        )
        told = answer.headers.get("X-Docker-Container-Path-Stat")
        if answer.status_code != 200 or not told:
            return None
        found: dict[str, Any] = json.loads(base64.b64decode(told))
        return found

    def end_of(self, path: str) -> str:
        """Where a chain of links ends."""
        for _ in range(_MOST_LINKS):
            target = (self.stat(path) or {}).get("linkTarget")
            if not target or target == path:
                break
            path = target if target.startswith("/") else f"{path.rpartition('/')[0]}/{target}"
        return path


@contextmanager
def looking_into(engine: Engine, image: str) -> Iterator[Files]:
    """The files of an image, by a container that is made for it and never started."""
    from .engine import RUN_LABEL
    from .owner import OWNER_LABEL, owner

    with engine.asked_to("look into an image"):
        made = engine.client.create_container(
            image, command=["-"], entrypoint=["-"], labels={RUN_LABEL: "look", OWNER_LABEL: owner()}
        )
        try:
            yield Files(engine, made["Id"])
        finally:
            # Its volumes, too: one is made for each VOLUME, though it never started.
            engine.client.remove_container(made["Id"], force=True, v=True)
