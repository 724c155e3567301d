from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from jupyter_azureml_image.azure import acr_request
from jupyter_azureml_image.azure.acr_request import Source, Target
from jupyter_azureml_image.errors import BuilderUnavailable
from jupyter_azureml_image.plan.request import Recipe, SecretSource, TaskOptions

TARGET = Target("/reg", "myreg.azurecr.io", "my-image", "run-1")
SOURCE = Source("source/x.tar.gz", "Dockerfile")
RECIPE = Recipe(
    "FROM scratch", build_args=(("A", "b c"),), target="last", platform="linux/arm/v7",
    no_cache=True,
)  # fmt: skip


def _task(recipe: Recipe) -> dict[str, Any]:
    body = acr_request.task_file(TARGET, SOURCE, recipe, TaskOptions())
    task: dict[str, Any] = json.loads(base64.b64decode(body["encodedTaskContent"]))
    return task


def test_every_option_reaches_the_run() -> None:
    body = acr_request.quick_build(TARGET, SOURCE, RECIPE, TaskOptions("pool", 4, 900))
    assert body == {
        "type": "DockerBuildRequest",
        "imageNames": ["my-image:run-1"],
        "isPushEnabled": True,
        "dockerFilePath": "Dockerfile",
        "arguments": [{"name": "A", "value": "b c", "isSecret": False}],
        "sourceLocation": "source/x.tar.gz",
        "platform": {"os": "linux", "architecture": "arm", "variant": "v7"},
        "timeout": 900,
        "agentConfiguration": {"cpu": 4},
        "agentPoolName": "pool",
        "target": "last",
        "noCache": True,
    }


def test_a_plain_run_asks_for_nothing_else() -> None:
    body = acr_request.quick_build(TARGET, SOURCE, Recipe("FROM scratch"), TaskOptions())
    assert not {"target", "noCache", "agentPoolName", "agentConfiguration", "credentials"} & set(
        body
    )


def test_the_task_file_switches_buildkit_on_and_quotes_its_words() -> None:
    task = _task(RECIPE)
    assert "DOCKER_BUILDKIT=1" in task["env"]
    build, push = task["steps"]
    assert "--build-arg 'A=b c'" in build["build"]
    assert "--target last" in build["build"]
    assert push["push"] == ["myreg.azurecr.io/my-image:run-1"]


@pytest.mark.parametrize("value", ["{{.Run.ID}}", "$Registry"])
def test_an_argument_that_a_task_file_would_expand_is_refused(value: str) -> None:
    with pytest.raises(BuilderUnavailable, match="task file"):
        _task(Recipe("FROM scratch", build_args=(("A", value),)))


def test_a_registry_with_repository_permissions_gets_the_callers_identity() -> None:
    target = Target("/reg", "r.azurecr.io", "i", "t", caller=True)
    body = acr_request.quick_build(target, SOURCE, RECIPE, TaskOptions())
    assert body["credentials"] == {"sourceRegistry": {"identity": "[caller]"}}
    assert target.api == "2025-03-01-preview"


def test_a_secret_never_becomes_a_build_argument() -> None:
    recipe = Recipe("FROM scratch", secrets=(SecretSource("pip", "env", "TOKEN"),))
    with pytest.raises(BuilderUnavailable, match="secrets"):
        acr_request.check(recipe, TaskOptions())


@pytest.mark.parametrize(
    ("recipe", "options", "word"),
    [
        (Recipe("FROM scratch", network="host"), TaskOptions(), "--network"),
        (Recipe("FROM scratch"), TaskOptions(timeout=10), "--timeout 10"),
    ],
)
def test_what_acr_cannot_carry_is_refused_first(recipe, options, word: str) -> None:
    with pytest.raises(BuilderUnavailable, match=word):
        acr_request.check(recipe, options)
