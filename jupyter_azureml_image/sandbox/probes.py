"""Whether a container serves: liveness, then readiness, with the patience that the deployment
sets."""

from __future__ import annotations

import http.client
import re
import time
from collections.abc import Callable
from dataclasses import dataclass

from .arm import Document
from .engine import Engine
from .operations import OperationFailed

GUIDE = (
    "Please see troubleshooting guide, available here: https://aka.ms/oe-tsg#error-resourcenotready"
)
# More often than Azure asks: the patience is the same, the answer comes sooner.
POLL_SECONDS = 0.2


@dataclass(frozen=True, slots=True)
class Route:
    """Where a container answers: port and path."""

    port: int
    path: str


def await_ready(
    engine: Engine, name: str, deployment: Document, route_of: Callable[[Document, str], Route]
) -> None:
    """Wait until the container passes both probes. Raises `OperationFailed` in Azure's words."""
    for probe, kind, word in (
        ("livenessProbe", "livenessRoute", "Liveness"),
        ("readinessProbe", "readinessRoute", "Readiness"),
    ):
        settings = deployment["properties"].get(probe) or {}
        trouble = _probe(engine, name, route_of(deployment, kind), settings)
        if trouble:
            detail = f": {word} probe failed: {trouble}" if trouble != "ended" else ""
            message = f"User container has crashed or terminated{detail}. {GUIDE}"
            raise OperationFailed("ResourceNotReady", message)


def _probe(engine: Engine, name: str, target: Route, settings: Document) -> str:
    """Return '' once the container answers well, `ended`, or what a probe says at the end."""
    period = seconds(settings.get("period"), 10)
    failures = int(settings.get("failureThreshold") or 30)
    end = time.monotonic() + seconds(settings.get("initialDelay"), 10) + failures * period
    while True:
        running = engine.look(name)
        if running is None or not running.alive:
            return "ended"
        port = running.ports.get(target.port, 0)
        trouble = _get(port, target.path, seconds(settings.get("timeout"), 2))
        if not trouble or time.monotonic() > end:
            return trouble
        time.sleep(POLL_SECONDS)


def seconds(duration: object, default: float) -> float:
    """Return the seconds of an ISO 8601 duration such as PT10S or PT1M30S."""
    pattern = r"P(?:(\d+)D)?T?(?:(\d+)H)?(?:(\d+)M)?(?:([\d.]+)S)?"
    match = re.fullmatch(pattern, str(duration or ""))
    if not match or not any(match.groups()):
        return default
    days, hours, minutes, rest = (float(part or 0) for part in match.groups())
    return ((days * 24 + hours) * 60 + minutes) * 60 + rest


def _get(port: int, path: str, timeout: float) -> str:
    """Return '' where the container answers well, else what a probe would say."""
    if not port:
        return "dial tcp: connection refused"
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
    try:
        connection.request("GET", path)
        status = connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return "HTTP probe failed with statuscode: 502"
    finally:
        connection.close()
    return "" if 200 <= status < 400 else f"HTTP probe failed with statuscode: {status}"
