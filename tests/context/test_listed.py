"""A folder that did not change is not listed again, and what is found is the same."""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest

from jupyter_azureml_image.context import listed
from jupyter_azureml_image.context.ignore import IgnoreRules
from jupyter_azureml_image.context.manifest import Look
from jupyter_azureml_image.context.mounts import Mounts
from jupyter_azureml_image.context.walk import walk


@pytest.fixture(autouse=True)
def at_rest(monkeypatch):
    """Folders count as at rest at once."""
    monkeypatch.setattr(listed, "_REST", -(10**10))


@pytest.fixture
def listings(monkeypatch):
    """The folders that were listed, by name."""
    names = []
    open_ = os.open

    def spied(path, flags, *more, **named):
        if flags & os.O_DIRECTORY:
            names.append(Path(path).name)
        return open_(path, flags, *more, **named)

    monkeypatch.setattr(os, "open", spied)
    return names


def looked(root, before=None, rules=""):
    read = IgnoreRules.read(rules)
    listings = listed.Listings(root, read, before and before.listed)
    return Look(read, (), walk(root, ("",), read, listings), listings.listed)


def moved(folder, turn=1):
    """Another status, whatever the step of the clock is: tests do not wait for it."""
    os.utime(folder, ns=(turn, 10**18 + turn))


def test_only_the_folder_that_changed_is_listed(tree, listings):
    root = tree({"a/x": "1", "b/y": "2", "b/c/z": "3"})
    first = looked(root)
    (root / "b/new").write_text("4")
    moved(root / "b")
    listings.clear()
    second = looked(root, first)
    assert sorted(listings) == ["b", root.name]
    assert set(second.walked.kept) == {"a", "a/x", "b", "b/y", "b/c", "b/c/z", "b/new"}


def test_a_file_that_changed_in_an_unchanged_folder_is_seen(tree):
    root = tree({"a/x": "1"})
    first = looked(root)
    (root / "a/x").write_text("longer")
    assert (
        looked(root, first).walked.kept["a/x"]
        == looked(root).walked.kept["a/x"]
        != first.walked.kept["a/x"]
    )


def test_a_folder_that_was_not_at_rest_is_listed_again(tree, listings, monkeypatch):
    monkeypatch.setattr(listed, "_REST", 10**10)
    root = tree({"a/x": "1"})
    first = looked(root)
    listings.clear()
    looked(root, first)
    assert "a" in listings


def test_a_folder_on_a_network_mount_is_listed_again(tree, listings, monkeypatch):
    monkeypatch.setattr(Mounts, "here", lambda: Mounts((("/", "0:0", "cifs"),)))
    root = tree({"a/x": "1"})
    first = looked(root)
    listings.clear()
    looked(root, first)
    assert "a" in listings


def test_under_other_ignore_rules_everything_is_listed_again(tree, listings):
    root = tree({"a/x": "1", "a/y": "2"})
    first = looked(root)
    listings.clear()
    assert set(looked(root, first, "a/y").walked.kept) == {"a", "a/x"}
    assert "a" in listings


def test_a_folder_of_which_something_is_left_out_is_listed_again(tree):
    root = tree({"a/x": "1", "a/y": "2", "b/x": "3"})
    first = looked(root, rules="a/y")
    second = looked(root, first, "a/y")
    assert set(second.walked.dropped) == {"a/y"}
    assert set(second.listed.folders) == {"b"}


def test_a_file_that_vanishes_beside_the_look_is_left_out(tree, monkeypatch):
    root = tree({"a/x": "1", "a/y": "2"})
    first = looked(root)
    lstat = os.lstat

    def gone(path, **options):
        if os.fspath(path).endswith("a/x"):
            raise FileNotFoundError(path)
        return lstat(path, **options)

    monkeypatch.setattr(os, "lstat", gone)
    assert set(looked(root, first).walked.kept) == {"a", "a/y"}


def test_a_device_mounted_over_a_file_is_left_out_and_said(tree, monkeypatch):
    root = tree({"a/x": "1", "a/y": "2"})
    first = looked(root)
    lstat, scandir = os.lstat, os.scandir
    device = Path("/dev/null").stat()

    class Entry:
        def __init__(self, entry):
            self.name, self._entry = entry.name, entry

        def stat(self, *, follow_symlinks):
            plain = self._entry.stat(follow_symlinks=follow_symlinks)
            return device if self.name == "x" else plain

    class Scan:
        def __init__(self, found):
            self._found = found

        def __enter__(self):
            return map(Entry, self._found)

        def __exit__(self, *error):
            self._found.close()

    monkeypatch.setattr(
        os, "lstat", lambda path: device if os.fspath(path).endswith("a/x") else lstat(path)
    )
    monkeypatch.setattr(os, "scandir", lambda path: Scan(scandir(path)))
    second = looked(root, first)
    assert second.walked.skipped == ["a/x"]
    assert "a/y" in second.walked.kept


def test_folders_changed_at_random_are_found_as_by_a_first_look(tree):
    dice = random.Random(7)
    root = tree({f"d{n % 4}/e{n % 3}/f{n}": f"{n}" for n in range(60)})
    rules, before = "", None
    for turn in range(60):
        for _ in range(dice.randrange(4)):
            _change(dice, root / f"d{dice.randrange(5)}" / f"e{dice.randrange(3)}", turn)
        if turn % 10 == 9:
            rules = dice.choice(("", "**/f1*", "d1\n!d1/e1", "**/e2"))
        before, plain = looked(root, before, rules), looked(root, None, rules)
        assert before.walked.kept == plain.walked.kept
        assert before.walked.dropped == plain.walked.dropped
        assert sorted(before.walked.skipped) == sorted(plain.walked.skipped)


def _change(dice, folder, turn):
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"f{dice.randrange(30)}"
    match dice.randrange(5):
        case 0:
            file.unlink(missing_ok=True)
        case 1 if not file.is_dir():
            file.unlink(missing_ok=True)
            file.mkdir()
            (file / "deep").write_text("x")
            moved(file, turn)
        case 2 if file.is_file():
            file.unlink()
            os.mkfifo(file)
        case 3 if not file.exists():
            file.symlink_to("f1")
        case _ if not file.is_dir():
            file.with_name("new").write_text(f"{turn}")
            file.with_name("new").replace(file)
    for place in (folder, folder.parent):
        moved(place, turn)
