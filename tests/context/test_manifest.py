"""What is sent, as a value."""

from __future__ import annotations

import hashlib
import json
import os
import socket
from pathlib import Path

import pytest

from jupyter_azureml_image import wire
from jupyter_azureml_image.context import manifest as manifests
from jupyter_azureml_image.context import reading, snapshot
from jupyter_azureml_image.context.manifest import ContextManifest, resolve_context
from jupyter_azureml_image.context.reading import ContextChanged
from jupyter_azureml_image.errors import ContextError


def paths(manifest: ContextManifest) -> list[str]:
    return [entry.path for entry in manifest.entries]


def test_files_folders_and_links_are_listed_in_order_with_what_they_hold(tree):
    root = tree(
        {"b.py": "x", "a/c.txt": "hello", "a-b": "", "l": "-> nowhere/at all", "empty": None}
    )
    manifest = resolve_context(root)
    assert paths(manifest) == ["a", "a-b", "a/c.txt", "b.py", "empty", "l"]
    hello = manifest.entries[2]
    assert (hello.kind, hello.size, hello.mode) == ("file", 5, 0o644)
    assert hello.digest == "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"
    assert (manifest.entries[5].kind, manifest.entries[5].target) == ("link", "nowhere/at all")
    assert (len(manifest.files), manifest.size) == (3, 6)


def test_the_digest_moves_with_content_mode_kind_and_name_but_not_with_time(tree):
    root = tree({"a": "1", "d/b": "2"})
    before = resolve_context(root).digest
    os.utime(root / "a", (1, 1))
    assert resolve_context(root).digest == before
    seen = {before}
    for change in (
        lambda: (root / "a").write_text("3"),
        lambda: (root / "a").chmod(0o755),
        lambda: (root / "d").chmod(0o700),
        lambda: (root / "a").rename(root / "c"),
        lambda: (root / "l").symlink_to("c"),
        (root / "empty").mkdir,
    ):
        change()
        seen.add(resolve_context(root).digest)
    assert len(seen) == 7


def test_a_dropped_file_is_listed_with_the_rule_and_a_dropped_folder_once(tree):
    root = tree(
        {".dockerignore": "**/*.pyc\ndata\n", "a.pyc": "", "data/1": "", "data/2": "", "s.py": ""}
    )
    manifest = resolve_context(root)
    assert paths(manifest) == [".dockerignore", "s.py"]
    assert [(d.path, d.rule, d.line) for d in manifest.dropped] == [
        ("a.pyc", "**/*.pyc", 1),
        ("data/", "data", 2),
    ]
    assert manifest.ignore_file == ".dockerignore"


def test_a_folder_left_out_comes_back_with_what_an_exception_keeps_in_it(tree):
    root = tree({".dockerignore": "*\n!a/b/keep\n", "a/b/keep": "", "a/b/no": "", "z/no": ""})
    manifest = resolve_context(root)
    assert paths(manifest) == ["a", "a/b", "a/b/keep"]
    assert [d.path for d in manifest.dropped] == [".dockerignore", "a/b/no", "z/"]


def test_only_what_the_sources_reach_is_read(tree, monkeypatch):
    root = tree({"src/app.py": "", "src/data/1.csv": "", "big/model.bin": "", "README.md": ""})
    opened = []
    plain = reading.os.open
    monkeypatch.setattr(
        reading.os,
        "open",
        lambda path, *args: (opened.append(Path(path).name), plain(path, *args))[1],
    )
    manifest = resolve_context(root, reach=("src/*.py", "./README.md", "gone.txt"))
    assert paths(manifest) == ["README.md", "src", "src/app.py"]
    assert manifest.missing == ("gone.txt",)
    assert sorted(opened) == ["README.md", "app.py"]
    assert resolve_context(root, reach=()).entries == ()


def test_sources_are_globs_of_one_folder_each(tree):
    root = tree({"a1/x.py": "", "a2/x.txt": "", "b/x.py": "", "a1/deep/x.py": "", ".hidden": ""})
    assert paths(resolve_context(root, reach=("a?/*.py",))) == ["a1", "a1/x.py"]
    assert paths(resolve_context(root, reach=("[^b]*/x.txt",))) == ["a2", "a2/x.txt"]
    assert paths(resolve_context(root, reach=("**/x.py",))) == [
        "a1", "a1/deep", "a1/deep/x.py", "a1/x.py", "b", "b/x.py",
    ]  # fmt: skip
    assert ".hidden" in paths(resolve_context(root, reach=("*",)))
    for everything in (".", "/", "", "./", "b/.."):
        assert len(resolve_context(root, reach=(everything,)).entries) == 9
    assert paths(resolve_context(root, reach=("../../b",))) == ["b", "b/x.py"]
    with pytest.raises(ContextError, match=r"'\[a' is not a pattern"):
        resolve_context(root, reach=("[a",))


