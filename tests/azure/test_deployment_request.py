from __future__ import annotations

import pytest

from jupyter_azureml_image.errors import BadUsage
from jupyter_azureml_image.plan.deployment import DeployRequest
from jupyter_azureml_image.plan.request import Mounts


@pytest.mark.parametrize(
    ("environment", "name"),
    [("e:3fa9c1d20b77", "v-3fa9c1d20b77"), ("e:1", "v-1"), ("e:1.0_b", "v-1-0-b")],
)
def test_a_deployment_is_named_after_the_version(environment: str, name: str) -> None:
    request = DeployRequest(environment, "my-endpoint")
    request.check()
    assert request.name == name


@pytest.mark.parametrize("name", ["ab", "1abc", "a--b", "a_b", "abc-", "a" * 33, "é-endpoint"])
def test_a_name_that_azure_refuses_is_refused_first(name: str) -> None:
    with pytest.raises(BadUsage, match="--endpoint"):
        DeployRequest("e:1", name).check()


@pytest.mark.parametrize(
    "options",
    [{"traffic": 101}, {"instance_count": 0}, {"mounts": Mounts(code="src")}],
)
def test_what_cannot_be_is_refused_first(options) -> None:
    with pytest.raises(BadUsage):
        DeployRequest("e:1", "my-endpoint", **options).check()


def test_what_is_not_here_is_refused_before_an_endpoint_is_made(tmp_path):
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "score.py").touch()
    code = str(tmp_path / "src")
    for mounts, message in (
        (Mounts(code=f"{code}x", scoring_script="score.py"), "--code .* is not a folder here"),
        (Mounts(code=code, scoring_script="run.py"), "--scoring-script run.py is not in"),
        (Mounts(model="iris/modle"), "--model 'iris/modle' is neither a path that exists nor"),
        (Mounts(model="~nobody-of-this-name/m"), "--model .* is neither a path that exists nor"),
    ):
        with pytest.raises(BadUsage, match=message):
            DeployRequest("e:1", "my-endpoint", mounts=mounts).check()
    for model in (code, "iris:1", "azureml:iris:1"):
        DeployRequest("e:1", "my-endpoint", mounts=Mounts(code, "score.py", model)).check()
