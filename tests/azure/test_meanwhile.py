"""A deployment takes minutes: what somebody else changes meanwhile is heeded."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from jupyter_azureml_image.azure.deployments import deploy
from jupyter_azureml_image.plan.deployment import DeployRequest


class _Done:
    """An operation of Azure that has ended."""

    def add_done_callback(self, call: Any) -> None:
        call(self)

    def done(self) -> bool:
        return True

    def result(self) -> None:
        return None


class _Endpoint:
    """A workspace with one endpoint. While a deployment comes up, `meanwhile` happens to it."""

    def __init__(self, traffic: dict[str, int], meanwhile: dict[str, int]) -> None:
        self.traffic, self.meanwhile = traffic, meanwhile
        self.deployments = list(traffic)
        self.entity = SimpleNamespace(traffic={}, scoring_uri="https://e", openapi_uri=None)
        self.name = SimpleNamespace(path="/ws")
        self.facts = SimpleNamespace(name="ws", sandbox=True)
        self.arm = SimpleNamespace(find=self._find, every=self._every)
        self.ml_client = SimpleNamespace(
            online_deployments=SimpleNamespace(begin_create_or_update=self._begin),
            online_endpoints=SimpleNamespace(
                get=lambda _: self.entity, begin_create_or_update=self._set
            ),
        )

    def _find(self, path: str, *_: str) -> Any:
        if path.endswith("/deployments/green"):
            return None
        return {"properties": {"traffic": self.traffic, "inferenceConfig": {"scoringRoute": {}}}}

    def _every(self, _: Any) -> list[dict[str, str]]:
        return [{"name": name} for name in self.deployments]

    def _begin(self, entity: Any) -> _Done:
        self.deployments = [*self.meanwhile, entity.name]
        self.traffic = self.meanwhile
        return _Done()

    def _set(self, entity: Any) -> _Done:
        self.traffic = entity.traffic
        return _Done()


def test_shares_are_given_from_those_of_the_moment() -> None:
    workspace: Any = _Endpoint({"blue": 100}, meanwhile={"blue": 0, "red": 100})
    made = deploy(workspace, DeployRequest("e:1", "scores", "green", traffic=10), lambda _: None)
    assert workspace.traffic == {"blue": 0, "red": 90, "green": 10}
    assert made.traffic == 10


def test_a_deployment_that_went_meanwhile_gets_no_requests() -> None:
    workspace: Any = _Endpoint({"blue": 100}, meanwhile={"red": 100})
    deploy(workspace, DeployRequest("e:1", "scores", "green", traffic=100), lambda _: None)
    assert workspace.traffic == {"red": 0, "green": 100}
