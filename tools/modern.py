"""A newer Docker Engine and the buildx plugin, unpacked from Debian's testing branch.

Nothing is installed: the packages are downloaded and unpacked below the cache folder, with an apt
state of their own. They are Go programs that run on the C library of Debian 12 unchanged; only runc
stays the distribution's.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

from tools.debian import is_debian
from tools.places import alone, cache, fail, say

_SUITE = "forky"
_PACKAGES = ("docker-buildx", "docker.io", "containerd")
_PROGRAMS = ("dockerd", "docker-proxy", "containerd", "containerd-shim-runc-v2")
_PLUGIN = Path("root/usr/libexec/docker/cli-plugins/docker-buildx")


def programs() -> Path:
    """Return the folder with the modern ``dockerd`` and ``containerd``, fetched when missing."""
    folder = _fetched()
    return folder / "bin"


def buildx() -> Path:
    """Return the path of the ``docker-buildx`` plugin; its folder serves as a plugin folder."""
    return _fetched() / "cli-plugins" / "docker-buildx"


def _fetched() -> Path:
    folder = cache() / "modern"
    if (folder / "complete").exists():
        return folder
    if not is_debian():
        raise fail(
            "the newer engine and buildx are fetched with apt-get. On this system install Docker "
            "28 or newer with its buildx plugin, and set DOCKER_HOST."
        )
    with alone("modern"):
        if not (folder / "complete").exists():
            _fetch(folder)
    return folder


def _fetch(folder: Path) -> None:
    say(f"Fetching {', '.join(_PACKAGES)} from Debian {_SUITE} (about 63 MB)")
    shutil.rmtree(folder, ignore_errors=True)
    for part in ("lists/partial", "cache/archives/partial", "debs"):
        (folder / part).mkdir(parents=True)
    (folder / "status").touch()
    sources = folder / f"{_SUITE}.sources"
    sources.write_text(_sources())
    options = [
        f"Dir::Etc::sourcelist={sources}",
        "Dir::Etc::sourceparts=/dev/null",
        f"Dir::State::lists={folder / 'lists'}",
        f"Dir::Cache={folder / 'cache'}",
        f"Dir::State::status={folder / 'status'}",
        "APT::Sandbox::User=root",
    ]
    apt = ["apt-get", "-qq", *(word for option in options for word in ("-o", option))]
    _run([*apt, "update"], folder)
    _run([*apt, "download", *_PACKAGES], folder / "debs")
    for package in sorted((folder / "debs").glob("*.deb")):
        _run(["dpkg", "-x", str(package), str(folder / "root")], folder)
    _arrange(folder)
    shutil.rmtree(folder / "lists")
    shutil.rmtree(folder / "cache")
    shutil.rmtree(folder / "debs")
    (folder / "complete").touch()


def _sources() -> str:
    """Return the machine's own main archive entry, pointed at the newer suite."""
    for path in sorted(Path("/etc/apt/sources.list.d").glob("*.sources")):
        for stanza in re.split(r"\n\s*\n", path.read_text()):
            text = "\n".join(line for line in stanza.splitlines() if not line.startswith("#"))
            if re.search(r"^Signed-By:.*debian-archive", text, re.M) and "-security" not in text:
                return re.sub(r"(?m)^Suites:.*$", f"Suites: {_SUITE}", text) + "\n"
    listed = Path("/etc/apt/sources.list")
    text = listed.read_text() if listed.exists() else ""
    match = re.search(r"(?m)^deb\s+(?:\[[^\]]*\]\s+)?(\S+/debian/?)\s+\S+\s+main", text)
    if match is None:
        raise fail("no entry for Debian's main archive was found in this machine's apt sources.")
    return (
        f"Types: deb\nURIs: {match[1]}\nSuites: {_SUITE}\nComponents: main\n"
        "Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg\n"
    )


def _arrange(folder: Path) -> None:
    (folder / "bin").mkdir()
    (folder / "cli-plugins").mkdir()
    for name in _PROGRAMS:
        found = [path for path in folder.glob(f"root/usr/*bin/{name}") if path.is_file()]
        if not found:
            raise fail(f"Debian {_SUITE} packages hold no program '{name}' any more.")
        (folder / "bin" / name).symlink_to(found[0])
    plugin = folder / _PLUGIN
    if not plugin.exists():
        raise fail(f"Debian {_SUITE}'s docker-buildx holds no '{_PLUGIN.name}' any more.")
    (folder / "cli-plugins" / "docker-buildx").symlink_to(plugin)


def _run(command: list[str], where: Path) -> None:
    result = subprocess.run(
        command,
        cwd=where,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if result.returncode != 0:
        raise fail(
            f"the newer engine could not be fetched: '{command[0]}' said:\n{result.stdout[-2000:]}"
        )
