"""Azure Resource Manager by hand: the few calls that are not worth importing azure-ai-ml for.

azure-core brings sign-in, token renewal and the transport. Retries are decided here, because a
wait has to be shown, has to end when the run is cancelled, and must not be made for a call that
would do something twice.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import quote, urlsplit

from ..errors import Cancelled, ImageError, ServiceFault
from .identity import Credential
from .refusals import from_answer, refused
from .translate import explain

ML_API = "2024-04-01"
REGISTRY_API = "2023-07-01"
RESOURCES_API = "2021-04-01"

Tell = Callable[[str], None]

PASSING = (408, 429, 500, 502, 503, 504)
"""Answers after which the same may be asked again."""
LONGEST_WAIT = 300.0
"""Seconds; who is told to wait longer gives up."""

_TRIES = 5


@dataclass(frozen=True, slots=True)
class Call:
    """One call: `path` from the root (or a whole `nextLink`), its api-version, its JSON body.

    `once`: the call starts something, so it is never sent again after it may have arrived.
    `missing`: a 404 is an answer (None), not an error.
    """

    method: str
    path: str
    api: str
    doing: str
    body: Any = None
    once: bool = False
    missing: bool = False
    query: tuple[tuple[str, str], ...] = ()


@dataclass(slots=True)
class Arm:
    """Resource Manager, as one signed-in caller."""

    credential: Credential
    endpoint: str = "https://management.azure.com"
    tell: Tell | None = None
    stopped: threading.Event = field(default_factory=threading.Event)
    _client: Any = None

    @property
    def scope(self) -> str:
        """The scope of a token for Resource Manager."""
        return f"{self.endpoint}/.default"

    def get(self, path: str, api: str, doing: str) -> dict[str, Any]:
        """The resource at `path`."""
        return self.call(Call("GET", path, api, doing)) or {}

    def find(self, path: str, api: str, doing: str) -> dict[str, Any] | None:
        """The resource at `path`, None where there is none."""
        return self.call(Call("GET", path, api, doing, missing=True))

    def every(self, call: Call) -> Iterator[dict[str, Any]]:
        """All items of a list, page by page; none where the list does not exist."""
        page = self.call(replace(call, missing=True))
        while page:
            yield from page.get("value") or ()
            link = page.get("nextLink")
            page = self.call(Call("GET", link, "", call.doing)) if link else None

    def call(self, call: Call) -> dict[str, Any] | None:
        """Make the call, waiting and trying again where that is safe; the answer's JSON."""
        for attempt in range(1, _TRIES + 1):
            last = attempt == _TRIES
            try:
                response = self._send(call)
            except Exception as error:
                told = explain(error, call.doing)
                if told is None:
                    raise
                if last or call.once or not isinstance(told, ServiceFault):
                    raise told from error
                self.wait(2.0**attempt / 4, f"{told.message} Trying again.")
                continue
            if response.status_code == 404 and call.missing:
                return None
            if response.status_code < 400:
                return _body(response, call)
            refusal = from_answer(response)
            told = refused(refusal, call.doing)
            if refusal.status == 401 and attempt == 1:
                continue  # azure-core dropped the token; the credential may have a newer one
            if last or not _passing(refusal.status, call):
                raise told
            pause = refusal.retry_after or 2.0**attempt / 2
            if pause > LONGEST_WAIT:
                raise told
            self.wait(pause, f"{told.message} Trying again in {pause:.0f} s.")
        raise AssertionError("the last try returns or raises")

    def wait(self, seconds: float, sentence: str) -> None:
        """Wait before trying again, saying why; raises Cancelled once `stopped`."""
        if self.tell is not None and seconds >= 1:
            self.tell(sentence)
        if self.stopped.wait(seconds):
            raise Cancelled("Stopped while waiting for Azure.")

    def _send(self, call: Call) -> Any:
        from azure.core.rest import HttpRequest

        if self._client is None:
            self._client = self._open()
        whole = urlsplit(call.path).scheme != ""
        url = call.path if whole else f"{self.endpoint}{quote(call.path)}"
        params = {} if whole else {"api-version": call.api, **dict(call.query)}
        request = HttpRequest(call.method, url, params=params, json=call.body)
        response = self._client.send_request(request)
        response.read()
        return response

    def _open(self) -> Any:
        from azure.core import PipelineClient
        from azure.core.pipeline import policies
        from azure.mgmt.core.policies import ARMChallengeAuthenticationPolicy

        return PipelineClient(
            self.endpoint,
            policies=[
                policies.RequestIdPolicy(),
                policies.HeadersPolicy({"Accept": "application/json"}),
                policies.UserAgentPolicy("jupyter-azureml-image"),
                ARMChallengeAuthenticationPolicy(self.credential, self.scope),
                policies.SensitiveHeaderCleanupPolicy(),
            ],
        )


def _passing(status: int, call: Call) -> bool:
    """Whether the trouble may pass: 429 was refused before anything was done; after a 5xx a
    call that starts something may already have started it."""
    return status == 429 or (status in PASSING and not call.once)


def _body(response: Any, call: Call) -> dict[str, Any]:
    if not response.content:
        return {}
    try:
        body = response.json()
    except ImageError:
        raise
    except Exception as error:  # azure-core's DecodeError or json's: the body is not JSON
        raise ServiceFault(
            f"Azure's answer is not JSON, seen while {call.doing}.",
            hint="A proxy or sign-in page may have answered in its place.",
        ) from error
    return body if isinstance(body, dict) else {"value": body}
