"""docker-py's client for an engine's address."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from ..errors import BuilderUnavailable
from . import doorstep
from .locate import Place, config_folder

_PATIENCE = 60  # seconds for ordinary questions; builds, pulls and pushes wait for ever


def open_client(place: Place, api: str = "auto") -> Any:
    """A `docker.APIClient` that speaks the version `api` of the engine's language ("auto": it
    asks for it); raises BuilderUnavailable."""
    import docker
    import docker.errors

    _check_config()
    if place.host.startswith("ssh://"):
        return _over_ssh(place)
    try:
        client = docker.APIClient(
            base_url=place.host, version=api, timeout=_PATIENCE, tls=_tls(place)
        )
    except (docker.errors.DockerException, ValueError) as error:
        raise doorstep.reason(place, error) from error
    # No proxy and no .netrc stands before a local socket; looking for them is half of a question.
    client.trust_env = not place.host.startswith(("unix://", "npipe://"))
    return client


def _check_config() -> None:
    """Raises BuilderUnavailable for a docker configuration that docker-py, which reads all of it
    for every client, cannot use; the docker command line only warns of it."""
    import docker.auth
    import docker.errors
    from docker.utils.config import load_general_config

    try:
        docker.auth.load_config(config_dict=load_general_config())
    except (docker.errors.DockerException, AttributeError, TypeError, ValueError) as error:
        raise BuilderUnavailable(
            f"The docker configuration {config_folder(os.environ) / 'config.json'} cannot be used: "
            f"{error}",
            hint="Correct it, or remove the entry of that registry and sign in again with "
            "'docker login'.",
            code="docker-config",
        ) from error


def _over_ssh(place: Place) -> Any:
    import docker
    import docker.errors

    try:
        return docker.APIClient(
            base_url=place.host, version="auto", timeout=_PATIENCE, use_ssh_client=True
        )
    except (docker.errors.DockerException, ValueError) as error:
        raise BuilderUnavailable(
            f"The Docker Engine at {place.host} cannot be reached over ssh: {error}",
            hint="It needs a sign-in without a password, and 'pip install paramiko'; or forward "
            "its socket with 'ssh -L' and set DOCKER_HOST to that.",
            code="engine-ssh",
        ) from error


def _tls(place: Place) -> Any:
    import docker.errors
    from docker.tls import TLSConfig

    if place.certificates is None:
        return False
    folder = Path(place.certificates)
    pair = (str(folder / "cert.pem"), str(folder / "key.pem"))
    authority = folder / "ca.pem"
    try:
        return TLSConfig(
            client_cert=pair if Path(pair[0]).exists() else None,
            ca_cert=str(authority) if place.verify and authority.exists() else None,
            verify=place.verify,
        )
    except docker.errors.TLSParameterError as error:
        raise doorstep.reason(place, error) from error
