"""Defects that are planted into working contexts are found; the contexts themselves are quiet."""

from __future__ import annotations

import statistics

from benchmarks.check_planted import CONTEXTS, PLANTED, found, planted


def test_the_working_contexts_have_no_error_and_hardly_a_warning() -> None:
    assert [d.code for case in CONTEXTS for d in found(case) if d.severity == "error"] == []
    warnings = [sum(d.severity == "warning" for d in found(case)) for case in CONTEXTS]
    assert statistics.median(warnings) <= 2, [[d.code for d in found(c)] for c in CONTEXTS]


def test_at_least_95_of_100_planted_defects_are_told() -> None:
    results = list(planted())
    assert len(results) >= len(PLANTED)
    missed = [(code, number) for code, number, told in results if not told]
    assert len(missed) <= 0.05 * len(results), missed
