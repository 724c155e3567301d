"""Records become JSON and come back equal."""

import json
from dataclasses import dataclass

import pytest

from jupyter_azureml_image import events, wire
from jupyter_azureml_image.lint.diagnostic import Diagnostic, Edit, Fix
from jupyter_azureml_image.plan.request import (
    BuildRequest,
    CheckPolicy,
    Mounts,
    Recipe,
    Rehearsal,
    SecretSource,
)

REQUEST = BuildRequest(
    name="iris",
    recipe=Recipe("FROM x", build_args=(("A", "b"),), secrets=(SecretSource("i", "env", "V"),)),
    context="/c",
    check=CheckPolicy(ignore=("AML001",)),
    rehearsal=Rehearsal(sample="[1]", mounts=Mounts(code="/code")),
    tags=(("team", "flowers"),),
)


def test_a_request_comes_back_equal():
    assert wire.load(BuildRequest, json.loads(json.dumps(wire.dump(REQUEST)))) == REQUEST


@pytest.mark.parametrize(
    "event",
    [
        events.RunStarted("1", "iris"),
        events.Findings(
            (Diagnostic("A", "error", "m", 1, fixes=(Fix("t", True, (Edit(0, 1, "x"),)),)),)
        ),
        events.Listing("plan", ("a", "b")),
        events.Transfer("push", 3, None),
        events.StepEnded("1", "cached"),
    ],
    ids=lambda event: type(event).__name__,
)
def test_an_event_comes_back_equal(event):
    assert events.from_json(json.loads(json.dumps(events.to_json(event)))) == event


def test_a_field_that_the_data_lacks_keeps_its_default():
    assert wire.load(Recipe, {"text": "FROM x"}) == Recipe("FROM x")


def test_a_field_of_a_newer_version_is_ignored():
    assert wire.load(Recipe, {"text": "FROM x", "later": 1}) == Recipe("FROM x")


def test_what_has_no_json_form_is_refused():
    @dataclass(frozen=True)
    class Odd:
        thing: object

    with pytest.raises(TypeError, match="no JSON form"):
        wire.dump(Odd(object()))
