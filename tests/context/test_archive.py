"""The archive that builders without a folder of their own are sent."""

from __future__ import annotations

import gzip
import io
import os
import subprocess
import tarfile
from pathlib import Path

import pytest

from jupyter_azureml_image.context import snapshot
from jupyter_azureml_image.context.archive import pack
from jupyter_azureml_image.context.manifest import ContextEntry, ContextManifest, resolve_context
from jupyter_azureml_image.context.reading import ContextChanged
from jupyter_azureml_image.context.tarheader import header
from jupyter_azureml_image.errors import ContextError

LONG = "/".join(["d" * 60] * 5) + "/" + "f" * 120


def packed(manifest: ContextManifest, **options: object) -> bytes:
    return b"".join(pack(manifest, **options))  # type: ignore[arg-type]


def opened(data: bytes) -> tarfile.TarFile:
    return tarfile.open(fileobj=io.BytesIO(data))


def test_the_archive_holds_what_the_manifest_lists(tree):
    root = tree({"a.py": "x", "d/ünï.bin": b"\0" * 700, "l": "-> a.py", "e": None, LONG: "deep"})
    (root / "run.sh").write_text("#!/bin/sh")
    (root / "run.sh").chmod(0o755)
    manifest = resolve_context(root)
    archive = opened(packed(manifest))
    kinds = {"file": tarfile.REGTYPE, "directory": tarfile.DIRTYPE, "link": tarfile.SYMTYPE}
    assert [(m.name, m.type, m.mode, m.size, m.linkname) for m in archive] == [
        (e.path, kinds[e.kind], e.mode, e.size, e.target) for e in manifest.entries
    ]
    assert archive.extractfile(LONG).read() == b"deep"
    assert {(m.uid, m.gid, m.uname, m.gname, m.mtime) for m in archive} == {
        (0, 0, "", "", 946684800)
    }


@pytest.mark.parametrize("compress", [False, True])
def test_the_same_content_gives_the_same_bytes(tree, compress):
    root = tree({"a": "1", "b/c": "2"})
    first = packed(resolve_context(root), compress=compress)
    os.utime(root / "a", (1, 1))
    (root / "b/c").unlink()
    (root / "b/c").write_text("2")
    assert packed(resolve_context(root), compress=compress) == first


def test_the_first_block_is_a_plain_header_and_gzip_is_one_member(tree):
    manifest = resolve_context(tree({"a": "1"}))
    plain = packed(manifest)
    # BuildKit decides by the first 1,024 bytes whether this is an archive.
    assert plain[257:265] in (b"ustar  \0", b"ustar\x0000")
    assert plain[156:157] == tarfile.REGTYPE
    assert len(plain) % 10240 == 0
    assert gzip.decompress(packed(manifest, compress=True)) == plain


def test_extra_files_are_added_and_take_a_files_place(tree):
    manifest = resolve_context(tree({"Dockerfile": "FROM old", "z": ""}))
    archive = opened(packed(manifest, extra={"Dockerfile": b"FROM new", ".dockerignore": b""}))
    assert archive.getnames() == [".dockerignore", "Dockerfile", "z"]
    assert archive.extractfile("Dockerfile").read() == b"FROM new"


def test_the_context_can_lie_in_a_folder_beside_the_extra_files(tree):
    manifest = resolve_context(tree({"Dockerfile": "FROM mine", "a/b": "x"}))
    archive = opened(packed(manifest, extra={"Dockerfile": b"FROM new"}, folder="context"))
    assert archive.getnames() == [
        "Dockerfile", "context", "context/Dockerfile", "context/a", "context/a/b",
    ]  # fmt: skip
    assert archive.extractfile("context/Dockerfile").read() == b"FROM mine"
    assert archive.extractfile("Dockerfile").read() == b"FROM new"


def test_gnu_tar_unpacks_it(tree, tmp_path):
    root = tree({LONG: "deep", "l": "-> " + "t" * 150, "two\nlines": "x"})
    (root / os.fsdecode(b"caf\xe9")).write_text("y")
    (tmp_path / "c.tar.gz").write_bytes(packed(resolve_context(root), compress=True))
    (tmp_path / "out").mkdir()
    subprocess.run(["gzip", "-t", tmp_path / "c.tar.gz"], check=True)
    subprocess.run(["tar", "-xzf", tmp_path / "c.tar.gz", "-C", tmp_path / "out"], check=True)
    assert resolve_context(tmp_path / "out").digest == resolve_context(root).digest


