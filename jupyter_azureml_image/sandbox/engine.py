"""The local Docker engine, as the sandbox uses it: for deployments, for ACR Tasks, for the registry
image."""

from __future__ import annotations

import contextlib
import io
import os
import tarfile
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .failure import SandboxError

LABEL = "azureml-image.sandbox"
API_SECONDS = 600
REMOVAL_TRIES, REMOVAL_PAUSE = 20, 0.25


@dataclass(frozen=True, slots=True)
class Wanted:
    """A container to be made: archives are (folder in the container, tar) pairs put in before it
    starts."""

    name: str
    image: str
    labels: Mapping[str, str]
    environment: Mapping[str, str] = field(default_factory=dict)
    ports: tuple[int, ...] = ()
    archives: tuple[bytes, ...] = ()


@dataclass(frozen=True, slots=True)
class Running:
    """What is known of a container: whether it runs, its exit code, its loopback ports by container
    port."""

    alive: bool
    exit_code: int
    ports: Mapping[int, int]
    labels: Mapping[str, str]


class Engine:
    """A thin, lazily connected client of the engine that the docker CLI would use."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._client: Any = None
        self._making = threading.Lock()
        self._closed = False

    @property
    def client(self) -> Any:
        """The docker-py client. Raises `SandboxError` where no engine answers."""
        with self._lock:
            if self._client is None:
                self._client = _connect()
            return self._client

    @property
    def api(self) -> Any:
        """The low-level docker-py client."""
        return self.client.api

    def pull(self, reference: str, credentials: tuple[str, str]) -> None:
        """Pull an image. Raises `SandboxError` with the engine's own words."""
        import docker.errors

        auth = {"username": credentials[0], "password": credentials[1]} if credentials[0] else None
        repository, tag = split_reference(reference)
        try:
            for event in self.api.pull(
                repository, tag=tag, auth_config=auth, stream=True, decode=True
            ):
                if "error" in event:
                    raise SandboxError(str(event["error"]))
        except docker.errors.APIError as refused:
            raise SandboxError(str(refused.explanation or refused)) from refused

    def has_image(self, reference: str) -> bool:
        """Say whether the engine holds an image."""
        import docker.errors

        try:
            self.api.inspect_image(reference)
        except docker.errors.APIError:
            return False
        return True

    def need_image(self, reference: str) -> None:
        """Pull an image unless it is there. Raises `SandboxError`."""
        if not self.has_image(reference):
            self.pull(reference, ("", ""))

    def close(self) -> None:
        """Make no more containers: the sandbox is going down. One that is being made is there, and
        can be swept away, when this returns."""
        with self._making:
            self._closed = True

    def run(self, wanted: Wanted) -> None:
        """Make and start a container, replacing one of the same name. Raises `SandboxError`."""
        import docker.errors

        self.remove(wanted.name)
        bindings = {f"{port}/tcp": ("127.0.0.1",) for port in wanted.ports}
        try:
            host = self.api.create_host_config(port_bindings=bindings)
            with self._making:
                if self._closed:
                    raise SandboxError("The sandbox is going down.")
                made = self.api.create_container(
                    wanted.image,
                    name=wanted.name,
                    labels=dict(wanted.labels),
                    environment=dict(wanted.environment),
                    ports=[(port, "tcp") for port in wanted.ports],
                    host_config=host,
                )
            for archive in wanted.archives:
                self.api.put_archive(made["Id"], "/", archive)
            self.api.start(made["Id"])
        except docker.errors.APIError as refused:
            self.remove(wanted.name)
            raise SandboxError(str(refused.explanation or refused)) from refused

    def run_registry(
        self, image: str, name: str, folder: Path, labels: Mapping[str, str], prefix: str
    ) -> int:
        """Start the registry image with its storage in `folder`; return its loopback port."""
        settings = {"REGISTRY_HTTP_PREFIX": f"{prefix}/", "REGISTRY_HTTP_RELATIVEURLS": "true"}
        host = self.api.create_host_config(
            port_bindings={"5000/tcp": ("127.0.0.1",)}, binds=[f"{folder}:/var/lib/registry"]
        )
        made = self.api.create_container(
            image,
            name=name,
            labels=dict(labels),
            environment=settings,
            ports=[5000],
            host_config=host,
        )
        self.api.start(made["Id"])
        found = self.look(name)
        return found.ports.get(5000, 0) if found else 0

    def look(self, name: str) -> Running | None:
        """Return what is known of a container, or None where there is none."""
        import docker.errors

        try:
            shown = self.api.inspect_container(name)
        except docker.errors.NotFound:
            return None
        bound = (shown["NetworkSettings"].get("Ports") or {}).items()
        ports = {int(port.split("/")[0]): int(at[0]["HostPort"]) for port, at in bound if at}
        state = shown["State"]
        return Running(
            bool(state["Running"]),
            int(state["ExitCode"]),
            ports,
            shown["Config"].get("Labels") or {},
        )

    def logs(self, name: str, tail: int) -> str:
        """Return the last lines of a container's log, or the empty string where there is none."""
        import docker.errors

        try:
            text: bytes = self.api.logs(name, stdout=True, stderr=True, tail=tail)
        except docker.errors.APIError:
            return ""
        return text.decode("utf-8", "replace")

    def remove(self, name: str) -> None:
        """Remove a container and its anonymous volumes, running or not."""
        import docker.errors

        with contextlib.suppress(docker.errors.APIError):  # there is none, or another was faster
            self.api.remove_container(name, force=True, v=True)

    def forget_image(self, reference: str) -> None:
        """Remove a name that this sandbox gave to an image, and the image where nothing else
        names it."""
        import docker.errors

        with contextlib.suppress(docker.errors.APIError):  # a container may still use it
            self.api.remove_image(reference)

    def forget_unnamed(self, image: str) -> None:
        """Remove an image that has no name, with its unnamed parents; leave any other alone."""
        import docker.errors

        for _ in range(REMOVAL_TRIES if image else 0):
            try:
                shown = self.api.inspect_image(image)
                if not shown.get("RepoTags") and not shown.get("RepoDigests"):
                    self.api.remove_image(image)
                return
            except docker.errors.NotFound:
                return
            except docker.errors.APIError:
                # the engine is still removing the build's last container
                time.sleep(REMOVAL_PAUSE)

    def ours(self, sandbox: str, *further: str) -> list[str]:
        """Return the names of all containers of a sandbox, or of those with further labels."""
        labels = [f"{LABEL}={sandbox}", *further]
        found = self.api.containers(all=True, filters={"label": labels})
        return [item["Names"][0].lstrip("/") for item in found]


