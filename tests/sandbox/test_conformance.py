"""The conformance check itself: it finds what is wrong, and takes real answers for right."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from tools.conformance import Exchange, check, real_exchanges
from tools.openapi import Specs

WS = "/subscriptions/0/resourceGroups/g/providers/Microsoft.MachineLearningServices/workspaces/w"


@pytest.fixture(scope="module")
def specs(facts_data: Path) -> Specs:
    return Specs(facts_data / "azure-specs")


@pytest.fixture(scope="module")
def real(facts_data: Path) -> list[Exchange]:
    return real_exchanges(facts_data / "azure-recordings")


def environment(facts_data: Path) -> dict[str, Any]:
    file = facts_data / "azure-recordings" / "ml-env-version-put-image-201.json"
    recording = json.loads(file.read_text())
    return {"sent": recording["request"]["body"], "answer": recording["response"]["body"]}


def differences(specs: Specs, real: list[Exchange], bodies: dict[str, Any]) -> list[str]:
    path = f"{WS}/environments/e/versions/1"
    seen = Exchange("PUT", path, "2023-04-01-preview", bodies["sent"], 201, bodies["answer"])
    return list(check(specs, real, [seen]).differences)


def test_the_real_answers_differ_in_nothing(specs: Specs, real: list[Exchange]) -> None:
    composed = {e.shape for e in real if e.status >= 400}
    shown = [e for e in real if e.shape not in composed or e.status < 400]
    assert list(check(specs, real, shown).differences) == []


def test_a_name_that_the_files_do_not_know_is_found(
    specs: Specs, real: list[Exchange], facts_data: Path
) -> None:
    bodies = copy.deepcopy(environment(facts_data))
    bodies["sent"]["properties"]["imagee"] = "x"
    bodies["answer"]["properties"]["colour"] = "blue"
    found = "\n".join(differences(specs, real, bodies))
    assert "request: properties: unknown name imagee" in found
    assert "answer: properties: unknown name colour" in found


def test_a_wrong_type_and_a_wrong_word_are_found(
    specs: Specs, real: list[Exchange], facts_data: Path
) -> None:
    bodies = copy.deepcopy(environment(facts_data))
    bodies["answer"]["properties"]["isArchived"] = "no"
    bodies["answer"]["properties"]["osType"] = "Plan9"
    found = "\n".join(differences(specs, real, bodies))
    assert "properties/isArchived" in found
    assert "properties/osType" in found


def test_an_answer_that_lacks_what_azure_sends_is_found(
    specs: Specs, real: list[Exchange], facts_data: Path
) -> None:
    bodies = copy.deepcopy(environment(facts_data))
    del bodies["answer"]["properties"]["environmentType"]
    found = "\n".join(differences(specs, real, bodies))
    assert "real answer: properties/environmentType is missing" in found


def test_a_status_that_the_files_do_not_know_is_found(specs: Specs, real: list[Exchange]) -> None:
    path = f"{WS}/onlineEndpoints/e/listKeys"
    seen = Exchange("POST", path, "2022-02-01-preview", None, 218, {})
    assert "status 218" in next(iter(check(specs, real, [seen]).differences))


def test_a_version_that_the_files_lack_is_named(specs: Specs, real: list[Exchange]) -> None:
    seen = Exchange("GET", WS, "2024-10-01-preview", None, 404, {"error": {}})
    [named] = check(specs, real, [seen]).unspecified
    assert "2024-10-01-preview: held to 2024-04-01-preview and the recordings" in named
