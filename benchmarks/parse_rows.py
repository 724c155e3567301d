"""The parser's rows: 132 Dockerfiles of the class that Microsoft's repositories hold, one of 60
lines, read and evaluated, and the form's way round.

The peers are the two parsers that the tests
compare ours with; neither of them gives columns, checks instructions, or goes on after a fault.
"""

from __future__ import annotations

import importlib
import time
from collections.abc import Callable, Iterator

from benchmarks.check_input import SIXTY_LINES, many
from benchmarks.place import Place
from benchmarks.table import Row
from benchmarks.turns import MissingPeerError, at_least, in_turn
from jupyter_azureml_image.dockerfile.evaluate import evaluate
from jupyter_azureml_image.dockerfile.parse import parse
from jupyter_azureml_image.spec import ImageSpec

FILES = 132


def rows(place: Place) -> Iterator[Row]:
    """Every row, measured now."""
    yield _many(place)
    turns = 5 if place.quick else 20
    whole = _best(lambda: evaluate(parse(SIXTY_LINES)), turns)
    yield Row("reading and evaluating 60 lines", whole, unit="ms", note="processor time")
    form = _best(lambda: ImageSpec.from_dockerfile(SIXTY_LINES).to_dockerfile(), turns)
    yield Row("60 lines into the form and back", form, unit="ms", note="processor time")


def _many(place: Place) -> Row:
    texts, turns = many()[:FILES], place.turns * 3
    e2b = _peer("e2b_dockerfile_utils", "parse_dockerfile_ast")
    go = _peer("dockerfile", "parse_string")
    ways = {"ours": _all(lambda: parse, texts), "e2b": _all(e2b, texts), "go": _all(go, texts)}
    in_turn(1, ways)
    found = in_turn(turns, ways)
    each = {way: seconds * 1000 / FILES for way in ways if (seconds := found.median(way))}
    peer = each.get("e2b")
    return Row(
        "parse, per file of 132",
        each["ours"],
        peer,
        "e2b-dockerfile-utils",
        unit="ms",
        goal="at least as fast",
        met=at_least(peer, each["ours"], 1),
        turns=turns,
        note=f"the Go binding {each['go']:.2f} ms" if "go" in each else "",
        missing=found.why,
    )


def _all(way: Callable[[], Callable[[str], object]], texts: list[str]) -> Callable[[], None]:
    def run() -> None:
        one = way()
        for text in texts:
            one(text)

    return run


def _peer(module: str, name: str) -> Callable[[], Callable[[str], object]]:
    def get() -> Callable[[str], object]:
        try:
            found: Callable[[str], object] = getattr(importlib.import_module(module), name)
        except ImportError:
            raise MissingPeerError(f"{module} is not installed (pip install -e .[dev])") from None
        return found

    return get


def _best(work: Callable[[], object], turns: int) -> float:
    work()
    times = []
    for _ in range(turns):
        started = time.process_time()
        for _ in range(20):
            work()
        times.append((time.process_time() - started) / 20 * 1000)
    return min(times)
