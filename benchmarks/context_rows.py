"""The context's rows: packing for the cloud, the unchanged context, the ignore decision.

Packing is measured in turn, each way in a process of its own. Quick, the context is 50 MB
instead of 1 GB.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from functools import partial
from statistics import median
from subprocess import CalledProcessError

from benchmarks import context_input
from benchmarks.context_peers import measure
from benchmarks.place import Place
from benchmarks.table import Row
from benchmarks.turns import MissingPeerError, at_least, at_most, in_turn

PATTERNS = [
    *("**/__pycache__", "**/*.pyc", "**/*.pyo", "**/.git", ".git", "**/.ipynb_checkpoints"),
    *("*.ipynb", ".env", ".env.*", "!.env.example", "**/.DS_Store", "node_modules"),
    *("**/node_modules", "dist", "build", "*.egg-info", "**/*.egg-info", ".venv", "venv"),
    *(".mypy_cache", ".pytest_cache", ".ruff_cache", "data/**", "!data/sample", "models/*.pt"),
    *("outputs/", "logs/*.log", "**/*.log", "docs", "!docs/README.md", "tests/**/fixtures"),
    *("*.tmp", "*.swp", "**/*~", ".vscode", ".idea", "Makefile", "Dockerfile*"),
    *(".dockerignore", "notebooks/*/cache"),
]


IGNORED_PATHS = 30_000
WAYS = ("ours", "limit", "docker-py", "ours-tar", "ours-zlib", "az")
_MEMORY = 100.0


def packing(place: Place) -> Iterator[Row]:
    """The 1 GB context packed by each way, every time in a process of its own."""
    size = "50mb" if place.quick else "1gb"
    root, out = context_input.make(size, place.folder), place.folder / "packed"
    measure("limit", root, out)  # fills the page cache for everyone
    shutil.rmtree(out.parent / "snapshots", ignore_errors=True)
    first = measure("ours", root, out)["seconds"]  # hashes, and fills the snapshot
    results: dict[str, list[dict[str, float]]] = {}

    def once(way: str) -> float:
        try:
            results.setdefault(way, []).append(measure(way, root, out))
        except CalledProcessError:
            raise MissingPeerError(f"'{way}' cannot run here (its words are above)") from None
        return results[way][-1]["seconds"]

    slow = {"ours-zlib": 3, "az": 1 if place.quick else 3}
    found = in_turn(place.turns, {way: partial(once, way) for way in WAYS}, slow)

    def note(way: str) -> str:
        memory, sent = (median(r[key] for r in results[way]) for key in ("memory", "bytes"))
        return f"{memory:.0f} MB memory, {sent / 1e6:.0f} MB sent"

    name = size.replace("gb", " GB").replace("mb", " MB")
    ours, az, limit = (found.median(way) for way in ("ours", "az", "limit"))
    flat = "ours" in results and median(r["memory"] for r in results["ours"]) < _MEMORY
    near = at_most(ours, limit and limit * 2.5)
    yield Row(
        f"pack and compress {name}, [fast]", ours, az, "azure-cli's packing", limit,
        note=f"{note('ours')}; {first:.2g} s the first time, with hashing" if ours else "",
        goal="40 times, 2.5 times the limit, below 100 MB",
        met=at_least(az, ours, 40) and near and flat, turns=place.turns, missing=found.why,
    )  # fmt: skip
    plain = found.median("ours-zlib")
    yield Row(
        f"pack and compress {name}, without it", plain, az, "azure-cli's packing", limit,
        note=note("ours-zlib") if plain else "", goal="at least 4 times as fast",
        met=at_least(az, plain, 4), turns=3, missing=found.missing.get("az", ""),
    )  # fmt: skip
    yield Row(
        f"tar {name} for an engine", found.median("ours-tar"), found.median("docker-py"),
        "docker-py's tar", limit, turns=place.turns,
    )  # fmt: skip


def ignoring(place: Place) -> Iterator[Row]:
    """Microseconds per path, 40 patterns, paths that none of them names."""
    from docker.utils.build import PatternMatcher

    from jupyter_azureml_image.context.ignore import IgnoreRules

    paths = [f"x{n % 50}/y{n % 7}/file_{n}.py" for n in range(IGNORED_PATHS)]
    few = paths[:: len(paths) // 2000]

    def ours() -> float:
        rules = IgnoreRules.read("\n".join(PATTERNS))
        return _each(rules.excluded, paths)

    def spec() -> float:
        try:
            from pathspec import PathSpec
        except ImportError:
            raise MissingPeerError("pathspec is not installed (pip install pathspec)") from None
        return _each(PathSpec.from_lines("gitignore", PATTERNS).match_file, paths)

    found = in_turn(
        place.turns,
        {
            "ours": ours,
            "docker-py": lambda: _each(PatternMatcher(PATTERNS).matches, few),
            "spec": spec,
        },
    )
    mine, other = found.median("ours") or 0.0, found.median("spec")
    yield Row(
        "ignore decision per path, 40 patterns", mine, found.median("docker-py"), "docker-py",
        unit="us", goal="at most 5 us", met=at_most(mine, 5), turns=place.turns,
        note=f"pathspec, by git's rules, {other:.1f} us" if other else "", missing=found.why,
    )  # fmt: skip


def _each(decide: Callable[[str], object], paths: list[str]) -> float:
    before = time.perf_counter()
    for path in paths:
        decide(path)
    return (time.perf_counter() - before) / len(paths) * 1e6
