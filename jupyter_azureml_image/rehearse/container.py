"""One container of an image, its port on this machine, and its log."""

from __future__ import annotations

import urllib.parse
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from ..build import leaving
from ..build.dialects.text import Lines
from ..build.engine import Engine
from ..errors import BuilderUnavailable

_LOG_LINES = 400


@dataclass(frozen=True, slots=True)
class Launch:
    """What to start. `port` is the container's, `host_port` this machine's (None: a free one)."""

    image: str
    port: int
    environment: tuple[tuple[str, str], ...] = ()
    files: Iterator[bytes] | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    name: str | None = None
    host_port: int | None = None


@dataclass(frozen=True, slots=True)
class State:
    """How the container stands; `exit_code` None while it runs."""

    running: bool
    exit_code: int | None = None
    out_of_memory: bool = False


class Container:
    """A container of ours. `remove` when done with it."""

    def __init__(self, engine: Engine, identity: str, port: int) -> None:
        self._engine, self.id, self._port = engine, identity, port
        self._bound: int | None = None

    @classmethod
    def start(cls, engine: Engine, launch: Launch) -> Container:
        """Create it, copy its files in and start it; leaves nothing behind where that fails.

        Raises BuilderUnavailable with the engine's reason.
        """
        client = engine.client
        host = "127.0.0.1" if engine.on_this_machine else ""
        with engine.asked_to(f"start '{launch.image}'"):
            made = client.create_container(
                launch.image,
                name=launch.name,
                environment=dict(launch.environment),
                labels=dict(launch.labels),
                ports=[launch.port],
                host_config=client.create_host_config(
                    port_bindings={launch.port: (host, launch.host_port)}
                ),
            )
            container = cls(engine, made["Id"], launch.port)
            try:
                if launch.files is not None:
                    client.put_archive(container.id, "/", launch.files)
                client.start(container.id)
            except BaseException:
                container.remove()
                raise
        return container

    def address(self) -> tuple[str, int]:
        """Host and port where it is reached; raises BuilderUnavailable where it is not."""
        if self._bound is None:
            self.state()
        host = urllib.parse.urlsplit(self._engine.place.host).hostname
        if self._bound is None or (not self._engine.on_this_machine and host is None):
            raise BuilderUnavailable("The container's port is not published.", code="engine-port")
        return "127.0.0.1" if self._engine.on_this_machine else str(host), self._bound

    def state(self) -> State:
        """How it stands now."""
        with self._engine.asked_to("look after a container"):
            found: Mapping[str, Any] = self._engine.client.inspect_container(self.id)
        # One answer tells both; the port stays as long as the container runs.
        ports = (found.get("NetworkSettings") or {}).get("Ports") or {}
        if bound := ports.get(f"{self._port}/tcp"):
            self._bound = int(bound[0]["HostPort"])
        told: Mapping[str, Any] = found["State"]
        running = bool(told.get("Running"))
        code = None if running else int(told.get("ExitCode") or 0)
        return State(running, code, bool(told.get("OOMKilled")))

    def log(self) -> tuple[str, ...]:
        """The last lines it wrote, clean."""
        with self._engine.asked_to("read a container's log"):
            written = self._engine.client.logs(self.id, tail=_LOG_LINES)
        lines = Lines()
        return (*lines.feed(written), *lines.end())

    def remove(self) -> None:
        """Remove it, running or not; one that is gone is no error."""
        leaving.remove(self._engine, self.id)

    def leave(self) -> None:
        """Remove it beside what comes next: returns at once (`leaving.all_gone` waits)."""
        leaving.leave(self._engine, self.id)
