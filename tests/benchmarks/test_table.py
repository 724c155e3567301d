"""What the table of `make bench` says, and that nothing vanishes from it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from benchmarks import __main__ as command
from benchmarks import table
from benchmarks.place import Place
from benchmarks.table import Row
from benchmarks.turns import MissingPeerError, at_least, at_most, in_turn

ROOT = Path(__file__).parents[2]


def test_a_row_says_ours_peer_limit_ratio_goal_and_whether_it_is_met() -> None:
    row = Row(
        "pack", 2.0, 101.0, "azure-cli", 0.96, goal="40 times", met=True, turns=5, note="flat"
    )
    assert table.line(row.cells()) == (
        "| pack (s) | 2 | 101 (azure-cli) | 0.96 | 50x | 40 times | yes | median of 5; flat |"
    )


def test_the_table_has_as_many_cells_as_its_head() -> None:
    head, rule = table.head().splitlines()
    assert (
        head.count("|") == rule.count("|") == table.line(Row("a|b", 1.0).cells()).count(" | ") + 2
    )


def test_a_missing_peer_is_said_and_ours_is_measured_all_the_same() -> None:
    def peer() -> None:
        raise MissingPeerError("azure-cli is not installed")

    found = in_turn(3, {"ours": lambda: 0.5, "peer": peer})
    row = Row("pack", found.median("ours"), found.median("peer"), missing=found.why)
    assert row.ours == 0.5
    assert "MISSING: azure-cli is not installed" in table.line(row.cells())
    assert at_most(row.peer, 1) is at_least(row.peer, row.ours, 2) is None


def test_the_ways_are_measured_in_turn() -> None:
    order: list[str] = []
    in_turn(2, {"ours": lambda: order.append("ours"), "peer": lambda: order.append("peer")})
    assert order == ["ours", "peer", "ours", "peer"]


def test_a_row_that_cannot_be_measured_stays_in_the_table(tmp_path, monkeypatch) -> None:
    monkeypatch.setitem(command.ROWS, "load", "no_such_rows:load")
    (row,) = command.measured("load", Place(tmp_path))
    assert row.ours is None
    assert "could not be measured" in row.missing


def test_every_row_of_the_table_has_its_function() -> None:
    import importlib

    for place in command.ROWS.values():
        module, _, function = place.partition(":")
        assert callable(getattr(importlib.import_module(f"benchmarks.{module}"), function))


def test_the_table_is_put_into_the_page_at_its_mark() -> None:
    page = (ROOT / "docs" / "benchmarks.md").read_text()
    written = table.put(table.put(page, "| old |\n"), "| new |\n")
    assert "<!-- table -->\n| new |\n<!-- end of table -->" in written
    assert "| old |" not in written


def test_one_row_by_the_command_line_in_markdown_and_json(tmp_path: Path) -> None:
    figures = tmp_path / "figures.json"
    words = ["--quick", "--only", "ignore", "--folder", str(tmp_path), "--json", str(figures)]
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", *words],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert "cores" in done.stdout.splitlines()[0]
    assert "| ignore decision per path, 40 patterns (us) |" in done.stdout
    (row,) = json.loads(figures.read_text())["rows"]
    assert row["ours"] > 0
    assert row["ratio"] == row["peer"] / row["ours"]


def test_the_quick_run_says_what_it_leaves_to_the_full_one(tmp_path, monkeypatch, capsys) -> None:
    monkeypatch.setattr(command, "measured", lambda key, place: iter([Row(key, 1.0)]))
    monkeypatch.setattr("benchmarks.growth.growth", lambda place: iter(()))
    quick = [row.name for row in command.report(Place(tmp_path, quick=True), None).rows]
    assert capsys.readouterr().out.count("In the full run only: interrupt, panel") == 1
    full = [row.name for row in command.report(Place(tmp_path), None).rows]
    assert full == list(command.ROWS)
    assert [key for key in full if key not in quick] == list(command.LONGER)
    command.report(Place(tmp_path, quick=True), ["load"])
    assert "In the full run only" not in capsys.readouterr().out
