"""Generated folders: every fast path against the plain way."""

from __future__ import annotations

import gzip
import io
import os
import shutil
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from jupyter_azureml_image.context import snapshot
from jupyter_azureml_image.context.archive import pack
from jupyter_azureml_image.context.ignore import IgnoreRules
from jupyter_azureml_image.context.manifest import ContextManifest, resolve_context
from jupyter_azureml_image.errors import ContextError

# Few names, so that patterns meet paths often; some odd ones among them.
NAMES = ["a", "b", "ab", "a.py", "b.txt", ".env", "x[1]", "ü n", "*", "\\", "l" * 120, "n\n"]
PATHS = st.lists(st.sampled_from(NAMES), min_size=1, max_size=4).map("/".join)
FILES = st.dictionaries(PATHS, st.binary(max_size=40) | st.integers(0, 3), max_size=14)
PARTS = [
    "a",
    "b",
    "ab",
    "*",
    "**",
    "?",
    "*.py",
    "[ab]",
    "[^a]*",
    "x[[]1]",
    ".env",
    "a*",
    "**b",
    "\\*",
    "ü n",
]
LINES = st.tuples(
    st.sampled_from(["", "", "!", "/"]), st.lists(st.sampled_from(PARTS), min_size=1, max_size=3)
).map(lambda item: item[0] + "/".join(item[1]))
IGNORE = st.lists(LINES, max_size=6).map("\n".join)


@contextmanager
def folder(files: dict[str, bytes | int]) -> Iterator[Path]:
    """A folder with `files`: bytes, 0 an empty folder, 1 to 3 kinds of links."""
    root = Path(tempfile.mkdtemp())
    try:
        for path, content in files.items():
            try:
                (root / path).parent.mkdir(parents=True, exist_ok=True)
                if isinstance(content, bytes):
                    (root / path).write_bytes(content)
                    (root / path).chmod(0o755 if len(content) % 2 else 0o640)
                elif content == 0:
                    (root / path).mkdir()
                else:
                    (root / path).symlink_to(["/a", "../b", "gone"][content - 1])
            except OSError:
                continue  # a name that is a file cannot be a folder too
        yield root
    finally:
        shutil.rmtree(root)


def everything(root: Path) -> dict[str, bool]:
    """Every path below `root`, and whether it is a folder; links are none."""
    found: dict[str, bool] = {}
    for at, folders, files in os.walk(root):
        for name in folders + files:
            path = Path(at) / name
            found[path.relative_to(root).as_posix()] = path.is_dir() and not path.is_symlink()
    return found


@given(FILES, IGNORE)
@settings(max_examples=80)
def test_the_pruned_walk_keeps_what_judging_every_path_keeps(files, ignore):
    rules = IgnoreRules.read(ignore)
    with folder(files) as root:
        paths = everything(root)
        (root / ".dockerignore").write_text(ignore)
        kept = {path for path in paths if not rules.excluded(path)}
        kept |= {above for path in kept for above in paths if path.startswith(above + "/")}
        sent = {entry.path for entry in resolve_context(root).entries} - {".dockerignore"}
        assert sent == kept


@given(PATHS.map(lambda path: path), IGNORE)
@settings(max_examples=200)
def test_fused_matching_is_one_rule_after_the_other(path, ignore):
    rules = IgnoreRules.read(ignore)
    # BuildKit's walk, written down plainly: each pattern remembers whether it matched above.
    above: list[bool] = [False] * len(rules.rules)
    parts = path.split("/")
    matched = False
    for depth in range(1, len(parts) + 1):
        matched, here = False, []
        for rule, before in zip(rules.rules, above, strict=True):
            hit = before
            if not hit and rule.keeps == matched:
                hit = rule.pattern.matches("/".join(parts[:depth]))
            here.append(hit)
            if hit:
                matched = not rule.keeps
        above = here
    assert rules.excluded(path) == matched


