"""How cost grows with what a user has more of: files, bytes, Dockerfile lines, log lines.

Every figure comes from a process of its own: seconds without imports, and peak memory above
what the imports took. `exponent` is that of the power law between a row and the one before:
1 is linear.
"""

from __future__ import annotations

import atexit
import json
import math
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from benchmarks import slow_mount
from benchmarks.peak import forget, peak
from benchmarks.place import Place

HEAD = ("what", "size", "seconds", "memory (MB)", "exponent")

Growth = dict[str, object]
_MB = 1_000_000

# kind -> (number, sizes in words); of contexts: files, bytes.
CONTEXTS = ((100, 10 * _MB), (2_000, 100 * _MB), (20_000, 1_000 * _MB), (200_000, 10_000 * _MB))
SLOW = ((100, 1 * _MB), (2_000, 20 * _MB), (20_000, 200 * _MB))
QUICK_SLOW = ((100, 1 * _MB), (500, 5 * _MB))
LINES = (10, 60, 200, 600, 2_000)
LOGS = (10, 1_000, 10_000, 100_000, 1_000_000)


def growth(place: Place) -> Iterator[Growth]:
    """One line a size, smallest first."""
    contexts, slow, logs = CONTEXTS, SLOW, LOGS
    if place.quick:
        contexts, slow, logs = CONTEXTS[:2], QUICK_SLOW, LOGS[:4]
    for what, way in (("context, hashed and packed", "pack"), ("context, unchanged", "unchanged")):
        yield from _series(
            what,
            [(_of(files, size), size, [way, files, size]) for files, size in contexts],
        )
    # Where the cost is a question a file and not its bytes, growth is held against the files.
    yield from _series(
        f"context on a mount that takes {slow_mount.DELAY * 1000:g} ms a question",
        [(_of(files, size), files, ["slow", files, size]) for files, size in slow],
    )
    yield from _series(
        "check of a Dockerfile", [(f"{n:,} lines", n, ["check", n, 0]) for n in LINES]
    )
    yield from _series("log through the view", [(f"{n:,} lines", n, ["log", n, 0]) for n in logs])


def _of(files: int, size: int) -> str:
    return f"{files:,} files, {size // _MB:,} MB"


def cells(grew: Mapping[str, object]) -> tuple[str, ...]:
    """The cells of its line in the table."""
    exponent = grew["exponent"]
    power = "" if exponent is None else f"{exponent:.2f}"
    return (
        str(grew["what"]),
        str(grew["size"]),
        f"{grew['seconds']:.3f}",
        f"{grew['memory']:.0f}",
        power,
    )


def _series(what: str, sizes: list[tuple[str, int, list[object]]]) -> Iterator[Growth]:
    before: tuple[int, float] | None = None
    for words, size, arguments in sizes:
        command = [sys.executable, "-m", "benchmarks.growth", *map(str, arguments)]
        said = json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout)
        seconds = said["seconds"]
        exponent = math.log(seconds / before[1]) / math.log(size / before[0]) if before else None
        before = (size, seconds)
        yield {"what": what, "size": words, "exponent": exponent, **said}


def _sparse(files: int, size: int) -> tuple[Path, Path]:
    """A context of so many files and bytes, gone with this process; and a folder beside it."""
    folder = tempfile.TemporaryDirectory(prefix="azureml-image-growth-")
    atexit.register(folder.cleanup)
    root = Path(folder.name, "context")
    for number in range(files):
        path = root / f"part_{number % 100}" / f"file_{number}.bin"
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as file:
            file.write(b"%d\n" % number)
            file.truncate(size // files)  # sparse: no disk is filled
    return root, Path(folder.name, "snapshots")


def _slow(files: int, size: int) -> Callable[[], object]:
    """Walked and hashed where every question takes its time and no file time is believed."""
    from jupyter_azureml_image.context.manifest import resolve_context

    root, snapshots = _sparse(files, size)
    slow_mount.delay()
    return lambda: resolve_context(root, snapshots=snapshots)


def _pack(files: int, size: int, *, twice: bool = False) -> Callable[[], object]:
    from jupyter_azureml_image.context import archive
    from jupyter_azureml_image.context.manifest import resolve_context

    root, snapshots = _sparse(files, size)

    def run() -> None:
        manifest = resolve_context(root, snapshots=snapshots)
        for _ in archive.pack(manifest, compress=True):
            pass

    def believed() -> None:
        resolve_context(root, snapshots=snapshots)

    if not twice:
        return run
    time.sleep(2)  # a file as young as the snapshot is not believed: let them be older
    resolve_context(root, snapshots=snapshots)
    return believed


def _check(lines: int) -> Callable[[], object]:
    from jupyter_azureml_image.dockerfile.parse import parse
    from jupyter_azureml_image.lint.check import CheckInput, check

    body = [f"RUN pip install --no-cache-dir package-{n}==1.{n}" for n in range(lines // 2)]
    body += [f"ENV NAME_{n}=value-{n}" for n in range(lines - len(body) - 1)]
    text = "\n".join(["FROM mcr.microsoft.com/azureml/minimal-py312-inference:latest", *body, ""])
    check(CheckInput(parse("FROM scratch\n")))
    return lambda: check(CheckInput(parse(text)))


def _log(lines: int) -> Callable[[], object]:
    """Events as a build sends them, into the journal and the page, at the pace of the pages."""
    from jupyter_azureml_image import events
    from jupyter_azureml_image.journal import Journal
    from jupyter_azureml_image.notebook.screen import Slot

    folder = tempfile.TemporaryDirectory(prefix="azureml-image-growth-")
    atexit.register(folder.cleanup)
    journal = Journal(Path(folder.name))
    recorder = journal.recorder(journal.begin("growth", "growth"))

    class Handle:
        def update(self, bundle: object, *, raw: bool) -> None:
            pass

    Slot(handle=Handle()).show([events.LogLine("the first page imports what pages need")])

    def run() -> None:
        slot, batch, shown = Slot(handle=Handle()), [], time.perf_counter()
        for number in range(lines):
            event = events.LogLine(f"line {number} of a long log", "1")
            recorder.write(event)
            batch.append(event)
            if time.perf_counter() - shown > 0.25:
                slot.show(batch)
                batch, shown = [], time.perf_counter()
        slot.show(batch)
        recorder.close()

    return run


def main(kind: str, number: int, size: int) -> None:
    """Make the input, then measure one run."""
    makers: dict[str, Callable[[], Callable[[], object]]] = {
        "pack": lambda: _pack(number, size),
        "unchanged": lambda: _pack(number, size, twice=True),
        "slow": lambda: _slow(number, size),
        "check": lambda: _check(number),
        "log": lambda: _log(number),
    }
    run = makers[kind]()
    forget()
    before = peak()
    started = time.perf_counter()
    run()
    seconds = time.perf_counter() - started
    print(json.dumps({"seconds": seconds, "memory": peak() - before}))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
