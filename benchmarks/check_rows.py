"""The check's rows: a 60-line Dockerfile with its context, 200 files, and with hadolint.

Everything is warm: the rules and the catalog are loaded once per kernel.
"""

from __future__ import annotations

import itertools
import statistics
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks.check_input import SIXTY_LINES, make_context, many
from benchmarks.check_planted import planted
from benchmarks.place import Place
from benchmarks.table import Row
from benchmarks.turns import in_turn
from jupyter_azureml_image.context.manifest import resolve_context
from jupyter_azureml_image.dockerfile.evaluate import evaluate
from jupyter_azureml_image.dockerfile.parse import parse
from jupyter_azureml_image.lint import hadolint
from jupyter_azureml_image.lint.check import CheckInput, check


def rows(place: Place) -> Iterator[Row]:
    """Every row, measured now."""
    root = make_context(place.folder)
    turns = 15 if place.quick else 60
    ours(root)
    one = _median(lambda: ours(root), turns) * 1000
    yield Row(
        "check of 60 lines with context, warm",
        one,
        unit="ms",
        goal="at most 20 ms",
        met=one <= 20,
        turns=turns,
    )
    texts = many()
    started = time.process_time()
    for text in texts:
        check(CheckInput(parse(text)))
    each = (time.process_time() - started) / len(texts) * 1000
    yield Row(
        "parser and rules, per file of 200",
        each,
        unit="ms",
        goal="at most 5 ms (200 files a second and core)",
        met=each <= 5,
        note="processor time",
    )
    told = [found for _, _, found in planted()]
    rate = 100 * sum(told) / len(told)
    yield Row(
        "planted defects found",
        rate,
        unit="%",
        goal="at least 95 %",
        met=rate >= 95,
        note=f"{len(told)} planted",
    )
    program = hadolint.program()
    if program is None:
        yield Row(
            "check of 60 lines with hadolint",
            one,
            unit="ms",
            missing="hadolint is not installed (pip install jupyter-azureml-image[lint])",
        )
        return
    fresh = _fresh_texts()
    found = in_turn(
        turns // 3,
        {
            "ours": lambda: _with_hadolint(root, next(fresh)),
            "peer": lambda: _hadolint(program, next(fresh)),
        },
    )
    both, alone = found.median("ours") or 0.0, found.median("peer") or 0.0
    yield Row(
        "check of 60 lines with hadolint",
        both * 1000,
        alone * 1000,
        "hadolint alone",
        unit="ms",
        goal="at most 20 ms on top",
        met=both <= alone + 0.020,
        turns=turns // 3,
        note="another text each turn: an answer of hadolint's is kept for a text it has seen",
    )


def ours(root: Path, text: str = SIXTY_LINES) -> None:
    """Parse, evaluate, resolve the context, check."""
    dockerfile = parse(text)
    facts = evaluate(dockerfile)
    manifest = resolve_context(root, reach=facts.context_sources)
    check(CheckInput(dockerfile, manifest=manifest, read=lambda path: _read(root / path)))


def _with_hadolint(root: Path, text: str) -> None:
    hadolint.findings(text)
    ours(root, text)


def _hadolint(program: str, text: str) -> None:
    command = [program, "--no-fail", "--format", "json", "-"]
    subprocess.run(command, input=text.encode(), capture_output=True, check=False)


def _fresh_texts() -> Iterator[str]:
    """The sixty lines, a package named differently in each: what an edited cell is."""
    return (SIXTY_LINES.replace("libpng-tools", f"libpng-tools-{n}") for n in itertools.count())


def _read(path: Path) -> bytes | None:
    return path.read_bytes() if path.is_file() else None


def _median(work: Callable[[], None], turns: int) -> float:
    times = []
    for _ in range(turns):
        started = time.perf_counter()
        work()
        times.append(time.perf_counter() - started)
    return statistics.median(times)
