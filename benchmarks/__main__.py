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
from benchmarks.place import Place
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
}
GROWTH = "growth"


def measured(key: str, place: Place) -> Iterator[Row]:
    """The rows of one key; what went wrong is a row too."""
    module, _, function = ROWS[key].partition(":")
    try:
        yield from getattr(importlib.import_module(f"benchmarks.{module}"), function)(place)
    except Exception as error:  # a row that cannot be measured says so and stops no other
        words = " ".join(f"{type(error).__name__}: {error}".split())
        yield Row(key, None, missing=f"this could not be measured: {words[:400]}")


def main() -> int:
    """Measure and print; 1 when something could not be measured."""
    given = _options()
    given.folder.mkdir(parents=True, exist_ok=True)
    place = Place(given.folder.resolve(), given.quick)
    facts = table.machine()
    wanted = given.only or [*ROWS, GROWTH]
    rows: list[Row] = []
    grown: list[dict[str, object]] = []
    print(f"{'Quick, with small inputs. ' if given.quick else ''}{table.heading(facts)}\n")
    try:
        if set(wanted) & set(ROWS):
            print(table.head(), flush=True)
        for key in filter(ROWS.__contains__, wanted):
            started = time.monotonic()
            for row in measured(key, place):
                rows.append(row)
                print(table.line(row.cells()), flush=True)
            print(f"{key}: {time.monotonic() - started:.0f} s", file=sys.stderr, flush=True)
        if GROWTH in wanted:
            growth = importlib.import_module("benchmarks.growth")
            print(f"\n{table.head(growth.HEAD)}", flush=True)
            for grew in growth.growth(place):
                grown.append(grew)
                print(table.line(growth.cells(grew)), flush=True)
    finally:
        place.close()
    if given.json:
        given.json.write_text(
            json.dumps(table.document(rows, grown) | {"machine": facts}, indent=1)
        )
    return int(any(row.ours is None for row in rows))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="the same rows with small inputs")
    parser.add_argument("--only", action="append", choices=[*ROWS, GROWTH], help="repeatable")
    parser.add_argument("--json", type=Path, help="write the figures there too")
    parser.add_argument("--folder", type=Path, default=Path(".dev/bench"))
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
