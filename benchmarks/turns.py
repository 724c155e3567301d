"""Measuring ours and its peers in turn, so that what else the machine does meets all alike."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

Work = Callable[[], object]


class MissingPeerError(Exception):
    """A peer that cannot be had here; its message is the sentence the table shows."""


@dataclass
class Timings:
    """Seconds of every turn by way; `missing` has a sentence for each way that is not there."""

    seconds: dict[str, list[float]] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)

    def median(self, way: str) -> float | None:
        """The median of a way, None where there is none."""
        found = self.seconds.get(way)
        return statistics.median(found) if found else None

    @property
    def why(self) -> str:
        """All that is missing, in words."""
        return "; ".join(self.missing.values())


def in_turn(
    turns: int, ways: Mapping[str, Work], fewer: Mapping[str, int] | None = None
) -> Timings:
    """Every way `turns` times, one after the other (`fewer`: slow ones less often).

    A way that returns a float has measured itself; else the call's time is taken.
    """
    found = Timings()
    for turn in range(turns):
        for way, work in ways.items():
            if way in found.missing or turn >= (fewer or {}).get(way, turns):
                continue
            try:
                seconds = timed(work)
            except MissingPeerError as error:
                found.missing[way] = str(error)
                continue
            found.seconds.setdefault(way, []).append(seconds)
    return found


def timed(work: Work) -> float:
    """Seconds of one call, or the seconds it says itself."""
    started = time.perf_counter()
    said = work()
    taken = time.perf_counter() - started
    return said if isinstance(said, float) else taken


def at_most(value: float | None, most: float | None) -> bool | None:
    """Whether a figure is within its goal; None where one of them is not there."""
    return None if value is None or most is None else value <= most


def at_least(peer: float | None, ours: float | None, times: float) -> bool | None:
    """Whether ours is so many times as fast as the peer."""
    return None if peer is None or ours is None else peer >= times * ours
