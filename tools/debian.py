"""Debian packages that the real parts come from, installed only where they are missing."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tools.places import alone, fail, say

# program that shows the package is there -> package
ENGINE = {"dockerd": "docker.io", "runc": "runc", "iptables": "iptables", "ip": "iproute2"}
REGISTRY = {"docker-registry": "docker-registry"}
BASE_IMAGE = {"mmdebstrap": "mmdebstrap", "update-ca-certificates": "ca-certificates"}
EVERYTHING = {**ENGINE, **REGISTRY, **BASE_IMAGE}

_POLICY = Path("/usr/sbin/policy-rc.d")


def is_debian() -> bool:
    """Tell whether this is Debian, Ubuntu or another of the family with apt-get."""
    return Path("/etc/debian_version").exists() and shutil.which("apt-get") is not None


def missing(programs: Mapping[str, str]) -> list[str]:
    """Return the packages whose program is not installed."""
    path = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/sbin"])
    return sorted(
        {pkg for program, pkg in programs.items() if not shutil.which(program, path=path)}
    )


def ensure(programs: Mapping[str, str], purpose: str) -> None:
    """Install what is missing of *programs*, or end with the one line to run."""
    packages = missing(programs)
    if not packages:
        return
    names = " ".join(packages)
    if not is_debian():
        raise fail(f"{purpose} needs {names}. Install them with your system's package manager.")
    if os.geteuid() != 0:
        raise fail(
            f"{purpose} needs {names}. Run: sudo apt-get install --no-install-recommends {names}"
        )
    with alone("apt"):
        packages = missing(programs)
        if packages:
            say(f"Installing with apt-get: {' '.join(packages)}")
            install(packages)


def install(packages: list[str]) -> None:
    """Install *packages* without starting the services that they bring."""
    with _no_services():
        _with_fresh_lists(["install", "-y", "--no-install-recommends", *packages])


def download(package: str, folder: Path) -> Path:
    """Fetch *package* into *folder* without installing it; return its file."""
    _with_fresh_lists(["download", package], folder)
    return next(folder.glob(f"{package}_*.deb"))


def _with_fresh_lists(words: list[str], folder: Path | None = None) -> None:
    """Run apt-get; a machine that never asked for the lists of packages asks for them first."""
    if _apt(words, folder).returncode == 0:
        return
    _apt(["update"])
    again = _apt(words, folder)
    if again.returncode != 0:
        raise fail(f"'apt-get {' '.join(words)}' failed:\n{again.stdout[-2000:]}")


def _apt(words: list[str], folder: Path | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["apt-get", "-qq", "-o", "APT::Sandbox::User=root", *words],
        cwd=folder,
        env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )


@contextmanager
def _no_services() -> Iterator[None]:
    # docker.io and docker-registry would otherwise start daemons that nobody stops again.
    if _POLICY.exists():
        yield
        return
    _POLICY.write_text("#!/bin/sh\nexit 101\n")
    _POLICY.chmod(0o755)
    try:
        yield
    finally:
        _POLICY.unlink(missing_ok=True)


def main() -> None:
    """Install everything on a Debian or Ubuntu machine with root; elsewhere leave it to need."""
    if is_debian() and os.geteuid() == 0:
        ensure(EVERYTHING, "the project's own engine")


if __name__ == "__main__":
    main()
