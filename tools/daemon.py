"""The project's own engines: two daemons that live beside each other and beside a user's.

Each has its own data, socket, bridge, subnet and containerd namespace. The daemons leave the
firewall alone (each would flush the other's chains at its start); the three rules that containers
need to reach the outside are set here, and removed at the stop.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from tools import debian, modern
from tools.places import alone, cache, fail, sockets

_NUMBERS = 16  # as many engines of ours may live on one machine, of several cache folders
_PATIENCE = 60.0  # seconds; a start takes about one on an idle machine


@dataclass(frozen=True)
class Engine:
    """One of the project's own engines."""

    name: str
    title: str
    containerd_store: bool

    @property
    def folder(self) -> Path:
        """Data, configuration and log."""
        return cache() / self.name

    @property
    def socket(self) -> Path:
        """Where it listens."""
        return sockets() / f"{self.name}.sock"

    @property
    def host(self) -> str:
        """What ``DOCKER_HOST`` is set to."""
        return f"unix://{self.socket}"

    @property
    def pidfile(self) -> Path:
        """The process id while it runs."""
        return self.folder / "pid"

    @property
    def number(self) -> int:
        """Which bridge and subnet is its own: the first one free when it was started first."""
        noted = self.folder / "number"
        if not noted.exists():
            free = next(n for n in range(_NUMBERS) if not _exists(f"azml{n}"))
            self.folder.mkdir(parents=True, exist_ok=True)
            noted.write_text(str(free))
        return int(noted.read_text())

    @property
    def bridge(self) -> str:
        """The name of its bridge."""
        return f"azml{self.number}"

    @property
    def network(self) -> str:
        """The first three numbers of its /24."""
        return f"172.29.{240 + self.number}"

    @property
    def pool(self) -> str:
        """Where networks that its users define get theirs."""
        return f"172.29.{8 * self.number}.0/21"


DISTRIBUTION = Engine("engine", "engine", containerd_store=False)
MODERN = Engine("modern-engine", "modern engine", containerd_store=True)


def launch(engine: Engine, answering: Callable[[], bool]) -> None:
    """Start *engine* and wait until it answers; ends with its last words when it does not."""
    debian.ensure(debian.ENGINE, "the project's own Docker Engine")
    with alone(engine.name):
        if answering():
            return
        if os.geteuid() != 0:
            raise fail(
                "no Docker Engine answers, and only root can start one. Start yours "
                "('sudo systemctl start docker', or Docker Desktop) and run this again."
            )
        engine.folder.mkdir(parents=True, exist_ok=True)
        _end_stale(engine)
        _make_bridge(engine)
        _open_the_way_out(engine)
        process = _spawn(engine)
        # The daemon may outlive this process; until then somebody has to take note of its end.
        threading.Thread(target=process.wait, daemon=True).start()
        deadline = time.monotonic() + _PATIENCE
        while not answering():
            if process.poll() is not None or time.monotonic() > deadline:
                raise fail(f"the {engine.title} did not start. {_last_words(engine)}")
            time.sleep(0.05)


def stop(engine: Engine) -> bool:
    """Stop *engine* and undo what starting it did; tells whether it was running."""
    if not engine.folder.exists():
        return False
    with alone(engine.name):
        running = _end_stale(engine)
        if _exists(engine.bridge):
            _ip("link", "delete", engine.bridge)
            _close_the_way_out(engine)
        (engine.folder / "number").unlink()
    return running


def _spawn(engine: Engine) -> subprocess.Popen[bytes]:
    path = os.environ.get("PATH", "") + ":/usr/sbin:/sbin:/usr/bin:/bin"
    if engine is MODERN:
        path = f"{modern.programs()}:{path}"
    program = shutil.which("dockerd", path=path)
    if program is None:
        raise fail("'dockerd' is not on the PATH although its package is installed.")
    settings = engine.folder / "daemon.json"
    settings.write_text(json.dumps(_settings(engine), indent=1))
    with (engine.folder / "log").open("wb") as log:
        return subprocess.Popen(
            [program, "--config-file", str(settings), *_namespaces(engine)],
            env={**os.environ, "PATH": path},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )


