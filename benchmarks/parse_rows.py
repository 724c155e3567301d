"""The parser's rows: a 60-line Dockerfile read, read and evaluated, and the form's way round.

`python -m benchmarks.parse_rows` prints them. The peers are the two parsers that the tests
compare ours with; neither of them gives columns, checks instructions, or goes on after a fault.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

from benchmarks.check_input import SIXTY_LINES
from benchmarks.context_rows import Row
from jupyter_azureml_image.dockerfile.evaluate import evaluate
from jupyter_azureml_image.dockerfile.parse import parse
from jupyter_azureml_image.spec import ImageSpec


def rows(*, quick: bool = False) -> Iterator[Row]:
    """Every row, measured now: the best of several runs, in milliseconds of processor time."""
    import dockerfile as go_binding
    import e2b_dockerfile_utils as in_python

    turns = 5 if quick else 20
    ours = _best(lambda: parse(SIXTY_LINES), turns)
    for name, read in (
        ("Go binding 3.4", lambda: go_binding.parse_string(SIXTY_LINES)),
        ("e2b-dockerfile-utils 0.1.1", lambda: in_python.parse_dockerfile_ast(SIXTY_LINES)),
    ):
        yield Row("reading 60 lines", ours, _best(read, turns), name, unit="ms")
    yield Row("reading 60 lines", ours, 0.9, "goal", 0.9, unit="ms")
    whole = _best(lambda: evaluate(parse(SIXTY_LINES)), turns)
    yield Row("reading and evaluating 60 lines", whole, 20.0, "check's goal", 20.0, unit="ms")
    form = _best(lambda: ImageSpec.from_dockerfile(SIXTY_LINES).to_dockerfile(), turns)
    yield Row("into the form and back", form, 100.0, "keystroke's goal", 100.0, unit="ms")


def _best(work: Callable[[], object], turns: int) -> float:
    work()
    times = []
    for _ in range(turns):
        started = time.process_time()
        for _ in range(20):
            work()
        times.append((time.process_time() - started) / 20 * 1000)
    return min(times)


if __name__ == "__main__":
    for row in rows():
        print(f"{row.name:34} {row.ours:7.3f} ms   {row.peer_name}: {row.peer:7.3f} ms")
