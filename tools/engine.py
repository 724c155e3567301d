"""Find or start a Docker Engine.

``start`` prints ``DOCKER_HOST=...`` of the engine that the docker command line would use when that
one answers, else of one of the project's own, which it starts. ``start --own`` always means the
project's own; ``start --modern`` the project's second one, newer, with the containerd image store.
"""

from __future__ import annotations

import argparse
import hashlib
import http.client
import json
import os
import socket
import subprocess
import time
from contextlib import suppress
from pathlib import Path

from tools import daemon, during, modern
from tools.places import say


def host_of_the_command_line() -> str:
    """Return the engine address that the docker command line would use."""
    if host := os.environ.get("DOCKER_HOST"):
        return host
    config = Path(os.environ.get("DOCKER_CONFIG") or Path.home() / ".docker")
    name = os.environ.get("DOCKER_CONTEXT")
    with suppress(OSError, ValueError, KeyError):
        if not name:
            name = json.loads((config / "config.json").read_text())["currentContext"]
        digest = hashlib.sha256(str(name).encode()).hexdigest()
        meta = json.loads((config / "contexts" / "meta" / digest / "meta.json").read_text())
        return str(meta["Endpoints"]["docker"]["Host"])
    return "unix:///var/run/docker.sock"


def answers(host: str, *, timeout: float = 5) -> bool:
    """Tell whether the engine at *host* answers ``/_ping`` within *timeout* seconds."""
    if host.startswith("unix://"):
        return _ping(Path(host.removeprefix("unix://")), timeout)
    command = ["docker", "--host", host, "version", "--format", "{{.Server.Version}}"]
    with suppress(OSError, subprocess.TimeoutExpired):
        done = subprocess.run(command, capture_output=True, timeout=2 * timeout, check=False)
        return done.returncode == 0
    return False


def _ping(path: Path, timeout: float) -> bool:
    connection = http.client.HTTPConnection("engine", timeout=timeout)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as stream:
        stream.settimeout(timeout)
        try:
            stream.connect(str(path))
            connection.sock = stream
            connection.request("GET", "/_ping")
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False


def start(engine: daemon.Engine) -> str:
    """Return the address of the project's own *engine*, started when it does not answer."""
    if not answers(engine.host):
        started = time.monotonic()
        daemon.launch(engine, lambda: answers(engine.host, timeout=1))
        during.mark(engine)
        say(f"Started the project's own {engine.title} ({time.monotonic() - started:.1f} s).")
    return engine.host


def usable() -> str:
    """Return the user's engine when it answers, else the project's own, started."""
    host = host_of_the_command_line()
    return host if answers(host) else start(daemon.DISTRIBUTION)


def main() -> None:
    """Run one verb of this tool."""
    parser = argparse.ArgumentParser(prog="tools.engine", description=__doc__)
    verbs = parser.add_subparsers(dest="verb", required=True)
    starting = verbs.add_parser("start")
    starting.add_argument("--own", action="store_true")
    starting.add_argument("--modern", action="store_true")
    verbs.add_parser("buildx")
    verbs.add_parser("stop")
    asked = parser.parse_args()
    if asked.verb == "buildx":
        print(f"BUILDX={modern.buildx()}")
    elif asked.verb == "stop":
        for engine in (daemon.DISTRIBUTION, daemon.MODERN):
            if daemon.stop(engine):
                say(f"Stopped the project's own {engine.title}.")
    else:
        own = daemon.MODERN if asked.modern else daemon.DISTRIBUTION
        host = start(own) if asked.own or asked.modern else usable()
        if host == own.host:
            during.keep(own)
        print(f"DOCKER_HOST={host}")


if __name__ == "__main__":
    main()
