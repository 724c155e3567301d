"""What was hashed is not hashed again, and never wrongly believed."""

from __future__ import annotations

import hashlib
import mmap
import os
import shutil
import threading
import time
from pathlib import Path

import pytest

from jupyter_azureml_image.context import rows
from jupyter_azureml_image.context import snapshot as snapshots
from jupyter_azureml_image.context.manifest import ContextManifest
from jupyter_azureml_image.context.mounts import Mounts
from jupyter_azureml_image.context.snapshot import Snapshot
from jupyter_azureml_image.context.stamp import stamp_of

HERE = Mounts.here()
LATER = 3_600 * 10**9


class Reader:
    """Counts which files are really read."""

    def __init__(self, root: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.root, self.folder = root, folder
        self.read: list[str] = []
        self.mounts = HERE
        self.ahead = LATER
        plain = snapshots.digest_file
        monkeypatch.setattr(
            snapshots, "digest_file", lambda at, path: (self.read.append(path), plain(at, path))[1]
        )

    def run(self, *paths: str, whole: bool = True) -> tuple[dict[str, str], list[str]]:
        self.read.clear()
        snap = Snapshot(self.root, self.folder, self.mounts, lambda: time.time_ns() + self.ahead)
        digests = {
            path: snap.digest(path, stamp_of((self.root / path).lstat()))[0] for path in paths
        }
        snap.save(whole=whole)
        self.stamps = snap.stamps
        return digests, list(self.read)


@pytest.fixture
def reader(tree, tmp_path, monkeypatch) -> Reader:
    return Reader(tree({"a": "1", "b": "2"}), tmp_path / "snapshots", monkeypatch)


def test_an_unchanged_file_is_not_read_again(reader):
    first, read = reader.run("a", "b")
    assert read == ["a", "b"]
    again, read = reader.run("a", "b")
    assert (again, read) == (first, [])
    assert set(reader.stamps) == {"a", "b"}


@pytest.mark.parametrize("keep_time", [False, True])
def test_a_change_of_the_same_size_is_seen_even_with_its_time_set_back(reader, keep_time):
    first, _ = reader.run("a", "b")
    before = (reader.root / "a").stat()
    (reader.root / "a").write_text("9")
    if keep_time:
        os.utime(reader.root / "a", ns=(before.st_atime_ns, before.st_mtime_ns))
    again, read = reader.run("a", "b")
    assert read == ["a"]
    assert again["a"] != first["a"]


def test_a_replaced_file_is_seen(reader):
    reader.run("a")
    other = reader.root / "other"
    other.write_text("9")
    shutil.copystat(reader.root / "a", other)
    other.replace(reader.root / "a")
    assert reader.run("a")[1] == ["a"]


def test_a_file_written_just_before_it_was_hashed_is_not_believed(reader):
    # Another write within the clock's step could leave the very same status.
    reader.ahead = 0
    reader.run("a")
    assert reader.stamps == {}
    assert reader.run("a")[1] == ["a"]
    reader.ahead = LATER
    assert reader.run("a")[1] == ["a"]
    assert reader.run("a")[1] == []


def test_a_file_from_the_future_is_not_believed(reader):
    reader.ahead = -LATER
    reader.run("a")
    assert reader.run("a")[1] == ["a"]


def test_nothing_on_a_network_mount_is_believed(reader):
    device = reader.root.stat().st_dev
    reader.mounts = Mounts.read(
        f"1 0 {os.major(device)}:{os.minor(device)} / / rw - cifs //server/share rw"
    )
    reader.run("a")
    assert reader.run("a")[1] == ["a"]
    assert reader.stamps == {}


def test_a_snapshot_of_a_copied_tree_is_not_believed(reader, tmp_path):
    reader.run("a", "b")
    copy = tmp_path / "copy"
    shutil.copytree(reader.root, copy)
    (copy / "a").write_text("9")
    reader.root.rename(tmp_path / "old")
    copy.rename(reader.root)
    assert reader.run("a", "b")[1] == ["a", "b"]


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: b"",
        lambda data: data[:10],
        lambda data: data[:-1],  # in the midst of a path
        lambda data: data[:-40],  # in the midst of a row
        lambda data: data.replace(b"snapshot 3", b"snapshot 9"),
        lambda data: data[:-1] + b"\xff",
        lambda data: data[:-5] + bytes([data[-5] ^ 1]) + data[-4:],  # in the digest
        lambda data: b'{"format": 1}',  # as it was once
    ],
)
def test_a_damaged_snapshot_only_costs_time(reader, damage):
    reader.run("a")
    (file,) = reader.folder.iterdir()
    file.write_bytes(damage(file.read_bytes()))
    assert reader.run("a")[1] == ["a"]
    assert reader.run("a")[1] == []


