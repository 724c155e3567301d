"""A build that prints a lot, shown and not shown."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from benchmarks.place import NAME, Place
from benchmarks.table import Row
from benchmarks.turns import at_most, in_turn
from tools.base_image import TINY


def log(place: Place) -> Iterator[Row]:
    """A cell of 100,000 lines against the same build without any view: by Python, with the same
    journal and log file. The engine's bare stream, read and thrown away, is told beside it.

    By the classic way, because BuildKit cuts a step's log at 2 MiB.
    """
    lines = 20_000 if place.quick else 100_000
    folder = _folder(place)

    def text() -> str:
        return f"FROM {TINY}\nRUN seq {lines} | sed 's/$/ of a long log/' # {place.fresh()}\n"

    with place.kernel(folder, way="classic") as kernel:
        line = f"%%azureml_dockerfile {NAME}-log --until build --no-cache\n"
        kernel.run("from jupyter_azureml_image import build")

        def unseen() -> str:
            options = "until='build', no_cache=True"
            return f"done = build('{NAME}-log', {text()!r}, {options})"

        found = in_turn(
            place.turns,
            {
                "ours": lambda: kernel.run(line + text()),
                "peer": lambda: kernel.run(unseen()),
                "stream": lambda: place.docker_py(folder, text(), nocache=True),
            },
        )
    peer, stream = found.median("peer"), found.median("stream") or 0.0
    yield Row(
        f"{lines:,} log lines through the view",
        found.median("ours"),
        peer,
        "the same build without any view",
        goal="at most 1.2 times",
        met=at_most(found.median("ours"), peer and peer * 1.2),
        turns=place.turns,
        note=f"a page four times a second; the bare stream of the engine: {stream:.2f} s",
    )


def _folder(place: Place) -> Path:
    folder = place.folder / "log"
    folder.mkdir(exist_ok=True)
    return folder
