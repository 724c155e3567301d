"""Who gets how much of an endpoint's requests."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from ..errors import AzureError, BadUsage

PASSED = ("served", "started")
"""Rehearsals that count as passed."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A deployment as rolling back sees it. `made` sorts by time; `rehearsal` is the outcome
    stored on it or on its environment, None where there is none."""

    name: str
    made: str
    rehearsal: str | None
    healthy: bool = True


def shares(before: Mapping[str, int], name: str, percent: int) -> dict[str, int]:
    """The shares after `name` is given `percent`, the others keeping their proportions.

    Raises BadUsage where nobody is there to take the rest: Azure wants 100 in all, or none.
    """
    others = {other: share for other, share in before.items() if other != name}
    rest = 100 - percent
    if percent == 0 and not sum(others.values()):
        return {}
    if rest and not sum(others.values()):
        if len(others) != 1:
            raise BadUsage(
                f"--traffic {percent} leaves {rest} percent of the requests to nobody.",
                hint="Give 100, or 0 and decide later.",
            )
        others = dict.fromkeys(others, 1)
    return {**_scaled(others, rest), name: percent}


def without(before: Mapping[str, int], name: str) -> dict[str, int]:
    """The shares when `name` is gone: what is left is scaled up to 100."""
    others = {other: share for other, share in before.items() if other != name}
    return _scaled(others, 100) if sum(others.values()) else {}


def roll_back_to(candidates: Iterable[Candidate], traffic: Mapping[str, int]) -> str:
    """The newest healthy deployment that is older than the one in charge and whose image passed
    its rehearsal. Raises AzureError where there is none."""
    by_age = sorted(candidates, key=lambda each: each.made, reverse=True)
    in_charge = max(traffic, key=lambda name: traffic[name], default=None)
    names = [each.name for each in by_age]
    if in_charge in names and traffic[in_charge]:
        older: Sequence[Candidate] = by_age[names.index(in_charge) + 1 :]
    else:
        older = by_age
    for each in older:
        if each.healthy and each.rehearsal in PASSED:
            return each.name
    raise AzureError(
        "There is no earlier deployment here whose image passed its rehearsal.",
        hint=f"Deployments: {', '.join(names) or 'none'}. Deploy a good environment instead.",
        code="no-rollback",
    )


def _scaled(shares_before: Mapping[str, int], total: int) -> dict[str, int]:
    """Scale to whole numbers that add up to `total`, the largest fractions rounded up."""
    whole = sum(shares_before.values())
    if not whole:
        return {}
    exact = {name: share * total / whole for name, share in shares_before.items()}
    floor = {name: int(share) for name, share in exact.items()}
    short = total - sum(floor.values())
    for name in sorted(exact, key=lambda each: floor[each] - exact[each])[:short]:
        floor[name] += 1
    return floor
