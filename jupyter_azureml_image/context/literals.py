"""Blocks of figures, packed by isal without any search for repeats.

Figures repeat nothing worth pointing at: their saving comes from short codes for ten digits.
isal that may look back two bytes only packs such data three times as fast as with the least
window that its streams offer (512 bytes), and one part in a hundred larger. Only its call for
whole buffers takes such a window, and that ends what it makes as the last block of a stream,
at any bit. RFC 1951 lets both be undone: the first bit of a block says whether it is the
last, and where its end code is known, so is the number of padding bits behind it.
"""

from __future__ import annotations

_PART = 120 * 1024  # bytes: isal ends a block after 128 Ki symbols, and no byte takes two
_LEVEL = 1
_LOOK_BACK = 1  # as a power of two
_HEADER = 320  # bytes; no header of a block is longer
_END = 256  # the symbol that ends a block
_ORDER = (16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15)
_REPEATS = ((2, 3), (3, 3), (7, 11))  # of symbols 16 to 18: bits of the number, least number
_EMPTY = b"\0\0\xff\xff"  # a stored block of no bytes, behind its three bits


def literals(block: bytes) -> bytes | None:
    """`block` as raw deflate data that ends on a byte boundary; None where isal cannot."""
    from isal import igzip_lib as isal

    parts: list[bytes] = []
    whole = memoryview(block)
    for start in range(0, len(block), _PART):
        packed = isal.compress(
            whole[start : start + _PART],
            _LEVEL,
            isal.COMP_DEFLATE,
            isal.MEM_LEVEL_EXTRA_LARGE,
            _LOOK_BACK,
        )
        spare = _spare_bits(packed)
        if spare is None:
            return None
        # Three zero bits begin a stored block, which goes on at the next byte.
        parts += (bytes((packed[0] & 0xFE,)), packed[1:], b"" if spare >= 3 else b"\0", _EMPTY)
    return b"".join(parts)


def _spare_bits(packed: bytes) -> int | None:
    """How many bits of the last byte lie behind the data; None where that cannot be told."""
    if packed[0] & 0b111 != 0b101:  # not one last block with codes of its own
        return None
    lengths = _code_lengths(int.from_bytes(packed[:_HEADER], "little") >> 3)
    own = lengths[_END]
    shorter = sum(1 << (own - each) for each in lengths if 0 < each < own)
    code = shorter + lengths[:_END].count(own)
    if code == 0:
        return None
    # A code's lowest bit comes last in the stream, and behind it there are zeros only.
    behind = 32 - int.from_bytes(packed[-4:], "little").bit_length()
    spare = behind - ((code & -code).bit_length() - 1)
    return spare if 0 <= spare < 8 else None


def _code_lengths(bits: int) -> list[int]:
    """The lengths in bits of the codes of literals, end and lengths, from a block's header."""
    count, few = (bits & 31) + 257, (bits >> 10 & 15) + 4
    bits >>= 14
    sizes = [0] * len(_ORDER)
    for symbol in _ORDER[:few]:
        sizes[symbol], bits = bits & 7, bits >> 3
    table = _table(sizes)
    lengths: list[int] = []
    while len(lengths) < count:
        symbol, size = table[bits & 127]
        bits >>= size
        if symbol < 16:
            lengths.append(symbol)
            continue
        width, least = _REPEATS[symbol - 16]
        lengths += (lengths[-1:] if symbol == 16 else [0]) * (least + (bits & (1 << width) - 1))
        bits >>= width
    return lengths


def _table(sizes: list[int]) -> list[tuple[int, int]]:
    """By the next seven bits of a header: the symbol that they begin with, and its size."""
    table = [(0, 1)] * 128
    code = before = 0
    for size, symbol in sorted((size, symbol) for symbol, size in enumerate(sizes) if size):
        code <<= size - before
        first = int(f"{code:0{size}b}"[::-1], 2)  # a code comes with its highest bit first
        table[first :: 1 << size] = [(symbol, size)] * (128 >> size)
        code, before = code + 1, size
    return table
