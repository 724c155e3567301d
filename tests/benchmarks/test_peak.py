"""The most memory of a process is its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from benchmarks.peak import forget, peak

ROOT = Path(__file__).parents[2]


def test_a_small_process_does_not_tell_the_peak_of_the_big_one_that_started_it() -> None:
    big = bytearray(300_000_000)
    big[:: 1 << 12] = b"\1" * len(big[:: 1 << 12])  # every page is touched
    program = "from benchmarks.peak import peak; print(peak())"
    said = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, stdout=subprocess.PIPE, check=True
    )
    assert float(said.stdout) < 100
    assert peak() > 300


def test_what_was_taken_before_can_be_forgotten() -> None:
    big = bytearray(300_000_000)
    big[:: 1 << 12] = b"\1" * len(big[:: 1 << 12])
    before = peak()
    del big
    forget()
    assert peak() < before - 250
