"""The Azure ML base images: pulled by name where their registry answers, else stood in for.

Stand-ins are built from ``tools/standin`` and live only in the project's own engines. They carry
the label ``azureml-image.standin=true``, and the hash of their recipe, which makes a second run
instant.
"""

from __future__ import annotations

import argparse
import socket
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import docker
from docker.errors import APIError, ImageNotFound

from tools import daemon, engine, recipe
from tools.places import alone, fail, say

INFERENCE = "mcr.microsoft.com/azureml/minimal-py312-inference:latest"
RETIRED = (
    "mcr.microsoft.com/azureml/minimal-ubuntu20.04-py38-cpu-inference:latest",
    "mcr.microsoft.com/azureml/pytorch-1.6-ubuntu18.04-py37-cpu-inference:latest",
)
TRAINING = "mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu22.04:latest"
TINY = "azureml-image-test/busybox:latest"

# stage of tools/standin/Dockerfile -> the names its image gets
STAGES = {"training": (TRAINING,), "inference": (INFERENCE,), "extensible": RETIRED}
STANDINS = tuple(name for names in STAGES.values() for name in names)

_LABEL = "azureml-image.standin"
_RECIPE = "azureml-image.standin.recipe"
_OWN = (daemon.DISTRIBUTION.host, daemon.MODERN.host)
_MCR = ("mcr.microsoft.com", 443)


@contextmanager
def _client(host: str) -> Iterator[docker.DockerClient]:
    client = docker.DockerClient(base_url=host, timeout=600)
    with closing(client):
        yield client


def choose_host() -> str:
    """Return the engine to work in: the user's where it can hold the base image, else our own."""
    host = engine.usable()
    if host in _OWN or _can_hold(host):
        return host
    say("mcr.microsoft.com does not answer, and stand-ins never go into your engine.")
    return engine.start(daemon.DISTRIBUTION)


def provide() -> tuple[str, str]:
    """Return the engine that holds the base image, and the sentence that says what it is."""
    host = choose_host()
    if host in _OWN:
        return host, _provide_in_own(host)
    with _client(host) as client:
        if _holds(client, INFERENCE):
            return host, f"{INFERENCE} is in your engine."
        _pull_all(client)
    return host, f"{INFERENCE} was pulled into your engine."


def _can_hold(host: str) -> bool:
    with _client(host) as client:
        return _holds(client, INFERENCE) or _mcr_answers()


def _provide_in_own(host: str) -> str:
    with alone("base-image"), _client(host) as client:
        wanted = recipe.digest()
        if all(_holds(client, name, wanted) for name in STANDINS):
            return f"{INFERENCE} is a stand-in built here, not Microsoft's image (recipe {wanted})."
        if _holds(client, INFERENCE) and not _is_standin(client, INFERENCE):
            return f"{INFERENCE} is in the project's own engine."
        if _mcr_answers():
            _pull_all(client)
            return f"{INFERENCE} was pulled."
        seconds = _stand_in(client, wanted)
        return (
            f"mcr.microsoft.com does not answer: {INFERENCE} is a stand-in built here in "
            f"{seconds:.0f} s, not Microsoft's image (recipe {wanted})."
        )


def provide_tiny(host: str) -> str:
    """Put a two-megabyte shell image into the engine at *host*; return its name."""
    with alone("tiny-image"), _client(host) as client:
        if not _holds(client, TINY):
            with recipe.tiny_root() as archive:
                _import(client, archive, TINY, ["ENV PATH=/bin:/usr/bin", 'CMD ["sh"]'])
    return TINY


def copy(source: str, target: str) -> None:
    """Copy the base images from one engine to another, those that are not there already."""
    with alone("base-image"), _client(source) as here, _client(target) as there:
        names = [n for n in STANDINS if _holds(here, n) and not _same(here, there, n)]
        if names:
            started = time.monotonic()
            address = f"{here.api.base_url}/v{here.api.api_version}/images/get"
            with here.api.get(address, params={"names": names}, stream=True) as answer:
                there.images.load(answer.iter_content(1 << 20))
            seconds = time.monotonic() - started
            say(f"Copied the base images into the other engine ({seconds:.0f} s).")


def _same(here: docker.DockerClient, there: docker.DockerClient, name: str) -> bool:
    # The two image stores give one image two ids: compare what the recipe wrote into it.
    ours = here.images.get(name)
    wanted = ours.labels.get(_RECIPE)
    return _holds(there, name, wanted) if wanted else _holds(there, name)


def _holds(client: docker.DockerClient, name: str, wanted: str | None = None) -> bool:
    try:
        labels = client.images.get(name).labels
    except ImageNotFound:
        return False
    return wanted is None or bool(labels.get(_RECIPE) == wanted)


def _is_standin(client: docker.DockerClient, name: str) -> bool:
    return bool(client.images.get(name).labels.get(_LABEL) == "true")


def _mcr_answers() -> bool:
    try:
        with socket.create_connection(_MCR, timeout=3):
            return True
    except OSError:
        return False


def _pull_all(client: docker.DockerClient) -> None:
    for name in (INFERENCE, *RETIRED, TRAINING):
        say(f"Pulling {name}")
        try:
            client.images.pull(name, platform="linux/amd64")
        except APIError as error:
            if name == INFERENCE:
                raise fail(f"{name} could not be pulled: {error.explanation}") from error
            say(f"{name} could not be pulled ({error.explanation}); what needs it will say so.")


def _stand_in(client: docker.DockerClient, wanted: str) -> float:
    started = time.monotonic()
    system = recipe.system_name()
    if not _holds(client, system):
        say("Building the stand-in's system from the distribution's packages (about 40 s)")
        with recipe.system_root() as archive:
            _import(client, archive, system, [])
    say("Building the stand-in images (about a minute)")
    with recipe.context() as folder:
        for stage, names in STAGES.items():
            _build(client, folder, stage, wanted, names)
    return time.monotonic() - started


def _import(client: docker.DockerClient, archive: Path, name: str, changes: list[str]) -> None:
    repository, _, tag = name.rpartition(":")
    with archive.open("rb") as stream:
        client.api.import_image_from_data(stream, repository=repository, tag=tag, changes=changes)
    if not _holds(client, name):
        raise fail(f"the engine did not import {archive.name} as {name}.")


def _build(
    client: docker.DockerClient, folder: Path, stage: str, wanted: str, names: tuple[str, ...]
) -> None:
    lines: list[str] = []
    answer = client.api.build(
        path=str(folder),
        target=stage,
        tag=names[0],
        rm=True,
        forcerm=True,
        decode=True,
        buildargs={"SYSTEM": recipe.system_name(), "PREFIX": recipe.PREFIX[stage]},
        labels={_RECIPE: wanted},
    )
    for item in answer:
        lines.append(item.get("stream", ""))
        if "error" in item:
            raise fail(f"the stand-in could not be built: {item['error']}\n{''.join(lines[-30:])}")
    for name in names:
        repository, _, tag = name.rpartition(":")
        client.images.get(names[0]).tag(repository, tag)


def main() -> None:
    """Provide the base image and say in one line what it is."""
    parser = argparse.ArgumentParser(prog="tools.base_image", description=__doc__)
    parser.add_argument("--host", action="store_true", help="print the engine that holds it")
    asked = parser.parse_args()
    host, sentence = provide()
    provide_tiny(host)
    if asked.host:
        say(sentence)
        print(f"DOCKER_HOST={host}")
    else:
        print(sentence)


if __name__ == "__main__":
    main()
