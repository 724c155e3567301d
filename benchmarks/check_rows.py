"""The check's rows: a 60-line Dockerfile with its context, 200 files, and with hadolint.

`python -m benchmarks.check_rows [--folder DIR]` prints them. Everything is warm: the rules and
the catalog are loaded once per kernel.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks.check_input import SIXTY_LINES, make_context, many
from benchmarks.context_rows import Row
from jupyter_azureml_image.context.manifest import resolve_context
from jupyter_azureml_image.dockerfile.evaluate import evaluate
from jupyter_azureml_image.dockerfile.parse import parse
from jupyter_azureml_image.lint import hadolint
from jupyter_azureml_image.lint.check import CheckInput, check


def rows(folder: Path, *, quick: bool = False) -> Iterator[Row]:
    """Every row, measured now."""
    root = make_context(folder)
    turns = 15 if quick else 60

    def whole() -> None:
        ours(root)

    ours(root)
    one = _median(whole, turns) * 1000
    yield Row("check of 60 lines with context, warm", one, 20.0, "goal", 20.0, unit="ms")
    texts = many()
    started = time.process_time()
    for text in texts:
        check(CheckInput(parse(text)))
    each = (time.process_time() - started) / len(texts) * 1000
    yield Row("parser and rules, per file of 200", each, 5.0, "goal", 5.0, unit="ms")
    program = hadolint.program()
    if program is not None:
        alone = _median(lambda: _hadolint(program), turns // 3) * 1000
        both = _median(lambda: _with_hadolint(root), turns // 3) * 1000
        yield Row(
            "the same with hadolint", both, alone + 20, "hadolint + 20 ms", alone + 20, unit="ms"
        )


def ours(root: Path) -> None:
    """Parse, evaluate, resolve the context, check."""
    dockerfile = parse(SIXTY_LINES)
    facts = evaluate(dockerfile)
    manifest = resolve_context(root, reach=facts.context_sources)
    check(CheckInput(dockerfile, manifest=manifest, read=lambda path: _read(root / path)))


def _with_hadolint(root: Path) -> None:
    hadolint.findings(SIXTY_LINES)
    ours(root)


def _hadolint(program: str) -> None:
    command = [program, "--no-fail", "--format", "json", "-"]
    subprocess.run(command, input=SIXTY_LINES.encode(), capture_output=True, check=False)


def _read(path: Path) -> bytes | None:
    return path.read_bytes() if path.is_file() else None


def _median(work: Callable[[], None], turns: int) -> float:
    times = []
    for _ in range(turns):
        started = time.perf_counter()
        work()
        times.append(time.perf_counter() - started)
    return statistics.median(times)


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=Path("/tmp/azureml-image-bench"))
    parser.add_argument("--quick", action="store_true")
    given = parser.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    for row in rows(given.folder, quick=given.quick):
        print(f"{row.name}: {row.ours:.1f} {row.unit} ({row.peer_name}: {row.peer:.1f})")


if __name__ == "__main__":
    main()