def _namespaces(engine: Engine) -> list[str]:
    # A system containerd that is running is used by every daemon: keep out of a user's containers.
    name = f"azureml-image-{engine.name}"
    return ["--containerd-namespace", name, "--containerd-plugins-namespace", f"{name}-plugins"]


def _settings(engine: Engine) -> dict[str, object]:
    settings: dict[str, object] = {
        "hosts": [engine.host],
        "data-root": str(engine.folder / "data"),
        "exec-root": str(sockets() / engine.name),
        "pidfile": str(engine.pidfile),
        "bridge": engine.bridge,
        "mtu": _mtu(),
        "iptables": False,
        "ip6tables": False,
        "ip-forward": False,
        "default-address-pools": [{"base": engine.pool, "size": 24}],
        # The reader of container logs is the rehearsal; nothing needs them for long.
        "log-opts": {"max-size": "10m"},
    }
    if engine.containerd_store:
        settings["features"] = {"containerd-snapshotter": True}
    return settings


def _end_stale(engine: Engine) -> bool:
    """End the daemon of the pidfile, if it still is one, and wait until it is gone."""
    with suppress(OSError, ValueError):
        pid = int(engine.pidfile.read_text())
        if b"dockerd" not in Path(f"/proc/{pid}/cmdline").read_bytes():
            engine.pidfile.unlink()
            return False
        os.kill(pid, signal.SIGTERM)
        deadline = time.monotonic() + _PATIENCE
        while _alive(pid):
            if time.monotonic() > deadline:
                os.kill(pid, signal.SIGKILL)
            time.sleep(0.05)
        engine.pidfile.unlink(missing_ok=True)
        return True
    return False


def _alive(pid: int) -> bool:
    with suppress(OSError):
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        return state != "Z"
    return False


def _make_bridge(engine: Engine) -> None:
    if not _exists(engine.bridge):
        _ip("link", "add", "name", engine.bridge, "type", "bridge")
        _ip("addr", "add", f"{engine.network}.1/24", "dev", engine.bridge)
    _ip("link", "set", engine.bridge, "up")


def _exists(bridge: str) -> bool:
    return Path(f"/sys/class/net/{bridge}").exists()


def _ip(*words: str) -> None:
    done = subprocess.run(["ip", *words], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise fail(f"'ip {' '.join(words)}' failed: {done.stderr.strip()}")


def _rules(engine: Engine) -> list[list[str]]:
    subnet = f"{engine.network}.0/24"
    masked = ["-s", subnet, "!", "-o", engine.bridge, "-j", "MASQUERADE"]
    return [
        ["-t", "nat", "POSTROUTING", *masked],
        ["-t", "filter", "FORWARD", "-i", engine.bridge, "-j", "ACCEPT"],
        ["-t", "filter", "FORWARD", "-o", engine.bridge, "-j", "ACCEPT"],
    ]


def _open_the_way_out(engine: Engine) -> None:
    forwarding = Path("/proc/sys/net/ipv4/ip_forward")
    if forwarding.read_text().strip() != "1":
        forwarding.write_text("1")
    for rule in _rules(engine):
        if _iptables("-C", rule).returncode != 0:
            done = _iptables("-I", rule)
            if done.returncode != 0:
                raise fail(f"containers would not reach the network: {done.stderr.strip()}")


def _close_the_way_out(engine: Engine) -> None:
    for rule in _rules(engine):
        _iptables("-D", rule)


def _iptables(action: str, rule: list[str]) -> subprocess.CompletedProcess[str]:
    program = shutil.which("iptables") or "/usr/sbin/iptables"
    command = [program, "-w", *rule[:2], action, *rule[2:]]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def _mtu() -> int:
    """Return the packet size of the uplink: a larger one on the bridge loses big packets."""
    with suppress(OSError, ValueError):
        for line in Path("/proc/net/route").read_text().splitlines()[1:]:
            device, destination = line.split()[:2]
            if destination == "00000000":
                return int(Path(f"/sys/class/net/{device}/mtu").read_text())
    return 1500


def _last_words(engine: Engine) -> str:
    log = engine.folder / "log"
    lines = log.read_text(errors="replace").splitlines() if log.exists() else []
    return f"Its log, {log}, ends with:\n" + "\n".join(lines[-8:])
