"""`python -m benchmarks [--quick] [--only ROW] [--json PATH]`: one table, ours beside its peers."""

from __future__ import annotations

import argparse
import importlib
import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks import table
from benchmarks.place import Place, keep_bytecode
from benchmarks.table import Row

# What a user feels most comes first. Each is `module:function`, called with the place.
ROWS = {
    "load": "start_rows:load",
    "restart": "kernel_rows:restart",
    "loop": "loop_rows:loop",
    "cold": "build_rows:cold",
    "rerun": "build_rows:rerun",
    "changed": "build_rows:changed",
    "stages": "build_rows:stages",
    "interrupt": "kernel_rows:interrupt",
    "register": "kernel_rows:register",
    "pack": "context_rows:packing",
    "upload": "upload_rows:upload",
    "check": "check_rows:rows",
    "parse": "parse_rows:rows",
    "ignore": "context_rows:ignoring",
    "log": "log_rows:log",
    "panel": "panel_rows:panel",
    "key": "panel_rows:keystroke",
    "frames": "panel_rows:frames",
    "acr-log": "acr_rows:first_line",
    "acr-memory": "acr_rows:memory",
    "acr-loop": "acr_rows:loop",
}
GROWTH = "growth"
LONGER = ("interrupt", "panel", "key", "frames", "acr-log", "acr-memory", "acr-loop")
"""Left to the full run, which the quick table says: three minutes are not enough for all."""


def measured(key: str, place: Place) -> Iterator[Row]:
    """The rows of one key; what went wrong is a row too."""
    module, _, function = ROWS[key].partition(":")
    try:
        yield from getattr(importlib.import_module(f"benchmarks.{module}"), function)(place)
    except Exception as error:  # a row that cannot be measured says so and stops no other
        words = " ".join(f"{type(error).__name__}: {error}".split())
        yield Row(key, None, missing=f"this could not be measured: {words[:400]}")


class Report:
    """What is printed as it comes, and kept."""

    def __init__(self) -> None:
        self.rows: list[Row] = []
        self.grown: list[dict[str, object]] = []
        self.text = ""

    def say(self, text: str) -> None:
        """Print a line of Markdown."""
        self.text += text + "\n"
        print(text, flush=True)


def report(place: Place, only: list[str] | None) -> Report:
    """Measure `only` these (None: all that belong to this run), printing every row as it comes."""
    left = LONGER if place.quick and only is None else ()
    wanted = only or [key for key in (*ROWS, GROWTH) if key not in left]
    said = Report()
    said.say(
        f"{'Quick, with small inputs. ' if place.quick else ''}{table.heading(table.machine())}\n"
    )
    keys = [key for key in wanted if key in ROWS]
    if keys:
        said.say(table.head())
    for key in keys:
        started = time.monotonic()
        for row in measured(key, place):
            said.rows.append(row)
            said.say(table.line(row.cells()))
        print(f"{key}: {time.monotonic() - started:.0f} s", file=sys.stderr, flush=True)
    if left:
        said.say(f"\nIn the full run only: {', '.join(left)}.")
    if GROWTH in wanted:
        growth = importlib.import_module("benchmarks.growth")
        said.say(f"\n{table.head(growth.HEAD)}")
        for grew in growth.growth(place):
            said.grown.append(grew)
            said.say(table.line(growth.cells(grew)))
    return said


def main() -> int:
    """Measure and print; 1 when something could not be measured."""
    given = _options()
    given.folder.mkdir(parents=True, exist_ok=True)
    keep_bytecode(given.folder.resolve())
    place = Place(given.folder.resolve(), given.quick)
    facts = table.machine()
    try:
        said = report(place, given.only)
    finally:
        place.close()
    if given.json:
        document = table.document(said.rows, said.grown) | {"machine": facts}
        given.json.write_text(json.dumps(document, indent=1))
    if given.docs:
        given.docs.write_text(table.put(given.docs.read_text(), said.text))
    return int(any(row.ours is None for row in said.rows))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="the same rows with small inputs")
    parser.add_argument("--only", action="append", choices=[*ROWS, GROWTH], help="repeatable")
    parser.add_argument("--json", type=Path, help="write the figures there too")
    parser.add_argument("--docs", type=Path, help="put the table into this page, at its mark")
    parser.add_argument("--folder", type=Path, default=Path(".dev/bench"))
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
