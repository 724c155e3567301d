"""The scoring URL of an endpoint: the key opens it, the traffic split picks the deployment."""

from __future__ import annotations

import http.client
import json
import random
import threading
from dataclasses import replace

from .arm import Document
from .deployments import Deployments
from .endpoints import Endpoints
from .hosting import Hosting
from .names import SCORING_SUFFIX
from .probes import seconds
from .web import Body, Request, Response

PICK = "azureml-model-deployment"
DROPPED = {
    "connection",
    "keep-alive",
    "transfer-encoding",
    "authorization",
    "host",
    "content-length",
}


class Scoring:
    """Answers scoring requests by handing them to a deployment's container."""

    def __init__(self, endpoints: Endpoints, deployments: Deployments, hosting: Hosting) -> None:
        self._endpoints = endpoints
        self._deployments = deployments
        self._hosting = hosting

    def __call__(self, request: Request) -> Response:
        """Answer one request to `<endpoint>.<region>.inference.ml.azure.com`."""
        name = request.host.removesuffix(SCORING_SUFFIX).split(".")[0]
        endpoint = self._endpoints.find(name)
        if endpoint is None:
            return _error(404, "NotFound", "The endpoint was not found.")
        if not self._endpoints.opens(endpoint, request.bearer()):
            return _error(
                401,
                "key_auth_access_denied",
                "Access denied. Your key or token is invalid or missing.",
            )
        chosen = self._choose(endpoint, request)
        if chosen is None:
            return _error(
                404,
                "DeploymentNotFound",
                "The endpoint has no deployment with traffic for this request.",
            )
        shadow = None if request.header(PICK) else self._shadow(endpoint)
        if shadow is not None:
            content = request.body.all()
            request, copy = (replace(request, body=Body.of(content)) for _ in range(2))
            # Nobody waits for its answers.
            threading.Thread(target=self._ask, args=(shadow, copy), daemon=True).start()
        return self._ask(chosen, request)

    def _shadow(self, endpoint: Document) -> Document | None:
        """Return the deployment that this request is mirrored to, as its share has it."""
        for name, share in (endpoint["properties"].get("mirrorTraffic") or {}).items():
            if random.randrange(100) < share:  # noqa: S311  # a fair coin for traffic, as below
                return self._deployments.find(endpoint["name"], name)
        return None

    def _choose(self, endpoint: Document, request: Request) -> Document | None:
        wanted = request.header(PICK)
        if wanted:
            return self._deployments.find(endpoint["name"], wanted)
        traffic = {
            name: int(share)
            for name, share in endpoint["properties"]["traffic"].items()
            if int(share) > 0
        }
        if not traffic:
            return None
        # a fair coin for traffic, not for secrets
        picked = random.choices(list(traffic), weights=list(traffic.values()))[0]  # noqa: S311
        return self._deployments.find(endpoint["name"], picked)

    def _ask(self, deployment: Document, request: Request) -> Response:
        route = self._hosting.scoring(deployment)
        running = self._hosting.running(deployment)
        served = {PICK: deployment["name"]}
        if running is None or not running.alive or route.port not in running.ports:
            return _error(
                424, "ModelNotReady", "The deployment's container does not answer."
            ).with_headers(
                {
                    **served,
                    "ms-azureml-model-error-statuscode": "502",
                    "ms-azureml-model-error-reason": "container_down",
                }
            )
        limit = seconds(deployment["properties"]["requestSettings"].get("requestTimeout"), 5)
        path = route.path if request.path == "/score" else request.path
        try:
            answer = _call(running.ports[route.port], path, request, limit)
        except TimeoutError:
            return _error(
                408, "RequestTimeout", f"The model did not answer within {limit:g} seconds."
            ).with_headers(served)
        except (OSError, http.client.HTTPException):
            answer = Response(502, b"")
        if 200 <= answer.status < 300:
            return answer.with_headers(served)
        failed = {
            **served,
            "ms-azureml-model-error-statuscode": str(answer.status),
            "ms-azureml-model-error-reason": "model_error",
        }
        return Response(424, answer.body, {**answer.headers, **failed})


def _call(port: int, path: str, request: Request, limit: float) -> Response:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=limit)
    headers = {
        name: value for name, value in request.headers.items() if name.lower() not in DROPPED
    }
    target = f"{path}?{request.raw_query}" if request.raw_query else path
    try:
        connection.request(request.method, target, request.body.all() or None, headers)
        answer = connection.getresponse()
        kept = {name: value for name, value in answer.getheaders() if name.lower() not in DROPPED}
        return Response(answer.status, answer.read(), kept)
    finally:
        connection.close()


def _error(status: int, code: str, message: str) -> Response:
    content = json.dumps({"error": {"code": code, "message": message}}).encode()
    return Response(status, content, {"Content-Type": "application/json"})
