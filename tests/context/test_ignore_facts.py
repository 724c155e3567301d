"""Every verdict of a real builder that was recorded, against ours."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from jupyter_azureml_image.context.ignore import IgnoreRules
from jupyter_azureml_image.errors import ContextError


@pytest.fixture(scope="module")
def recorded(facts_data: Path) -> dict[str, Any]:
    return json.loads((facts_data / "dockerignore.json").read_text(encoding="utf-8"))


def test_every_single_pattern_case_is_decided_as_docker_does(recorded):
    wrong = []
    for case in recorded["cases"]:
        try:
            found: Any = IgnoreRules.read("\n".join(case["patterns"])).excluded(case["path"])
        except ContextError:
            found = "error"
        if found != case["expected"]:
            wrong.append((case, found))
    assert wrong == []
    assert len(recorded["cases"]) >= 150


def test_every_whole_ignore_file_leaves_out_what_a_real_builder_left_out(recorded):
    wrong = []
    files = recorded["trees"]["files"]
    for case in recorded["trees"]["sets"]:
        try:
            rules = IgnoreRules.read(case["dockerignore"].encode())
            found: Any = [path for path in files if rules.excluded(path)]
        except ContextError:
            found = "error"
        if found != case.get("excluded", case.get("expected")):
            wrong.append((case["dockerignore"], found))
    assert wrong == []
    assert len(recorded["trees"]["sets"]) >= 380


def test_pruned_folders_never_hide_a_file_that_a_real_builder_kept(recorded):
    files = recorded["trees"]["files"]
    for case in recorded["trees"]["sets"]:
        if "excluded" not in case:
            continue
        rules = IgnoreRules.read(case["dockerignore"])
        for path in set(files) - set(case["excluded"]):
            parts = path.split("/")
            for depth in range(1, len(parts)):
                folder = "/".join(parts[:depth])
                assert not (rules.excluded(folder) and rules.may_prune(folder)), (case, path)
