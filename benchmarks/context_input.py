"""The build contexts that the context rows are measured on: generated, the same everywhere.

`1gb`: 20,000 source-like files (167 MB), one incompressible file (400 MB) and three numeric
text files (433 MB). `500mb`: 5,000 text files (100 MB) and four random files of 100 MB.
`50mb`: a twentieth of the first. `small`: 200 source-like files.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from pathlib import Path

_MB = 1_000_000


@dataclass(frozen=True)
class Shape:
    """How many source-like files of which size, how many random and numeric ones."""

    sources: int
    source_size: int
    random_files: int = 0
    random_size: int = 0
    tables: int = 0
    table_size: int = 0


SHAPES = {
    "1gb": Shape(20_000, 8_350, 1, 400 * _MB, 3, 144_400_000),
    "500mb": Shape(5_000, 20_000, 4, 100 * _MB),
    "50mb": Shape(1_000, 8_350, 1, 20 * _MB, 3, 7_220_000),
    "small": Shape(200, 8_350),
}


def make(name: str, folder: Path) -> Path:
    """The context `name` below `folder`, made where it is not there yet."""
    root, done = folder / name, folder / f"{name}.done"
    if done.exists():
        return root
    shape, dice = SHAPES[name], random.Random(20_261_121)
    _sources(root, shape, dice)
    for number in range(shape.random_files):
        block = dice.randbytes(10 * _MB)
        with (root / f"model_{number}.bin").open("wb") as file:
            for part in range(shape.random_size // len(block)):
                # Turned a little each time, so that no two parts are the same.
                file.write(block[part:] + block[:part])
    for number in range(shape.tables):
        _table(root / f"table_{number}.csv", shape.table_size, dice)
    done.touch()
    return root


def _sources(root: Path, shape: Shape, dice: random.Random) -> None:
    words = [
        "".join(dice.choices("abcdefghijklmnopqrstuvwxyz_", k=dice.randint(2, 11)))
        for _ in range(4000)
    ]
    weights = [1 / (rank + 1) for rank in range(len(words))]
    forms = (
        "    {} = {}({}, {}={})\n",
        "        if {}.{} is not {}:\n",
        "            return {}[{}] + {}.{}\n",
        "def {}({}, {}):\n",
        "    # {} {} {} {} {}\n",
        "from {}.{} import {}\n",
    )
    lines = [
        form.format(*dice.choices(words, weights, k=form.count("{}")))
        for form in dice.choices(forms, k=60_000)
    ]
    for number in range(shape.sources):
        folder = root / f"package_{number % 97:02}" / f"part_{number % 7}"
        folder.mkdir(parents=True, exist_ok=True)
        size = int(shape.source_size * dice.choice((0.1, 0.3, 0.6, 1.0, 3.0)))
        start, text = dice.randrange(len(lines)), ""
        while len(text) < size:
            text += "".join(lines[start : start + 40])
            start = dice.randrange(len(lines))
        (folder / f"module_{number}.py").write_text(text[:size], encoding="ascii")


def _table(path: Path, size: int, dice: random.Random) -> None:
    rows = [
        ",".join(f"{dice.gauss(0, 100):.6f}" for _ in range(8)) + f",{dice.randrange(10)}\n"
        for _ in range(100_000)
    ]
    part = "".join(rows).encode("ascii")
    with path.open("wb") as file:
        while file.tell() < size:
            file.write(part[: size - file.tell()])
