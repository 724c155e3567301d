"""Posting a sample to a deployment, with the endpoint's key, before it gets any traffic."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..errors import Cancelled, DeploymentFailed
from .rollout import Rollout

_ANSWER = 2000
_SECONDS = 180  # the longest request timeout that Azure allows
_SETTLING = 60.0
_NOT_YET = (404, 502, 503)


@dataclass(frozen=True, slots=True)
class Answer:
    """The start of what the deployment answered."""

    status: int
    text: str


def post(rollout: Rollout) -> Answer:
    """Post the request's sample to its deployment; a route that is not there yet is awaited."""
    request = rollout.request
    endpoint = rollout.client.online_endpoints.get(request.endpoint)
    keys = rollout.client.online_endpoints.get_keys(request.endpoint)
    headers = {
        "Authorization": f"Bearer {_key(keys)}",
        "Content-Type": "application/json",
        "azureml-model-deployment": request.name,
    }
    until = time.monotonic() + _SETTLING
    while True:
        answer = _once(str(endpoint.scoring_uri), request.sample or "", headers)
        if answer.status not in _NOT_YET or time.monotonic() > until:
            return answer
        if rollout.stopped():
            raise Cancelled("Stopped before the sample was answered.")
        time.sleep(1)


def _once(url: str, body: str, headers: Mapping[str, str]) -> Answer:
    import requests

    sent = requests.post(url, data=body.encode(), headers=dict(headers), timeout=_SECONDS)
    return Answer(sent.status_code, sent.text[:_ANSWER])


def _key(keys: Any) -> str:
    key = getattr(keys, "primary_key", None) or getattr(keys, "access_token", None)
    if not key:
        raise DeploymentFailed(
            "The endpoint gives no key, so the sample could not be posted.",
            hint="It was made with another way of signing in; leave --request-file out.",
        )
    return str(key)
