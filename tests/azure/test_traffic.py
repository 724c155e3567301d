from __future__ import annotations

import pytest

from jupyter_azureml_image.azure.traffic import Candidate, roll_back_to, shares, without
from jupyter_azureml_image.errors import AzureError, BadUsage


@pytest.mark.parametrize(
    ("before", "percent", "after"),
    [
        ({}, 100, {"new": 100}),
        ({"blue": 100}, 10, {"blue": 90, "new": 10}),
        ({"blue": 60, "green": 40}, 50, {"blue": 30, "green": 20, "new": 50}),
        ({"blue": 33, "green": 33, "red": 34}, 1, {"blue": 33, "green": 33, "red": 33, "new": 1}),
        ({"blue": 100}, 100, {"blue": 0, "new": 100}),
        ({"blue": 50, "new": 50}, 0, {"blue": 100, "new": 0}),
        ({"blue": 0}, 30, {"blue": 70, "new": 30}),
        ({"blue": 0}, 0, {}),
    ],
)
def test_the_others_keep_their_proportions(before, percent, after) -> None:
    given = shares(before, "new", percent)
    assert given == after
    assert sum(given.values()) in (0, 100)


def test_a_share_that_leaves_the_rest_to_nobody_is_refused() -> None:
    with pytest.raises(BadUsage, match="leaves 50 percent"):
        shares({}, "new", 50)


def test_what_a_deleted_deployment_took_goes_to_the_others() -> None:
    assert without({"blue": 25, "green": 25, "red": 50}, "red") == {"blue": 50, "green": 50}
    assert without({"blue": 100}, "blue") == {}


def test_rolling_back_goes_to_the_newest_older_one_that_passed() -> None:
    there = [
        Candidate("one", "1", "served"),
        Candidate("two", "2", "started"),
        Candidate("three", "3", "skipped"),
        Candidate("four", "4", "served", healthy=False),
        Candidate("five", "5", "served"),
    ]
    assert roll_back_to(there, {"five": 100}) == "two"
    assert roll_back_to(there, {"two": 100}) == "one"
    assert roll_back_to(there, {}) == "five"


def test_nothing_to_roll_back_to_is_said() -> None:
    with pytest.raises(AzureError, match="no earlier deployment"):
        roll_back_to([Candidate("one", "1", "served")], {"one": 100})
