"""`python -m jupyter_azureml_image sandbox`: run the offline workspace in the foreground."""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path

from .failure import SandboxError
from .lock import StateLock

STOP_SECONDS = 60
USAGE = 2


def main(argv: Sequence[str] | None = None) -> int:
    """Run, stop or reset the sandbox; return the exit code."""
    parser = _parser()
    options = parser.parse_args(argv)
    folder: Path = options.state or default_state()
    os.umask(0o077)  # the state holds keys: nothing in it is for others, wherever it lies
    if not (options.port_file or options.stop or options.reset):
        parser.print_usage(sys.stderr)
        _say("Name the file for its addresses with --port-file, or use --stop or --reset.")
        return USAGE
    try:
        _make("--state", folder)
        if options.stop or options.reset:
            _stop(folder)
        if options.reset:
            _forget(folder)
        if options.port_file and not options.stop:
            _make("--port-file", options.port_file.parent)
            _run(folder, options)
    except SandboxError as failed:
        _say(str(failed))
        return 1
    return 0


def _make(flag: str, folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise SandboxError(
            f"{flag}: {folder} cannot be made: {error.strerror}.",
            hint="Name a folder that may be written.",
        ) from error


def _say(text: str) -> None:
    sys.stderr.write(f"{text}\n")


def default_state() -> Path:
    """Return the folder where this user's sandbox keeps its state."""
    home = Path.home()
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA") or home / "AppData" / "Local")
    elif sys.platform == "darwin":
        base = home / "Library" / "Application Support"
    else:
        base = Path(os.environ.get("XDG_DATA_HOME") or home / ".local" / "share")
    return base / "azureml-image-sandbox"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m jupyter_azureml_image sandbox",
        description="An Azure ML workspace on this machine, for trying, testing and teaching.",
    )
    parser.add_argument(
        "--port-file",
        type=Path,
        metavar="F",
        help="write addresses, token and CA file to F once it answers",
    )
    parser.add_argument("--state", type=Path, metavar="DIR", help="where it keeps its state")
    parser.add_argument(
        "--stop", action="store_true", help="stop the sandbox that runs on this state"
    )
    parser.add_argument(
        "--reset", action="store_true", help="forget the state (and stop what runs on it)"
    )
    parser.add_argument(
        "--refuse-foreign-hosts",
        action="store_true",
        help="let its proxy refuse every host that is not Azure's (for tests)",
    )
    named = os.environ.get("AZUREML_IMAGE_SANDBOX_RECORD")
    parser.add_argument(
        "--record",
        type=Path,
        metavar="FILE",
        default=Path(named) if named else None,
        help="append every management call and its answer to FILE (keys included)",
    )
    return parser


def _run(folder: Path, options: argparse.Namespace) -> None:
    from .world import World, write_port_file

    lock = StateLock(folder)
    if not lock.take():
        raise SandboxError(
            f"A sandbox already runs on {folder} (process {lock.holder()}).",
            hint="Use its port file, stop it with --stop, or name another --state.",
        )
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    port_file: Path = options.port_file
    world = World(folder, refuse_foreign_hosts=options.refuse_foreign_hosts, record=options.record)
    try:
        addresses = world.start()
        write_port_file(port_file, addresses)
        # wait() in pieces: on some platforms a signal is only seen between two of them
        while not ended.wait(1.0):
            pass
    finally:
        port_file.unlink(missing_ok=True)
        world.stop()
        lock.release()


def _stop(folder: Path) -> None:
    """Stop the process that holds the folder's lock; remove what a killed one left in the
    engine."""
    lock = StateLock(folder)
    end = time.monotonic() + STOP_SECONDS
    asked = False
    while not lock.take():
        if not asked:
            os.kill(lock.holder(), signal.SIGTERM)
            asked = True
        if time.monotonic() > end:
            raise SandboxError(f"Process {lock.holder()} does not stop.", hint="End it by hand.")
        time.sleep(0.05)
    try:
        _sweep(folder)
    finally:
        lock.release()


def _sweep(folder: Path) -> None:
    from .engine import Engine
    from .hosting import sweep
    from .store import Store
    from .world import Secrets

    if not (folder / "state.sqlite").exists():
        return
    store = Store(folder / "state.sqlite")
    sweep(Engine(), Secrets.of(store).sandbox)
    store.close()


def _forget(folder: Path) -> None:
    """Remove the state. Only what the sandbox itself made is touched."""
    for name in ("blobs", "registry"):
        shutil.rmtree(folder / name, ignore_errors=True)
    for pattern in ("state.sqlite*", "ca.*", "ca-bundle.pem", "leaf.pem"):
        for file in folder.glob(pattern):
            file.unlink()


if __name__ == "__main__":
    sys.exit(main())
