"""`--build azureml`: the context goes to the workspace's store, and Azure ML does the rest."""

from __future__ import annotations

import uuid
from pathlib import Path

import pytest

from jupyter_azureml_image.azure.azureml_builder import AzureMlBuilder
from jupyter_azureml_image.azure.connection import Connection
from jupyter_azureml_image.azure.datastore import default_datastore
from jupyter_azureml_image.build.ports import BuildJob, BuiltImage
from jupyter_azureml_image.context.manifest import resolve_context
from jupyter_azureml_image.errors import BuilderUnavailable, ContextError
from jupyter_azureml_image.events import Event, Note
from jupyter_azureml_image.plan.registration import ContextPlace, Registration
from jupyter_azureml_image.plan.request import Recipe, Routes

from .conftest import SetFaults


@pytest.fixture
def context(tmp_path: Path) -> Path:
    folder = tmp_path / "context"
    (folder / "code").mkdir(parents=True)
    (folder / "code" / "score.py").write_text(f"# {uuid.uuid4().hex}\n")
    (folder / "notes.txt").write_text("not for the image")
    (folder / ".dockerignore").write_text("notes.txt\n")
    return folder


def _job(context: Path, text: str = "FROM scratch\nCOPY . /app\n", **recipe: object) -> BuildJob:
    wanted = Recipe(text, **recipe)  # type: ignore[arg-type]
    return BuildJob("r1", context.parent, wanted, resolve_context(context), "x:1")


def _place(image: BuiltImage) -> ContextPlace:
    return ContextPlace.of(image.reference)


@pytest.mark.parametrize("identity", [False, True], ids=["secret", "identity-based store"])
def test_what_is_uploaded_is_the_manifest_and_the_dockerfile(
    workspace: Connection, context: Path, faults: SetFaults, identity: bool
) -> None:
    if identity:
        faults({"fault": "identity-datastore"})
    job = _job(context)
    place = _place(AzureMlBuilder(workspace).start(job, lambda _: None).wait())
    store = default_datastore(workspace)
    prefix = place.uri.removeprefix(f"{store.account_url}/{store.container}/")
    with store.client() as client:
        names = [blob.name.removeprefix(prefix) for blob in client.list_blobs(prefix)]
        score = client.download_blob(f"{prefix}context/code/score.py").readall()
    assert sorted(names) == [
        ".azureml-image.Dockerfile",
        "context/.dockerignore",
        "context/code/score.py",
    ]
    assert score == (context / "code" / "score.py").read_bytes()


def test_the_same_context_is_sent_once(workspace: Connection, context: Path) -> None:
    events: list[Event] = []
    first = AzureMlBuilder(workspace).start(_job(context), lambda _: None).wait()
    again = AzureMlBuilder(workspace).start(_job(context), events.append).wait()
    assert again == first
    assert any(isinstance(e, Note) and "already" in e.text for e in events)


def test_the_environment_is_registered_with_its_context_and_what_is_lost_is_said(
    workspace: Connection, context: Path
) -> None:
    events: list[Event] = []
    place = _place(AzureMlBuilder(workspace).start(_job(context), events.append).wait())
    asked = Registration(f"env-{uuid.uuid4().hex[:8]}", "1", "", Routes(), context=place)
    stored = workspace.register(asked)
    assert stored.image is None
    environment = workspace.environment(stored)
    assert environment.build.path == place.uri
    assert environment.build.dockerfile_path == ".azureml-image.Dockerfile"
    assert workspace.register(asked) == stored
    assert any(isinstance(e, Note) and "not rehearsed" in e.text for e in events)


def test_a_link_cannot_be_sent_and_is_named(workspace: Connection, context: Path) -> None:
    (context / "link").symlink_to("code")
    with pytest.raises(ContextError, match="link is a symbolic link"):
        AzureMlBuilder(workspace).start(_job(context), lambda _: None)


def test_what_azure_ml_cannot_be_told_is_refused(workspace: Connection, context: Path) -> None:
    job = _job(context, build_args=(("A", "1"),), target="x")
    with pytest.raises(BuilderUnavailable, match="no --build-arg and no --target"):
        AzureMlBuilder(workspace).start(job, lambda _: None)