def test_a_bracket_in_a_name_can_be_escaped(tree):
    root = tree({"x[1].txt": "", "x1.txt": ""})
    assert paths(resolve_context(root, reach=("x[[]1].txt",))) == ["x[1].txt"]
    assert paths(resolve_context(root, reach=("x\\[1].txt",))) == ["x[1].txt"]


def test_a_link_that_a_source_passes_through_brings_its_target(tree):
    root = tree(
        {"real/x": "", "real/y": "", "l": "-> real", "deep/m": "-> /l", "up": "-> ../../real/x"}
    )
    assert paths(resolve_context(root, reach=("l/x",))) == ["l", "real", "real/x"]
    assert paths(resolve_context(root, reach=("deep/m/y",))) == [
        "deep",
        "deep/m",
        "l",
        "real",
        "real/y",
    ]
    assert paths(resolve_context(root, reach=("l",))) == ["l", "real", "real/x", "real/y"]
    assert paths(resolve_context(root, reach=("u*",))) == ["real", "real/x", "up"]


def test_links_to_nowhere_and_to_where_they_lie_end(tree):
    root = tree({"c": "-> gone", "d/e": "-> ."})
    manifest = resolve_context(root, reach=("c", "d/e/e/e"))
    assert paths(manifest) == ["c", "d", "d/e"]
    assert manifest.missing == ("c",)


@pytest.mark.parametrize("source", ["a/x", "a", "l", "*", "d/e/f/l"])
def test_links_in_a_circle_are_refused_by_name_as_buildkit_does(tree, source):
    root = tree({"a": "-> b", "b": "-> a", "l": "-> l", "d/e/f/l": "-> l"})
    with pytest.raises(ContextError, match="is a link that leads through too many others"):
        resolve_context(root, reach=(source,))


def test_a_folder_that_a_link_replaces_is_not_followed_out_of_the_context(
    tree, tmp_path, monkeypatch
):
    root, outside = tree({"d/x": "1"}), tmp_path / "outside"
    outside.mkdir()
    (outside / "secret").write_text("not ours")
    open_ = os.open

    def late(path, flags, *more, **named):
        if str(path).endswith("/d") and not (root / "d").is_symlink():
            (root / "d").rename(tmp_path / "moved")
            (root / "d").symlink_to(outside)
        return open_(path, flags, *more, **named)

    monkeypatch.setattr(os, "open", late)
    with pytest.raises(ContextChanged, match="d is no folder any more"):
        resolve_context(root)


def test_a_folder_that_another_replaces_is_noticed(tree, tmp_path, monkeypatch):
    root = tree({"d/x": "1", "other/x": "2"})
    open_ = os.open

    def late(path, flags, *more, **named):
        if str(path).endswith("/d") and (root / "other").exists():
            (root / "d").rename(tmp_path / "moved")
            (root / "other").rename(root / "d")
        return open_(path, flags, *more, **named)

    monkeypatch.setattr(os, "open", late)
    with pytest.raises(ContextChanged, match="d was replaced while it was read"):
        resolve_context(root)


def test_a_file_swapped_between_look_and_read_has_its_own_permissions(tree, tmp_path, monkeypatch):
    root, other = tree({"d/run.sh": "old"}), tmp_path / "other"
    other.mkdir()
    (other / "run.sh").write_text("longer")
    (other / "run.sh").chmod(0o755)
    plain = snapshot.digest_file

    def late(at, path):
        if other.exists():
            (root / "d").rename(tmp_path / "moved")
            other.rename(root / "d")
        return plain(at, path)

    monkeypatch.setattr(snapshot, "digest_file", late)
    (entry,) = resolve_context(root).files
    assert (entry.mode, entry.size) == (0o755, 6)


def test_an_ignored_folder_that_an_exception_lies_in_must_be_readable(tree, as_nobody):
    root = tree({"np/q": "", "np/r": "", ".dockerignore": "np\n!np/q"})
    (root / "np").chmod(0)
    with as_nobody(), pytest.raises(ContextError, match="np in the build context cannot be read"):
        resolve_context(root)
    (root / ".dockerignore").write_text("np")
    with as_nobody():
        assert paths(resolve_context(root)) == [".dockerignore"]
    (root / "np").chmod(0o755)


@pytest.mark.parametrize(
    ("ignore", "sent"), [("ax\n!^a*/b", "ax/b"), ("a\n!*^a/b", "a/b"), ("d\n!^d/b?", "d/b1")]
)
def test_an_exception_that_says_where_it_begins_is_found_below_its_folder(tree, ignore, sent):
    root = tree({sent: "", ".dockerignore": ignore})
    assert sent in paths(resolve_context(root))