def test_a_file_over_8_gb_has_its_size_in_the_header_and_every_reader_finds_what_follows(tmp_path):
    size = 9 * 2**30
    with (tmp_path / "big.tar").open("wb") as file:
        file.write(header(ContextEntry("big", "file", 0o644, size, "0" * 64), "big"))
        file.seek(size, os.SEEK_CUR)  # nothing on the disk
        file.write(header(ContextEntry("after", "file", 0o644), "after") + bytes(1024))
    listed = subprocess.run(
        ["tar", "-tvf", tmp_path / "big.tar"], check=True, capture_output=True, text=True
    ).stdout
    assert [line.split()[2::3] for line in listed.splitlines()] == [
        [str(size), "big"],
        ["0", "after"],
    ]
    with tarfile.open(tmp_path / "big.tar") as archive:
        assert [(member.name, member.size) for member in archive] == [("big", size), ("after", 0)]


def test_the_checksum_holds_for_the_greatest_bytes_a_header_can_have():
    name = "\udcff" * 100
    block = header(ContextEntry(name, "link", 0o7777, 2**88 - 1, target=name), name)
    read = tarfile.TarInfo.frombuf(block, "utf-8", "surrogateescape")  # or InvalidHeaderError
    assert (read.name, read.linkname, read.size) == (name, name, 2**88 - 1)


def test_a_sparse_file_is_sent_as_the_zeros_it_reads_as(tree):
    root = tree({"sparse": ""})
    os.truncate(root / "sparse", 3_000_000)
    manifest = resolve_context(root)
    assert opened(packed(manifest)).extractfile("sparse").read() == bytes(3_000_000)
    assert len(packed(manifest, compress=True)) < 30_000


@pytest.mark.parametrize("believed", [False, True])
@pytest.mark.parametrize(
    ("change", "how"),
    [
        (lambda path: path.write_text("other"), "changed"),
        (lambda path: path.write_text("xy"), "became shorter"),
        (lambda path: path.write_text("longer than before"), "changed"),
        (Path.unlink, "vanished"),
        (lambda path: (path.unlink(), path.mkdir()), "is no regular file"),
        (lambda path: (path.unlink(), os.mkfifo(path)), "is no regular file"),
    ],
)
def test_a_file_that_changed_since_it_was_listed_is_named(tree, monkeypatch, believed, change, how):
    monkeypatch.setattr(snapshot, "_REST", -(10**10) if believed else 10**10)
    root = tree({"score.py": "first"})
    os.utime(root / "score.py", (1, 1))  # whatever the step of the clock is
    manifest = resolve_context(root)
    assert set(manifest.stamps) == ({"score.py"} if believed else set())
    change(root / "score.py")
    with pytest.raises(ContextChanged, match=rf"score\.py {how}"):
        packed(manifest)


@pytest.mark.parametrize("believed", [False, True])
@pytest.mark.parametrize("compress", [False, True])
def test_a_file_that_changes_while_it_is_packed_is_named(tree, monkeypatch, believed, compress):
    # Files at rest are believed by their status; here they need no rest.
    monkeypatch.setattr(snapshot, "_REST", -(10**10) if believed else 10**10)
    root = tree({"model.bin": os.urandom(16_000_000)})
    manifest = resolve_context(root)
    assert set(manifest.stamps) == ({"model.bin"} if believed else set())
    pieces = pack(manifest, compress=compress)
    taken = [next(pieces), next(pieces)]
    status = (root / "model.bin").stat()
    with (root / "model.bin").open("r+b") as file:
        file.seek(-10, os.SEEK_END)
        file.write(b"0123456789")
    os.utime(root / "model.bin", ns=(status.st_atime_ns, status.st_mtime_ns + 1))
    with pytest.raises(ContextChanged, match=r"model\.bin changed while it was read"):
        taken.extend(pieces)
    if compress:  # what was sent so far is no whole archive, whoever reads it
        with pytest.raises(EOFError):
            gzip.decompress(b"".join(taken))


def test_a_file_that_goes_or_is_shut_while_others_are_packed_is_named(tree, as_nobody):
    root = tree({"a": os.urandom(3_000_000), "b": "x"})
    for change, words in (
        (lambda: (root / "b").chmod(0), "b in the build context cannot be read"),
        ((root / "b").unlink, "b vanished"),
    ):
        pieces = pack(resolve_context(root))
        next(pieces)
        change()
        with as_nobody(), pytest.raises(ContextError, match=words):
            list(pieces)


def test_a_file_whose_folder_became_a_link_is_not_followed_out(tree):
    root = tree({"score.py": "first", "other": "first"})
    manifest = resolve_context(root)
    (root / "score.py").unlink()
    (root / "score.py").symlink_to("other")
    with pytest.raises(Exception, match=r"score\.py"):
        packed(manifest)
