"""isal's ended blocks, opened again and joined, are what every inflater reads."""

from __future__ import annotations

import random
import zlib

import pytest
from isal import igzip_lib

from jupyter_azureml_image.context import literals as page
from jupyter_azureml_image.context.deflate import codec
from jupyter_azureml_image.context.literals import literals

DICE = random.Random(11)
FIGURES = b"".join(b"%.6f," % DICE.gauss(0, 100) for _ in range(60_000))


def inflated(packed: bytes) -> bytes:
    """What zlib reads, which must end where the data end."""
    inflate = zlib.decompressobj(-15)
    data = inflate.decompress(packed + b"\x03\0")
    assert inflate.eof
    assert not inflate.unused_data
    return data


def text(letters: int, size: int) -> bytes:
    """Random text of so many different letters, some of them rare."""
    alphabet = DICE.sample(range(256), letters)
    weights = [1 / (place + 1) ** DICE.random() for place in range(letters)]
    return bytes(DICE.choices(alphabet, weights, k=size))


def test_figures_come_back_and_are_smaller_than_by_looking_back():
    packed = literals(FIGURES)
    assert packed is not None
    assert inflated(packed) == FIGURES
    assert inflated(packed + packed) == FIGURES * 2  # it ends on a byte boundary
    assert len(packed) < len(codec().deflate(FIGURES))
    assert codec().pack(FIGURES) == packed


def test_every_number_of_padding_bits_is_told(monkeypatch):
    seen: set[int | None] = set()
    tell = page._spare_bits

    def told(packed: bytes) -> int | None:
        seen.add(tell(packed))
        return tell(packed)

    monkeypatch.setattr(page, "_spare_bits", told)
    for _ in range(300):
        data = text(DICE.randint(1, 90), DICE.randint(1, 4000))
        packed = literals(data)
        assert packed is None or inflated(packed) == data
    assert seen >= set(range(8))


@pytest.mark.parametrize("run", [2, 40, 4000])
def test_runs_of_one_letter_and_all_256_letters_come_back(run):
    data = b"".join(bytes([DICE.randrange(256)]) * DICE.randint(1, run) for _ in range(5000))
    for block in (data[:500_000], bytes(range(256)) * 4 + text(40, 300_000)):
        packed = literals(block)
        assert packed is None or inflated(packed) == block


def test_what_isal_makes_in_another_form_is_left_to_its_streams(monkeypatch):
    assert literals(b"x") is None  # no codes of its own
    monkeypatch.setattr(page, "_PART", 2**30)  # more than one block
    assert literals(FIGURES * 2) is None
    assert inflated(codec().deflate(FIGURES * 2, near=True)) == FIGURES * 2


def test_an_end_code_of_zeros_only_cannot_be_told_from_padding(monkeypatch):
    packed = igzip_lib.compress(FIGURES[:90_000], 1, igzip_lib.COMP_DEFLATE)
    lengths = [0] * 256 + [1, 1]
    monkeypatch.setattr(page, "_code_lengths", lambda bits: lengths)
    assert page._spare_bits(bytes([packed[0] | 1]) + packed[1:]) is None