def test_an_ignored_source_is_dropped_with_its_rule_not_missing(tree):
    root = tree({".dockerignore": "data\n", "data/a/1.csv": "", "data/2.csv": ""})
    manifest = resolve_context(root, reach=("data/a/1.csv", "data/2.csv"))
    assert manifest.entries == ()
    assert manifest.missing == ()
    assert [(d.path, d.line) for d in manifest.dropped] == [("data/", 1)]


def test_sockets_and_pipes_are_left_out_and_said(tree):
    root = tree({"a": ""})
    os.mkfifo(root / "pipe")
    listener = socket.socket(socket.AF_UNIX)
    here = Path.cwd()
    try:
        os.chdir(root)  # a socket's path is limited to about 100 characters
        listener.bind("sock")
    finally:
        os.chdir(here)
        listener.close()
    manifest = resolve_context(root)
    assert paths(manifest) == ["a"]
    assert manifest.skipped == ("pipe", "sock")


def test_a_file_that_cannot_be_read_is_named_unless_it_is_not_sent(tree, as_nobody):
    root = tree({"ok": "", "secret/x": "", "shut/y": ""})
    (root / "secret/x").chmod(0)
    with as_nobody():
        with pytest.raises(ContextError, match="secret/x in the build context cannot be read"):
            resolve_context(root)
        assert paths(resolve_context(root, reach=("ok",))) == ["ok"]
    (root / "shut").chmod(0)
    (root / ".dockerignore").write_text("secret\n*\n!ok\n")
    with as_nobody():
        assert paths(resolve_context(root)) == ["ok"]
    (root / ".dockerignore").write_text("secret\n")
    with as_nobody(), pytest.raises(ContextError, match="shut in the build context cannot"):
        resolve_context(root)


def test_a_context_that_is_missing_or_a_file_is_a_sentence(tmp_path):
    with pytest.raises(ContextError, match="does not exist") as caught:
        resolve_context(tmp_path / "no")
    assert "--context" in str(caught.value)
    (tmp_path / "file").write_text("")
    with pytest.raises(ContextError, match="is a file, not a folder"):
        resolve_context(tmp_path / "file")


def test_a_file_that_keeps_changing_while_it_is_hashed_is_named(tree, monkeypatch):
    root = tree({"log.txt": "x" * 10})
    plain = reading.os.read

    def growing(descriptor, size):
        with (root / "log.txt").open("a") as file:
            file.write("more")
        return plain(descriptor, 1000) if os.fstat(descriptor).st_size < 10_000 else b""

    monkeypatch.setattr(reading.os, "read", growing)
    with pytest.raises(ContextChanged, match=r"log\.txt changed"):
        resolve_context(root)


def test_what_goes_away_after_the_walk_is_left_out(tree, monkeypatch):
    root = tree({"a": "1", "b": "2", "l": "-> a"})
    plain = manifests.walk

    def walk_then_remove(*args):
        found = plain(*args)
        (root / "b").unlink()
        (root / "l").unlink()
        return found

    monkeypatch.setattr(manifests, "walk", walk_then_remove)
    assert paths(resolve_context(root)) == ["a"]


def test_a_sparse_file_is_sent_as_the_zeros_it_reads_as(tree):
    root = tree({"sparse": ""})
    with (root / "sparse").open("r+b") as file:
        file.truncate(5_000_000)
    (entry,) = resolve_context(root).entries
    assert (entry.size, entry.digest) == (5_000_000, hashlib.sha256(bytes(5_000_000)).hexdigest())


def test_names_that_are_no_text_keep_their_bytes(tree):
    root = tree({"ünï.txt": ""})
    (root / os.fsdecode(b"caf\xe9")).write_text("x")
    (root / "two\nlines").write_text("y")
    manifest = resolve_context(root)
    assert len(paths(manifest)) == 3
    assert manifest.digest != ""
    json.dumps(wire.dump(manifest))


def test_a_manifest_survives_json(tree):
    manifest = resolve_context(tree({"a/b": "1", ".dockerignore": "c", "c": ""}), reach=(".",))
    again = wire.load(ContextManifest, json.loads(json.dumps(wire.dump(manifest))))
    assert again == manifest
    assert again.digest == manifest.digest


def test_what_this_machine_knows_of_its_files_stays_out_of_json(tree, tmp_path, monkeypatch):
    monkeypatch.setattr(snapshot, "_REST", -(10**10))
    manifest = resolve_context(tree({"a/b": "1"}), snapshots=tmp_path / "snapshots")
    again = wire.load(ContextManifest, json.loads(json.dumps(wire.dump(manifest))))
    assert manifest.stamps
    assert again == manifest
    assert not again.stamps