def split_reference(reference: str) -> tuple[str, str]:
    """Return (repository, tag or digest) of an image reference; the tag defaults to latest."""
    repository, at, digest = reference.partition("@")
    if at:
        return repository.rsplit(":", 1)[0] if ":" in repository.rsplit("/", 1)[
            -1
        ] else repository, digest
    head, colon, tag = reference.rpartition(":")
    return (head, tag) if colon and "/" not in tag else (reference, "latest")


def folder_archive(root: str, files: Iterator[tuple[str, Path]]) -> bytes:
    """Return a tar that puts files (relative name, where the bytes lie) below an absolute
    folder."""
    buffer = io.BytesIO()
    made: set[str] = set()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.GNU_FORMAT) as archive:
        for name, source in files:
            path = f"{root.strip('/')}/{name}".strip("/")
            parents = path.split("/")[:-1]
            for depth in range(1, len(parents) + 1):
                folder = "/".join(parents[:depth])
                # folders above the root may be the image's own, with owners that must stay
                if folder not in made and f"{folder}/".startswith(f"{root.strip('/')}/"):
                    made.add(folder)
                    archive.addfile(_entry(folder, tarfile.DIRTYPE, 0o755))
            entry = _entry(path, tarfile.REGTYPE, 0o644)
            entry.size = source.stat().st_size
            with source.open("rb") as content:
                archive.addfile(entry, content)
    return buffer.getvalue()


def _entry(name: str, kind: bytes, mode: int) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(name)
    entry.type, entry.mode, entry.mtime = kind, mode, int(time.time())
    return entry


def _connect() -> Any:
    import docker
    import docker.errors
    from docker.context import ContextAPI

    try:
        if os.environ.get("DOCKER_HOST"):
            client = docker.from_env(timeout=API_SECONDS)
        else:
            context = ContextAPI.get_context(os.environ.get("DOCKER_CONTEXT") or None)
            where = (
                {"base_url": context.Host, "tls": context.TLSConfig}
                if context and context.Host
                else {}
            )
            client = docker.DockerClient(timeout=API_SECONDS, **where)
        client.ping()
    except (docker.errors.DockerException, OSError) as unreachable:
        raise SandboxError(
            f"The sandbox reaches no Docker engine ({unreachable}).",
            hint="Start Docker, or set DOCKER_HOST before the sandbox is started.",
        ) from unreachable
    return client