@given(FILES, IGNORE)
@settings(max_examples=40)
def test_the_fast_archive_holds_what_tarfile_would_put_in(files, ignore):
    with folder(files) as root:
        (root / ".dockerignore").write_text(ignore)
        manifest = resolve_context(root)
        data = b"".join(pack(manifest))
        assert gzip.decompress(b"".join(pack(manifest, compress=True))) == data
        assert members(data) == members(by_tarfile(manifest))


@given(FILES, st.lists(LINES.map(lambda line: line.lstrip("!")), max_size=3))
@settings(max_examples=60)
def test_what_sources_reach_is_part_of_the_whole_with_the_folders_above(files, sources):
    with folder(files) as root:
        whole = {entry.path: entry for entry in resolve_context(root).entries}
        try:
            part = resolve_context(root, reach=tuple(sources))
        except ContextError as error:
            raise AssertionError(sources) from error
        for entry in part.entries:
            assert whole[entry.path] == entry
            parent = entry.path.rpartition("/")[0]
            assert parent == "" or any(other.path == parent for other in part.entries)
        for source in sources:
            place = root / source.lstrip("/")
            if any(mark in source for mark in "*?[\\") or not place.exists():
                continue
            if place.resolve().is_relative_to(root.resolve()):  # no link to a file of this machine
                assert source not in part.missing


CHANGES = st.lists(st.tuples(PATHS, st.sampled_from("weudrmc")), min_size=1, max_size=6)


@given(FILES, CHANGES)
@settings(max_examples=30, deadline=None)
def test_what_a_snapshot_remembers_never_differs_from_reading_everything(files, changes):
    with folder(files) as root, tempfile.TemporaryDirectory() as memory, needing_no_rest():
        assert resolve_context(root, snapshots=Path(memory)) == resolve_context(root)
        for turn, (path, kind) in enumerate(changes):
            with suppress(OSError):  # not everything can be done to everything
                change(root / path, kind, turn)
            found = resolve_context(root, snapshots=Path(memory))
            assert found == resolve_context(root)
            assert members(b"".join(pack(found))) == members(by_tarfile(found))


@contextmanager
def needing_no_rest() -> Iterator[None]:
    """Otherwise no file of a test is old enough to be believed."""
    before, snapshot._REST = snapshot._REST, -(10**10)
    try:
        yield
    finally:
        snapshot._REST = before


def change(path: Path, kind: str, turn: int) -> None:
    """Write the same size, extend, unlink, replace, rename, set permissions or copy over."""
    if kind in "we":
        content = path.read_bytes()
        path.write_bytes(bytes(len(content)) if kind == "w" else content + b"x")
    elif kind == "u":
        path.unlink()
    elif kind == "d":
        shutil.copytree(path.parent, path.parent / "copy", symlinks=True)
    elif kind == "r":
        (path.parent / "new").write_bytes(b"%d" % turn)
        (path.parent / "new").replace(path)
    elif kind == "m":
        path.rename(path.with_name("moved"))
    else:
        path.chmod(0o700)
    if path.is_file() and not path.is_symlink():
        # Another time, whatever the step of the clock is: tests do not wait for it.
        os.utime(path, ns=(turn, 10**18 + turn))


def by_tarfile(manifest: ContextManifest) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.GNU_FORMAT) as archive:
        for entry in manifest.entries:
            info = archive.gettarinfo(Path(manifest.root) / entry.path, arcname=entry.path)
            if info.isreg() or info.islnk():
                info.type = tarfile.REGTYPE
                with (Path(manifest.root) / entry.path).open("rb") as file:
                    archive.addfile(info, file)
            else:
                archive.addfile(info)
    return out.getvalue()


def members(data: bytes) -> list[tuple[object, ...]]:
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        return [
            (
                m.name,
                m.type,
                m.mode,
                m.size,
                m.linkname,
                archive.extractfile(m).read() if m.isreg() else None,
            )
            for m in archive
        ]
