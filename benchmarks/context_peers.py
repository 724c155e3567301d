"""One way of packing a context, in a process of its own.

`python -m benchmarks.context_peers WAY ROOT OUT` prints JSON: seconds without imports, peak
memory in MB, bytes written. The peers are the real ones: azure-cli's own packing code from
the wheel on PyPI, docker-py's tar.
"""

from __future__ import annotations

import importlib
import importlib.util
import json
import subprocess
import sys
import time
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any
from zipfile import ZipFile

from benchmarks.peak import peak

AZURE_CLI = "azure-cli==2.91.0"
_MEMBER = "azure/cli/command_modules/acr/_archive_utils.py"


def az(root: Path, out: Path) -> Callable[[], None]:
    """What `az acr build` does before it uploads."""
    module = _azure_cli(out.parent / "azure-cli")
    dockerfile = out.parent / "Dockerfile"
    dockerfile.write_text("FROM scratch\nCOPY . /\n")
    return lambda: module._pack_source_code(str(root), str(out), str(dockerfile), "Dockerfile")


def docker_py(root: Path, out: Path) -> Callable[[], None]:
    """docker-py's tar, not compressed."""
    tar = importlib.import_module("docker.utils.build").tar

    def run() -> None:
        with tar(str(root)) as packed, out.open("wb") as file:
            while block := packed.read(1024 * 1024):
                file.write(block)

    return run


def read_and_write(root: Path, out: Path) -> Callable[[], None]:
    """The limit: every byte read and written once, nothing else."""

    def run() -> None:
        with out.open("wb") as file:
            for path in root.rglob("*"):
                if path.is_file():
                    file.write(path.read_bytes() if path.stat().st_size < 2**24 else b"")
                    if path.stat().st_size >= 2**24:
                        with path.open("rb") as source:
                            while block := source.read(1024 * 1024):
                                file.write(block)

    return run


def ours(root: Path, out: Path, *, fast: bool = True, compress: bool = True) -> Callable[[], None]:
    """Walk, hash or believe, pack, compress; `fast` is the extra of that name."""
    from jupyter_azureml_image.context import archive, deflate
    from jupyter_azureml_image.context.manifest import resolve_context

    if not fast:
        hidden: dict[str, Any] = {"isal": None, "zlib_ng": None}  # as where they are not installed
        sys.modules.update(hidden)
    elif deflate.codec().name != "isal":
        raise SystemExit("isal is not installed: pip install jupyter-azureml-image[fast]")
    snapshots = out.parent / "snapshots"

    def run() -> None:
        manifest = resolve_context(root, snapshots=snapshots)
        with out.open("wb") as file:
            for piece in archive.pack(manifest, compress=compress):
                file.write(piece)

    return run


WAYS: dict[str, Callable[[Path, Path], Callable[[], None]]] = {
    "ours": ours,
    "ours-zlib": lambda root, out: ours(root, out, fast=False),
    "ours-tar": lambda root, out: ours(root, out, compress=False),
    "az": az,
    "docker-py": docker_py,
    "limit": read_and_write,
}


def measure(way: str, root: Path, out: Path) -> dict[str, float]:
    """One run of `way` in a new process."""
    command = [sys.executable, "-m", "benchmarks.context_peers", way, str(root), str(out)]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True)
    result: dict[str, float] = json.loads(done.stdout)
    return result


def _azure_cli(folder: Path) -> Any:
    """azure-cli's packing module as shipped, with stand-ins for what only logs and uploads."""
    file = folder / _MEMBER
    if not file.exists():
        command = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "-d", str(folder)]
        subprocess.run([*command, AZURE_CLI], check=True, stdout=sys.stderr)
        ZipFile(next(folder.glob("*.whl"))).extract(_MEMBER, folder)
    quiet = types.SimpleNamespace(warning=lambda *a: None, debug=lambda *a: None)
    _module("knack.log", get_logger=lambda name: quiet)
    _module("knack.util", CLIError=RuntimeError)
    _module("azure.cli.core.profiles", ResourceType=None, get_sdk=None)
    _module("benchmarks._constants", TASK_VALID_VSTS_URLS=())
    spec = importlib.util.spec_from_file_location("benchmarks._azure_cli_packing", file)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _module(name: str, **content: Any) -> None:
    parts = name.split(".")
    for depth in range(1, len(parts) + 1):
        above = ".".join(parts[:depth])
        try:
            importlib.import_module(above)
        except ImportError:
            sys.modules[above] = types.ModuleType(above)
    vars(sys.modules[name]).update(content)


def main(way: str, root: str, out: str) -> None:
    """Run `way` once and print what it took."""
    run = WAYS[way](Path(root), Path(out))
    before, cpu = time.perf_counter(), time.process_time()
    run()
    taken, cpu = time.perf_counter() - before, time.process_time() - cpu
    memory = peak()
    size = Path(out).stat().st_size
    Path(out).unlink()
    print(json.dumps({"seconds": taken, "cpu": cpu, "memory": memory, "bytes": size}))


if __name__ == "__main__":
    main(*sys.argv[1:])
