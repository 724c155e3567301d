"""Blocks packed side by side are one ordinary gzip file."""

from __future__ import annotations

import gzip as plain
import io
import random
import subprocess
import sys
import tarfile
import threading
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from jupyter_azureml_image.context import deflate
from jupyter_azureml_image.context.deflate import Codec, codec, gzip, stored


def without(*modules: str) -> Codec:
    """The codec on a machine that lacks some."""
    with pytest.MonkeyPatch.context() as patch:
        for module in modules:
            patch.setitem(sys.modules, module, None)
        return codec()


DICE = random.Random(7)
NOISE = DICE.randbytes(3_000_000)
TEXT = b"".join(b"%d,%f\n" % (n, DICE.random()) for n in range(150_000))
NUMBERS = b"".join(b"%f," % DICE.gauss(0, 100) for _ in range(60_000))
SOURCE = Path(deflate.__file__).read_bytes() * 40
CODECS = [codec(), without("isal"), without("isal", "zlib_ng")]
EACH = pytest.mark.parametrize("using", CODECS, ids=lambda item: item.name)


@EACH
@pytest.mark.parametrize(
    "pieces",
    [
        [],
        [b""],
        [b"x"],
        [b"small"] * 1000,
        [NOISE],
        [TEXT],
        [NUMBERS, SOURCE],
        [b"a" * 70_000, NOISE[:500_000], b"", TEXT, b"z" * 300, NOISE[:65_535], NOISE[:65_536]],
    ],
    ids=["none", "empty", "one", "many small", "noise", "text", "near and far", "mixed"],
)
def test_every_reader_gets_the_bytes_back(using, pieces, tmp_path):
    data = b"".join(pieces)
    packed = b"".join(gzip(pieces, using))
    assert plain.decompress(packed) == data
    inflate = zlib.decompressobj(31)
    assert inflate.decompress(packed) == data
    assert inflate.eof  # one member, and nothing after it
    assert inflate.unused_data == b""
    (tmp_path / "x.gz").write_bytes(packed)
    subprocess.run(["gzip", "-t", tmp_path / "x.gz"], check=True)


@EACH
def test_what_does_not_shrink_is_stored_and_what_does_is_packed(using):
    assert len(b"".join(gzip([NOISE], using))) < len(NOISE) + len(NOISE) // 1000 + 100
    assert len(b"".join(gzip([TEXT], using))) < 0.6 * len(TEXT)
    assert len(stored(b"x" * 65_535)) == 65_540


@EACH
def test_the_same_pieces_give_the_same_bytes(using):
    pieces = [TEXT, NOISE, b"x" * 10] * 3
    assert b"".join(gzip(pieces, using)) == b"".join(gzip(pieces, using))


def test_a_slow_reader_holds_the_packer_back():
    taken = 0

    def pieces() -> Iterator[bytes]:
        nonlocal taken
        for _ in range(100):
            taken += 1
            yield NOISE[:1_000_000]

    stream = gzip(pieces())
    next(stream)
    next(stream)
    assert taken < 10
    stream.close()
    assert taken < 10


def test_no_thread_is_left_when_the_reader_goes_or_a_file_fails():
    def failing() -> Iterator[bytes]:
        yield TEXT
        raise OSError("gone")

    with pytest.raises(OSError, match="gone"):
        list(gzip(failing()))
    stream = gzip([TEXT] * 20)
    next(stream)
    next(stream)
    stream.close()
    assert not [t for t in threading.enumerate() if t.name.startswith("azureml-image-gzip")]


def test_the_fastest_that_is_installed_does_it():
    assert [item.name for item in CODECS] == ["isal", "zlib-ng", "zlib"]


@EACH
def test_numbers_are_packed_near_and_source_text_far(using):
    near, far = using.deflate(NUMBERS, near=True), using.deflate(NUMBERS)
    assert using.pack(NUMBERS) == near
    assert len(near) < len(far)
    assert using.pack(SOURCE) == using.deflate(SOURCE)
    for packed, data in ((near, NUMBERS), (using.deflate(SOURCE, near=True), SOURCE)):
        assert zlib.decompress(packed + b"\x03\x00", -15) == data


@pytest.mark.parametrize("workers", [1, 2, 4])
def test_the_number_of_processors_is_not_seen_in_the_bytes(monkeypatch, workers):
    here = b"".join(gzip([NUMBERS, NOISE, SOURCE]))
    monkeypatch.setattr(deflate, "_workers", lambda: workers)
    assert b"".join(gzip([NUMBERS, NOISE, SOURCE])) == here


def test_blocks_are_gathered_and_large_pieces_are_left_alone():
    pieces = [b"a" * 10, NOISE, b"b" * 10, b"c" * 10]
    blocks = list(deflate.blocks(pieces))
    assert blocks == [b"a" * 10, NOISE, b"b" * 10 + b"c" * 10]
    assert blocks[1] is NOISE


def test_tarfile_reads_it_as_a_stream():
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.GNU_FORMAT) as archive:
        info = tarfile.TarInfo("noise")
        info.size = len(NOISE)
        archive.addfile(info, io.BytesIO(NOISE))
    packed = b"".join(gzip([out.getvalue()]))
    with tarfile.open(fileobj=io.BytesIO(packed), mode="r|gz") as archive:
        member = archive.next()
        assert archive.extractfile(member).read() == NOISE
