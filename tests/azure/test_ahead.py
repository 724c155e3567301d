"""Blocks are made ready while those before them are sent, and never too many."""

from __future__ import annotations

import threading

import pytest

from jupyter_azureml_image.azure.ahead import Ahead


class Maker:
    """Gives the numbers up to `last` as blocks; what it was asked for can be awaited."""

    def __init__(self, last: int, fails: BaseException | None = None) -> None:
        self.last, self.fails = last, fails
        self.made = 0
        self.changed = threading.Condition()

    def __call__(self) -> bytes:
        with self.changed:
            self.changed.notify_all()
            if self.made < self.last:
                self.made += 1
                return b"%d" % self.made
        if self.fails:
            raise self.fails
        return b""

    def reach(self, number: int) -> bool:
        with self.changed:
            return self.changed.wait_for(lambda: self.made >= number, timeout=60)


def test_every_block_comes_in_order_and_then_nothing() -> None:
    with Ahead(Maker(50), 3) as ahead:
        assert [ahead.next() for _ in range(52)] == [*(b"%d" % n for n in range(1, 51)), b"", b""]


def test_it_works_ahead_of_its_reader_but_not_far() -> None:
    maker = Maker(100)
    with Ahead(maker, 3) as ahead:
        assert maker.reach(3)  # nobody has read yet
        assert ahead.next() == b"1"
        assert maker.reach(4)
        assert maker.made == 4
    assert maker.made == 4


@pytest.mark.parametrize("error", [OSError("gone"), KeyboardInterrupt()])
def test_what_goes_wrong_is_raised_to_the_reader_after_the_blocks_before_it(
    error: BaseException,
) -> None:
    with Ahead(Maker(2, error), 9) as ahead:
        assert [ahead.next(), ahead.next()] == [b"1", b"2"]
        with pytest.raises(type(error)):
            ahead.next()
        assert ahead.next() == b""


@pytest.mark.parametrize("taken", [0, 1, 5])
def test_no_thread_is_left_when_the_reader_leaves(taken: int) -> None:
    maker = Maker(100)

    def leave_early() -> None:
        with Ahead(maker, 2) as ahead:
            for _ in range(taken):
                ahead.next()
            raise ValueError("enough")

    with pytest.raises(ValueError, match="enough"):
        leave_early()
    assert not [each for each in threading.enumerate() if each.name == "azureml-image-ahead"]
    assert maker.made <= taken + 2
