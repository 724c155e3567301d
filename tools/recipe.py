"""What the stand-ins are made of: distribution packages, our recipe, the machine's settings."""

from __future__ import annotations

import configparser
import hashlib
import os
import platform
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tools import debian
from tools.places import ROOT, fail

FOLDER = ROOT / "tools" / "standin"

# Stages built one on the other share their prefix; the training base keeps its own name for it.
PREFIX = {
    "training": "/opt/miniconda",
    "inference": "/azureml-envs/minimal",
    "extensible": "/azureml-envs/minimal",
}

_PACKAGES = "ca-certificates,curl,python3,python3-pip-whl"
_BUNDLES = (
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/cert.pem",
)


def digest() -> str:
    """Return the hash that names a stand-in: recipe files, system, and the machine's settings."""
    parts = hashlib.sha256(system_name().encode())
    for path in sorted(p for p in FOLDER.rglob("*") if p.is_file()):
        parts.update(str(path.relative_to(FOLDER)).encode() + b"\0" + path.read_bytes() + b"\0")
    parts.update(_ca_bundle() + _pip_conf().encode())
    return parts.hexdigest()[:12]


def system_name() -> str:
    """Return the image name of the bare system below the stand-ins."""
    release = platform.freedesktop_os_release()
    word = f"{release['ID']}-{release.get('VERSION_CODENAME', 'unknown')} {_PACKAGES}"
    return f"azureml-image-test/system:{hashlib.sha256(word.encode()).hexdigest()[:12]}"


@contextmanager
def system_root() -> Iterator[Path]:
    """Make the archive of a minimal system of this machine's own distribution."""
    debian.ensure(debian.BASE_IMAGE, "building the stand-in base image")
    release = platform.freedesktop_os_release()
    with tempfile.TemporaryDirectory() as folder:
        archive = Path(folder) / "system.tar"
        command = [
            "mmdebstrap",
            "--quiet",
            "--variant=minbase",
            f"--include={_PACKAGES}",
            *(f"--dpkgopt=path-exclude=/usr/share/{part}/*" for part in ("doc", "man", "locale")),
            release["VERSION_CODENAME"],
            str(archive),
            *_archives(release["ID"]),
        ]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise fail(f"the stand-in's system could not be made:\n{done.stderr[-2000:]}")
        yield archive


def _archives(distribution: str) -> list[str]:
    """Return the machine's own archive files, without those of other vendors."""
    folder = Path("/etc/apt")
    candidates = [folder / f"sources.list.d/{distribution}.sources", folder / "sources.list"]
    found = [str(p) for p in candidates if p.exists() and p.read_text().strip()]
    return found[:1]


@contextmanager
def context() -> Iterator[Path]:
    """Make the build context: the recipe beside this file, with the machine's settings in it."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "context"
        shutil.copytree(FOLDER, folder)
        host = folder / "host"
        host.mkdir()
        (host / "ca-certificates.crt").write_bytes(_ca_bundle())
        (host / "pip.conf").write_text(_pip_conf())
        yield folder


def _ca_bundle() -> bytes:
    named = [os.environ[name] for name in ("SSL_CERT_FILE",) if os.environ.get(name)]
    for name in (*named, *_BUNDLES):
        if Path(name).is_file():
            return Path(name).read_bytes()
    raise fail("no bundle of certificate authorities was found; install ca-certificates.")


def _pip_conf() -> str:
    """Return the machine's pip index settings, those that a container can reach."""
    home = Path.home()
    parser = configparser.RawConfigParser()
    named = os.environ.get("PIP_CONFIG_FILE", "")
    parser.read(["/etc/pip.conf", home / ".pip/pip.conf", home / ".config/pip/pip.conf", named])
    lines = ["[global]", "timeout = 120", "disable-pip-version-check = true"]
    for option in ("index-url", "extra-index-url", "trusted-host"):
        value = parser.get("global", option, fallback="")
        value = os.environ.get(f"PIP_{option.upper().replace('-', '_')}", value)
        words = [word for word in value.split() if not word.startswith("file:")]
        if words:
            lines.append(f"{option} = {' '.join(words)}")
    return "\n".join(lines) + "\n"


@contextmanager
def tiny_root() -> Iterator[Path]:
    """Make the archive of a shell and its tools: one static program and links to it."""
    with tempfile.TemporaryDirectory() as temporary:
        work = Path(temporary)
        program = _busybox(work)
        archive = work / "tiny.tar"
        with tarfile.open(archive, "w", format=tarfile.GNU_FORMAT) as tar:
            for name in ("bin", "etc", "tmp", "root"):
                folder = tarfile.TarInfo(name)
                folder.type, folder.mode = tarfile.DIRTYPE, 0o1777 if name == "tmp" else 0o755
                tar.addfile(folder)
            tar.add(program, "bin/busybox", filter=_owned_by_root)
            listed = subprocess.run([program, "--list"], capture_output=True, text=True, check=True)
            for applet in sorted(set(listed.stdout.split()) - {"busybox"}):
                link = tarfile.TarInfo(f"bin/{applet}")
                link.type, link.linkname = tarfile.SYMTYPE, "busybox"
                tar.addfile(link)
            passwd = work / "passwd"
            passwd.write_text("root:x:0:0:root:/root:/bin/sh\nuser:x:1000:1000::/tmp:/bin/sh\n")
            tar.add(passwd, "etc/passwd", filter=_owned_by_root)
        yield archive


def _owned_by_root(entry: tarfile.TarInfo) -> tarfile.TarInfo:
    entry.uid = entry.gid = entry.mtime = 0
    entry.uname = entry.gname = "root"
    return entry


def _busybox(work: Path) -> Path:
    if not debian.is_debian():
        raise fail("the tiny test image is made from Debian's busybox-static package.")
    debs = work / "debs"
    debs.mkdir()
    package = debian.download("busybox-static", debs)
    subprocess.run(["dpkg", "-x", str(package), str(work / "root")], check=True)
    return next(
        p for p in (work / "root").rglob("busybox") if p.is_file() and os.access(p, os.X_OK)
    )