def test_a_file_that_this_process_writes_through_its_memory_is_read_again(reader):
    file = reader.root / "a"
    file.write_bytes(b"0" * 8192)
    with file.open("r+b") as stream, mmap.mmap(stream.fileno(), 0) as memory:
        memory[0] = ord("1")  # from now on the page is dirty, and further writes move no time
        first, _ = reader.run("a", "b")
        memory[0] = ord("2")
        second, read = reader.run("a", "b")
    assert read == ["a"]
    assert first["a"] != second["a"]


def test_two_threads_do_not_write_into_one_file(reader, monkeypatch):
    names = []
    write = rows.write
    together = threading.Barrier(2)

    def noted(part, root, known):
        names.append(part)
        together.wait(10)
        write(part, root, known)

    monkeypatch.setattr(rows, "write", noted)
    runs = [threading.Thread(target=reader.run, args=("a", "b")) for _ in range(2)]
    for run in runs:
        run.start()
    for run in runs:
        run.join()
    assert len(set(names)) == 2


def test_a_disk_that_takes_nothing_stops_nothing(reader, tmp_path):
    (tmp_path / "file").write_text("")
    reader.folder = tmp_path / "file" / "below"
    assert reader.run("a")[1] == ["a"]


def test_a_walk_of_everything_forgets_what_is_gone_and_a_partial_one_does_not(reader):
    reader.run("a", "b")
    reader.run("a", whole=False)
    assert reader.run("b", whole=False)[1] == []
    reader.run("a", whole=True)
    assert reader.run("b")[1] == ["b"]


def test_only_the_folders_used_last_are_remembered(tmp_path, monkeypatch):
    monkeypatch.setattr(snapshots, "_CONTEXTS", 2)
    kept = tmp_path / "snapshots"
    for age, name in enumerate(("newest", "older", "oldest")):
        root = tmp_path / name
        root.mkdir()
        (root / "a").write_text("a")
        snap = Snapshot(root, kept, HERE, lambda: time.time_ns() + LATER)
        snap.digest("a", stamp_of((root / "a").lstat()))
        snap.save(whole=True)
        os.utime(snap._file, (10**9 - age, 10**9 - age))
    unchanged = Snapshot(tmp_path / "oldest", kept, HERE, time.time_ns)
    unchanged.digest("a", stamp_of((tmp_path / "oldest" / "a").lstat()))
    unchanged.save(whole=True)  # nothing new to write, but it is in use
    (tmp_path / "newest" / "a").write_text("changed")
    again = Snapshot(tmp_path / "newest", kept, HERE, lambda: time.time_ns() + LATER)
    again.digest("a", stamp_of((tmp_path / "newest" / "a").lstat()))
    again.save(whole=True)
    assert {path.name for path in kept.iterdir()} == {again._file.name, unchanged._file.name}


def test_the_snapshot_holds_digests_and_no_content(reader):
    reader.run("a", "b")
    (file,) = reader.folder.iterdir()
    known = dict(rows.read(file, reader.root))
    assert known == {
        path: reader.stamps[path] + hashlib.sha256((reader.root / path).read_bytes()).digest()
        for path in ("a", "b")
    }
    assert list(rows.read(file, reader.root / "elsewhere")) == []


def test_a_file_that_came_between_is_read_and_the_others_are_not(reader):
    (reader.root / "d").mkdir()
    for name in ("a-b", "d/x", "d\u00e9", "\udcff"):
        (reader.root / name).write_text(name.encode("utf-8", "surrogateescape").hex())
    every = sorted(("a", "a-b", "b", "d/x", "d\u00e9", "\udcff"))
    reader.run("a", "d/x", "\udcff")
    assert reader.run(*every)[1] == ["a-b", "b", "d\u00e9"]
    assert reader.run(*every)[1] == []
    assert reader.run("b", whole=False)[1] == []
    assert reader.run(*every)[1] == []


def test_the_mount_table_is_read_with_its_escapes_and_btrfs_numbers():
    mounts = Mounts.read(
        "22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw\n"
        "30 22 0:41 / /mnt/my\\040share rw - cifs //host/x rw\n"
        "31 22 0:42 / /pool rw - btrfs /dev/vdb rw\n"
    )
    assert mounts.own(Path("/home/x"), os.makedev(254, 0))
    assert not mounts.own(Path("/mnt/my share/x"), os.makedev(0, 41))
    assert mounts.own(Path("/pool/sub/x"), os.makedev(0, 99))
    assert not mounts.own(Path("/home/y"), os.makedev(0, 98))  # not in the table, nor on btrfs
    assert not Mounts().own(Path("/home/x"), os.makedev(254, 0))


def test_a_mount_point_may_hold_any_character():
    mounts = Mounts.read(
        "22 1 254:0 / / rw - ext4 /dev/vda rw\n"
        "40 22 0:55 / /mnt/x\u2028y rw shared:1 - cifs //host/x rw\n"
    )
    assert not mounts.own(Path("/mnt/x\u2028y/f"), os.makedev(0, 55))


def test_stamps_are_no_part_of_what_a_manifest_means():
    assert ContextManifest("/x", stamps={}) == ContextManifest("/x", stamps={"a": None})
