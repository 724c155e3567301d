"""Whole cells against the builders that they stand on: docker's buildx and docker-py."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from benchmarks import context_input
from benchmarks.place import NAME, Place
from benchmarks.table import Row
from benchmarks.turns import Timings, Work, at_least, at_most, in_turn, timed
from tools.base_image import TINY

BIG = f"FROM {TINY}\nCOPY data /data\nCOPY code /code\n"


def cold(place: Place) -> Iterator[Row]:
    """A cell until its rehearsal, nothing cached, a small context."""
    folder = context_input.make("small", place.folder)

    def text() -> str:
        return (
            f"FROM {TINY}\nARG FRESH={place.fresh()}\nCOPY . /app\nRUN echo $FRESH && du -s /app\n"
        )

    with place.kernel(folder) as kernel:
        line = f"%%azureml_dockerfile {NAME}-cold --until rehearse --no-cache\n"
        kernel.run(line + text())
        found = in_turn(
            place.turns,
            {
                "ours": lambda: kernel.run(line + text()),
                "buildx": lambda: place.buildx(folder, text(), "--no-cache"),
            },
        )
    buildx = found.median("buildx")
    yield Row(
        "whole cell until rehearse, cold, small context",
        found.median("ours"),
        buildx,
        "docker buildx build",
        goal="at most 1.05 times plus 0.3 s",
        met=at_most(found.median("ours"), buildx and buildx * 1.05 + 0.3),
        turns=place.turns,
        note="check, context, plan, build; nothing to rehearse in this base",
    )


def _context(place: Place) -> tuple[Path, str]:
    """The big context: `data` beside `code/score.py`; and its size in words."""
    root = place.folder / f"context-{place.big}"
    (root / "code").mkdir(parents=True, exist_ok=True)
    (root / "code" / "score.py").write_text("value = 0\n")
    if not (root / "data").exists():
        made = context_input.make(place.big, place.folder)
        made.rename(root / "data")
        (place.folder / f"{place.big}.done").unlink()
    return root, place.big.replace("mb", " MB")


def rerun(place: Place) -> Iterator[Row]:
    """The same cell once more."""
    root, size = _context(place)
    cell = f"%%azureml_dockerfile {NAME}-rerun --until rehearse\n{BIG}"
    with place.kernel(root) as kernel:
        ways = {
            "ours": lambda: kernel.run(cell),
            "buildx": lambda: place.buildx(root, BIG),
            "docker-py": lambda: place.docker_py(root, BIG),
        }
        in_turn(1, ways)  # the first time is not the row
        found = in_turn(place.turns, ways, {"docker-py": place.few})
    buildx, slow = found.median("buildx"), found.median("docker-py")
    yield Row(
        f"identical rerun of the whole cell, {size} context",
        found.median("ours"),
        buildx,
        "docker buildx build",
        goal="at most a third of buildx",
        met=at_most(found.median("ours"), buildx and buildx / 3),
        turns=place.turns,
        note=f"docker-py {slow:.1f} s" if slow else "",
    )


def changed(place: Place) -> Iterator[Row]:
    """One small file edited between two builds, with buildx and without it."""
    root, size = _context(place)
    cell = f"%%azureml_dockerfile {NAME}-changed --until build\n{BIG}"

    with place.kernel(root) as kernel, place.kernel(root, way="engine-api") as plain:

        def edited(work: Work) -> Work:
            def run() -> float:
                (root / "code" / "score.py").write_text(f"value = {place.fresh()}\n")
                return timed(work)

            return run

        ways = {
            "ours": edited(lambda: kernel.run(cell)),
            "buildx": edited(lambda: place.buildx(root, BIG)),
            "without": edited(lambda: plain.run(cell)),
            "docker-py": edited(lambda: place.docker_py(root, BIG)),
        }
        in_turn(1, ways)
        found = in_turn(place.turns, ways, {"docker-py": place.few})
    yield from _two(found, size, place.turns)


def _two(found: Timings, size: str, turns: int) -> Iterator[Row]:
    buildx = found.median("buildx")
    yield Row(
        f"one small file changed, {size} context",
        found.median("ours"),
        buildx,
        "docker buildx build",
        goal="at most 1.1 times",
        met=at_most(found.median("ours"), buildx and buildx * 1.1),
        turns=turns,
    )
    without, peer = found.median("without"), found.median("docker-py")
    yield Row(
        f"the same without buildx, {size} context",
        without,
        peer,
        "docker-py's build",
        goal="at least twice as fast",
        met=at_least(peer, without, 2),
        turns=turns,
    )


def stages(place: Place) -> Iterator[Row]:
    """Three stages on an engine reached without buildx: one installs (many files to the disk),
    one computes, the last copies from both."""
    folder = context_input.make("small", place.folder)
    rounds, packages = (150_000, 6) if place.quick else (900_000, 30)

    def text() -> str:
        install = f"i=0; while [ $i -lt {packages} ]; do cp -r /src /site/$i; i=$((i+1)); done"
        work = f"i=0; while [ $i -lt {rounds} ]; do i=$((i+1)); done; echo $i"
        number = place.fresh()
        return (
            f"FROM {TINY} AS wheels\nCOPY . /src\nRUN mkdir /site; {install} # {number}\n"
            f"FROM {TINY} AS features\nRUN {work} > /features # {number}\n"
            f"FROM {TINY}\nCOPY --from=wheels /site /site\nCOPY --from=features /features /\n"
        )

    with place.kernel(folder, way="engine-api") as kernel:
        line = f"%%azureml_dockerfile {NAME}-stages --until build --no-cache\n"
        kernel.run(line + text())
        found = in_turn(
            place.few,
            {
                "ours": lambda: kernel.run(line + text()),
                "peer": lambda: place.docker_py(folder, text(), nocache=True),
            },
        )
    peer = found.median("peer")
    yield Row(
        "3-stage cold build, no buildx",
        found.median("ours"),
        peer,
        "docker-py's build",
        goal="at least twice as fast",
        met=at_least(peer, found.median("ours"), 2),
        turns=place.few,
        note=f"{packages * 200:,} files installed beside {rounds:,} rounds of a shell's loop",
    )
