"""A kernel's second look at a folder gives what a first one would."""

from __future__ import annotations

import os
import random

import pytest

from jupyter_azureml_image.context import recent, snapshot
from jupyter_azureml_image.context.manifest import resolve_context


@pytest.fixture(autouse=True)
def at_rest(monkeypatch):
    """Files count as at rest at once; and what other tests resolved is not known here."""
    monkeypatch.setattr(snapshot, "_REST", -(10**10))
    monkeypatch.setattr(recent, "_last", {})


def test_what_did_not_change_is_taken_over(tree, tmp_path):
    root = tree({"a": "1", "d/b": "2", "l": "-> a"})
    first = resolve_context(root, snapshots=tmp_path / "snapshots")
    (root / "a").write_text("changed")
    second = resolve_context(root, snapshots=tmp_path / "snapshots")
    same = {entry.path for entry in second.entries if any(entry is old for old in first.entries)}
    assert same == {"d/b"}
    assert second == resolve_context(root)


def test_a_folder_changed_at_random_is_seen_as_by_a_new_kernel(tree, tmp_path, monkeypatch):
    dice = random.Random(6)
    root = tree({f"d{n % 5}/f{n}": f"{n}" for n in range(40)})
    for turn in range(25):
        for _ in range(dice.randrange(4)):
            _change(dice, root / f"d{dice.randrange(6)}" / f"f{dice.randrange(45)}", turn)
        reach = None if turn % 3 else ("d1", "d2")
        here = resolve_context(root, reach=reach, snapshots=tmp_path / "snapshots")
        with monkeypatch.context() as patched:
            patched.setattr(recent, "_last", {})
            later = resolve_context(root, reach=reach, snapshots=tmp_path / "snapshots")
        plain = resolve_context(root, reach=reach)
        assert here == later == plain
        assert here.stamps == later.stamps


def _change(dice, file, turn):
    file.parent.mkdir(exist_ok=True)
    match dice.randrange(5):
        case 0:
            file.unlink(missing_ok=True)
        case 1:
            file.unlink(missing_ok=True)
            file.symlink_to(f"turn{turn}")
        case 2 if file.is_file() and not file.is_symlink():
            file.chmod(0o755 if turn % 2 else 0o600)
        case 3 if file.is_file() and not file.is_symlink():
            moment = file.stat().st_mtime_ns
            file.write_text(file.read_text()[::-1] + "x")
            os.utime(file, ns=(moment, moment))
        case _:
            file.unlink(missing_ok=True)
            file.write_text(f"{turn}")
            os.utime(file, ns=(turn, turn))  # whatever the clock's step is


def test_only_a_few_folders_and_no_large_one_are_kept(tree, tmp_path, monkeypatch):
    monkeypatch.setattr(recent, "_MOST", 2)
    snapshots = tmp_path / "snapshots"
    root = tree({"a": "1", "b": "2"})
    resolve_context(root, snapshots=snapshots)
    assert recent.recall(snapshots, root) is not None
    (root / "c").write_text("3")
    resolve_context(root, snapshots=snapshots)
    assert recent.recall(snapshots, root) is None
    for number in range(9):
        (tmp_path / f"r{number}").mkdir()
        resolve_context(tmp_path / f"r{number}", snapshots=snapshots)
    assert [place.name for _, place in recent._last] == ["r5", "r6", "r7", "r8"]


def test_without_a_folder_for_digests_nothing_is_kept(tree):
    resolve_context(tree({"a": "1"}))
    assert recent._last == {}
