"""A token that ends during a long build: the credential is asked again, the run goes on."""

from __future__ import annotations

import dataclasses
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from jupyter_azureml_image.azure.acr import acr_builders
from jupyter_azureml_image.azure.connection import Connection
from jupyter_azureml_image.azure.identity import Credential
from jupyter_azureml_image.build.ports import BuildJob
from jupyter_azureml_image.context.manifest import resolve_context
from jupyter_azureml_image.errors import SignedOut
from jupyter_azureml_image.events import Event, LogLine
from jupyter_azureml_image.plan.request import BuildRequest, Recipe

from .conftest import SetFaults


class Watched:
    """A credential that notes what it was asked."""

    def __init__(self, inner: Credential) -> None:
        self._inner = inner
        self.claims: list[str | None] = []
        self.tokens: set[str] = set()

    def get_token(self, *scopes: str, **options: Any) -> Any:
        self.claims.append(options.get("claims"))
        token = self._inner.get_token(*scopes, **options)
        self.tokens.add(token.token)
        return token


@pytest.fixture
def watched(workspace: Connection) -> Iterator[Watched]:
    """azure-identity's own sign-in, through the sandbox's login host."""
    from azure.identity import ClientSecretCredential

    secret = workspace.arm.credential.get_token("x").token
    before = workspace.arm
    with ClientSecretCredential("sandbox", "me", secret) as inner:
        watched = Watched(inner)
        workspace.arm = dataclasses.replace(before, credential=watched, _client=None)
        yield watched
    workspace.arm = before


def _build(workspace: Connection, folder: Path, command: str, emit: Any) -> Any:
    run_id = uuid.uuid4().hex[:8]
    (folder / "context").mkdir()
    recipe = Recipe(f"FROM azureml-image-test/busybox\nRUN {command} # {run_id}\n")
    manifest = resolve_context(folder / "context")
    job = BuildJob(run_id, folder / run_id, recipe, manifest, f"acr-{run_id}:1")
    return acr_builders(workspace, BuildRequest("x", recipe, "."))[0].start(job, emit)


def test_tokens_that_live_two_seconds_carry_a_longer_build(
    workspace: Connection, faults: SetFaults, watched: Watched, tmp_path: Path, tiny_image: str
) -> None:
    faults({"fault": "token-expires", "seconds": 2})
    image = _build(workspace, tmp_path, "sleep 5", lambda _: None).wait()
    assert image.digest is not None
    assert len(watched.tokens) > 2


def test_a_token_revoked_during_the_build_is_asked_for_anew_with_its_claims(
    workspace: Connection, faults: SetFaults, watched: Watched, tmp_path: Path, tiny_image: str
) -> None:
    claims = '{"access_token": {"nbf": {"essential": true, "value": "1700000000"}}}'
    revoked = {"fault": "signed-out", "path": "/runs/", "times": 1}

    def emit(event: Event) -> None:
        if isinstance(event, LogLine) and event.text == "begun":
            faults({**revoked, "claims": claims})

    image = _build(workspace, tmp_path, "echo begun; sleep 5", emit).wait()
    assert image.digest is not None
    assert claims in watched.claims


def test_a_token_refused_once_is_asked_for_again(
    workspace: Connection, faults: SetFaults, watched: Watched
) -> None:
    path = workspace.name.path
    workspace.arm.get(path, "2024-04-01", "reading")
    asked = len(watched.claims)
    faults({"fault": "signed-out", "times": 1})
    assert workspace.arm.get(path, "2024-04-01", "reading")
    assert len(watched.claims) > asked
    faults({"fault": "signed-out"})
    with pytest.raises(SignedOut):
        workspace.arm.get(path, "2024-04-01", "reading")
