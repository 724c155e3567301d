"""A child process is awaited without a timer, where the system tells of its end."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from jupyter_azureml_image.build.child import Child

LONG = 600.0  # seconds; a test that waits for them fails by its own time limit


def started(tmp_path: Path, code: str) -> Child:
    return Child.start([sys.executable, "-c", code], os.environ, tmp_path / "log", tmp_path)


def test_the_end_of_a_child_ends_the_wait_for_it(tmp_path: Path) -> None:
    child = started(tmp_path, "print('done')")
    child.await_end(LONG)
    assert not child.running()
    assert (tmp_path / "log").read_text() == "done\n"


def test_a_child_that_ended_is_not_waited_for(tmp_path: Path) -> None:
    child = started(tmp_path, "")
    child.stop()
    child.await_end(LONG)
    assert not child.running()


def test_a_wait_is_over_though_the_child_goes_on(tmp_path: Path) -> None:
    child = started(tmp_path, "import time; time.sleep(600)")
    child.await_end(0.01)
    assert child.running()
    child.stop()
    assert not child.running()


def test_without_the_systems_word_it_is_looked_after(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(os, "pidfd_open", raising=False)
    child = started(tmp_path, "")
    child.await_end(LONG)
    assert child.process is not None
    assert child.process.returncode == 0
