"""The context's rows: packing for the cloud, the unchanged context, the ignore decision.

`python -m benchmarks.context_rows [--quick] [--folder DIR]` measures ours and the peers in
turn, each in a process of its own, and prints one table. With `--quick` the context is
500 MB instead of 1 GB and each way runs once.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks import context_input
from benchmarks.context_peers import measure

PATTERNS = [
    *("**/__pycache__", "**/*.pyc", "**/*.pyo", "**/.git", ".git", "**/.ipynb_checkpoints"),
    *("*.ipynb", ".env", ".env.*", "!.env.example", "**/.DS_Store", "node_modules"),
    *("**/node_modules", "dist", "build", "*.egg-info", "**/*.egg-info", ".venv", "venv"),
    *(".mypy_cache", ".pytest_cache", ".ruff_cache", "data/**", "!data/sample", "models/*.pt"),
    *("outputs/", "logs/*.log", "**/*.log", "docs", "!docs/README.md", "tests/**/fixtures"),
    *("*.tmp", "*.swp", "**/*~", ".vscode", ".idea", "Makefile", "Dockerfile*"),
    *(".dockerignore", "notebooks/*/cache"),
]


@dataclass(frozen=True)
class Row:
    """Medians in `unit`; `ratio` is peer to ours."""

    name: str
    ours: float
    peer: float
    peer_name: str
    limit: float | None = None
    unit: str = "s"
    note: str = ""

    @property
    def ratio(self) -> float:
        """How many times faster ours is."""
        return self.peer / self.ours


def rows(folder: Path, *, quick: bool = False) -> Iterator[Row]:
    """Every row, measured now; inputs and peers are kept in `folder`."""
    yield from _packing(folder, quick)
    yield from _ignore()


def _packing(folder: Path, quick: bool) -> Iterator[Row]:
    size = "500mb" if quick else "1gb"
    root = context_input.make(size, folder)
    times = {"ours": 1 if quick else 5, "limit": 1 if quick else 5, "docker-py": 1 if quick else 5}
    times |= {"ours-zlib": 1 if quick else 3, "az": 1 if quick else 3, "ours-tar": times["ours"]}
    out = folder / "packed"
    measure("ours", root, out)  # fills the page cache and the snapshot for everyone
    found: dict[str, list[dict[str, float]]] = {way: [] for way in times}
    for turn in range(max(times.values())):
        for way, number in times.items():
            if turn < number:
                found[way].append(measure(way, root, out))

    def median(way: str, what: str = "seconds") -> float:
        return statistics.median(result[what] for result in found[way])

    def note(way: str) -> str:
        return f"{median(way, 'memory'):.0f} MB memory, {median(way, 'bytes') / 1e6:.0f} MB sent"

    limit = median("limit")
    az = ("azure-cli", limit)
    yield Row(
        f"pack and compress {size}, [fast]", median("ours"), median("az"), *az, note=note("ours")
    )
    yield Row(
        f"pack and compress {size}, without it", median("ours-zlib"), median("az"), *az,
        note=note("ours-zlib"),
    )  # fmt: skip
    yield Row(
        f"tar {size} for an engine", median("ours-tar"), median("docker-py"), "docker-py", limit
    )


def _ignore() -> Iterator[Row]:
    """Microseconds per path, 40 patterns, 30,000 paths that none of them names."""
    from docker.utils.build import PatternMatcher

    from jupyter_azureml_image.context.ignore import IgnoreRules

    paths = [f"x{n % 50}/y{n % 7}/file_{n}.py" for n in range(30_000)]
    ours, peer = [], []
    for _ in range(5):
        rules = IgnoreRules.read("\n".join(PATTERNS))
        before = time.perf_counter()
        for path in paths:
            rules.excluded(path)
        ours.append((time.perf_counter() - before) / len(paths) * 1e6)
        matcher = PatternMatcher(PATTERNS)
        before = time.perf_counter()
        for path in paths[:2000]:
            matcher.matches(path)
        peer.append((time.perf_counter() - before) / 2000 * 1e6)
    yield Row(
        "ignore decision per path, 40 patterns",
        statistics.median(ours), statistics.median(peer), "docker-py", unit="us",
    )  # fmt: skip


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--folder", type=Path, default=Path(".dev/bench"))
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    print("| row | ours | peer | limit | ratio | |\n| --- | --- | --- | --- | --- | --- |")
    for row in rows(options.folder.resolve(), quick=options.quick):
        limit = f"{row.limit:.2f}" if row.limit else "-"
        peer = f"{row.peer:.2f} ({row.peer_name})"
        cells = (f"{row.name} ({row.unit})", f"{row.ours:.2f}", peer, limit, f"{row.ratio:.1f}")
        print("| " + " | ".join((*cells, row.note)) + " |", flush=True)


if __name__ == "__main__":
    main()
