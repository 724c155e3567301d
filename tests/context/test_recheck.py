"""A folder that is read by somebody else is looked at once more."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from jupyter_azureml_image.context import snapshot
from jupyter_azureml_image.context.manifest import resolve_context
from jupyter_azureml_image.context.reading import ContextChanged
from jupyter_azureml_image.context.recheck import recheck


def test_a_folder_that_was_left_alone_is_what_it_was(tree, tmp_path):
    root = tree({"a": "1", "d/b": "2", "l": "-> a", "no.log": "", ".dockerignore": "*.log"})
    manifest = resolve_context(root, snapshots=tmp_path / "snapshots")
    (root / "no.log").write_text("written all the time")
    recheck(manifest, None)
    part = resolve_context(root, reach=("d",))
    (root / "a").write_text("not asked for")
    recheck(part, None)


@pytest.mark.parametrize(
    ("change", "path"),
    [
        (lambda root: (root / "a").write_text("9"), "a changed"),
        (lambda root: (root / "a").chmod(0o755), "a changed"),
        (lambda root: (root / "a").unlink(), "a vanished"),
        (lambda root: (root / "d" / "new").write_text(""), "d/new changed"),
        (lambda root: ((root / "l").unlink(), (root / "l").symlink_to("d")), "l changed"),
        (lambda root: (root / ".dockerignore").write_text("d"), ".dockerignore changed"),
    ],
)
def test_what_changed_is_named(tree, change, path):
    root = tree({"a": "1", "d/b": "2", "l": "-> a", ".dockerignore": "*.log"})
    manifest = resolve_context(root)
    change(root)
    with pytest.raises(ContextChanged, match=f"The context file {path}"):
        recheck(manifest, None)


def test_a_change_that_was_taken_back_is_noticed(tree, tmp_path, monkeypatch):
    # Files at rest are believed by their status; here they need no rest.
    monkeypatch.setattr(snapshot, "_REST", -(10**10))
    root = tree({"a": "first"})
    manifest = resolve_context(root, snapshots=tmp_path / "snapshots")
    assert set(manifest.stamps) == {"a"}
    _rewrite(root / "a", "other")
    _rewrite(root / "a", "first")
    with pytest.raises(ContextChanged, match="a changed"):
        recheck(manifest, None)


def test_a_change_to_a_file_just_written_that_was_taken_back_is_noticed(tree):
    root = tree({"a": "first"})
    manifest = resolve_context(root)
    assert manifest.stamps == {}
    _rewrite(root / "a", "other")
    _rewrite(root / "a", "first")
    with pytest.raises(ContextChanged, match="a changed"):
        recheck(manifest, None)


def test_a_file_whose_status_proves_nothing_is_read_again(tree):
    # Just written: another write within the clock's step could leave the very same status.
    root = tree({"a": "first", "b": "stays"})
    manifest = resolve_context(root)
    assert manifest.stamps == {}
    moment = (root / "a").stat().st_mtime_ns
    (root / "a").write_text("other")
    os.utime(root / "a", ns=(moment, moment))
    with pytest.raises(ContextChanged, match="a changed"):
        recheck(manifest, None)


def _rewrite(file: Path, text: str) -> None:
    """Write, with another time whatever the clock's step is."""
    time = file.stat().st_mtime_ns + 1
    file.write_text(text)
    os.utime(file, ns=(time, time))
