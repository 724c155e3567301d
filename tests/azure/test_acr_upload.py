"""A context is uploaded once, and a block that failed is sent again, not the file."""

from __future__ import annotations

import dataclasses
import random
import uuid
from pathlib import Path
from typing import Any

import pytest
import requests

from jupyter_azureml_image.azure.acr import acr_builders
from jupyter_azureml_image.azure.acr_source import Uploads
from jupyter_azureml_image.azure.acr_upload import upload
from jupyter_azureml_image.azure.arm import Call
from jupyter_azureml_image.azure.connection import Connection
from jupyter_azureml_image.build.ports import BuildJob
from jupyter_azureml_image.build.shipment import Shipment, prepare
from jupyter_azureml_image.context.manifest import resolve_context
from jupyter_azureml_image.context.reading import ContextChanged
from jupyter_azureml_image.dockerfile.parse import parse
from jupyter_azureml_image.events import Event, Note
from jupyter_azureml_image.plan.request import BuildRequest, Recipe

from .conftest import SetFaults

TEXT = "FROM scratch\nCOPY . /\n"
UPLOADS = Call("POST", "", "2019-06-01-preview", "asking where to upload")


@pytest.fixture
def job(tmp_path: Path, state_dir: Path) -> BuildJob:
    """A build of a folder with one file that is like no other."""
    context = tmp_path / "context"
    context.mkdir()
    (context / "marker").write_text(uuid.uuid4().hex)
    return BuildJob("one", tmp_path / "one", Recipe(TEXT), resolve_context(context), "once:1")


@pytest.fixture
def sent(workspace: Connection) -> Any:
    """Asks which requests of a method reached the blobs since the fixture was made."""

    def _asked(method: str, **options: Any) -> Any:
        token = workspace.arm.credential.get_token("x").token
        where = "https://management.azure.com/_sandbox/requests"
        headers = {"Authorization": f"Bearer {token}"}
        return requests.request(method, where, headers=headers, timeout=30, **options)

    def _sent(method: str) -> list[dict[str, Any]]:
        seen = _asked("GET").json()["value"]
        return [each for each in seen if each["method"] == method and "blob" in each["host"]]

    _asked("DELETE")
    return _sent


def _built(workspace: Connection, job: BuildJob, run_id: str) -> list[str]:
    """Build it under another run; what was said."""
    events: list[Event] = []
    job = dataclasses.replace(job, run_id=run_id, folder=job.folder.with_name(run_id))
    builder = acr_builders(workspace, BuildRequest("x", Recipe(""), "."))[0]
    assert builder.start(job, events.append).wait().digest
    return [event.text for event in events if isinstance(event, Note)]


def test_the_same_context_is_not_uploaded_again(
    workspace: Connection, job: BuildJob, sent: Any
) -> None:
    said = _built(workspace, job, "first")
    assert said[0].startswith("Uploading the build context (1 file")
    assert len({each["path"] for each in sent("PUT")}) == 1
    said = _built(workspace, job, "second")
    assert said[0].startswith("The build context (1 file")
    assert "was uploaded before" in said[0]
    assert len({each["path"] for each in sent("PUT")}) == 1


def test_a_context_that_azure_no_longer_holds_is_uploaded_again(
    workspace: Connection, job: BuildJob, sent: Any
) -> None:
    shipment = _shipment(job)
    uploads = Uploads(str(workspace.facts.registry_id))
    uploads.keep(
        shipment, "source/gone.tar.gz", "https://x/y?se=2999-01-01T00%3A00%3A00Z&sig=secret"
    )
    said = _built(workspace, job, "lost")
    assert "The registry lost the context that was uploaded; it is sent again." in said
    assert len({each["path"] for each in sent("PUT")}) == 1
    assert uploads.find(shipment) not in (None, "source/gone.tar.gz")


def test_an_upload_is_counted_on_as_long_as_its_address_lives(
    job: BuildJob, state_dir: Path
) -> None:
    shipment, uploads = _shipment(job), Uploads("registry")
    uploads.keep(shipment, "there", "https://x/y?se=2999-01-01T00%3A00%3A00Z&sig=secret")
    assert uploads.find(shipment) == "there"
    assert Uploads("another").find(shipment) is None
    assert uploads.find(dataclasses.replace(shipment, text="FROM scratch\n")) is None
    (file,) = (state_dir / "uploads").iterdir()
    assert "secret" not in file.read_text()
    uploads.keep(shipment, "there", "https://x/y?se=2001-01-01T00%3A00%3A00Z")
    assert uploads.find(shipment) is None


def test_a_block_that_failed_is_sent_again_and_not_the_file(
    workspace: Connection, job: BuildJob, sent: Any, faults: SetFaults
) -> None:
    big = Path(job.manifest.root, "big")
    big.write_bytes(random.Random(1).randbytes(9_000_000))
    path = f"{workspace.facts.registry_id}/listBuildSourceUploadUrl"
    answer = workspace.arm.call(dataclasses.replace(UPLOADS, path=path)) or {}
    faults({"fault": "answer", "host": "blob", "method": "PUT", "status": 503, "times": 1})
    shipment = _shipment(dataclasses.replace(job, manifest=resolve_context(big.parent)))
    upload(str(answer["uploadUrl"]), shipment, lambda _: None, lambda: False)
    # three blocks, one of them twice, and the list that joins them
    assert sorted(each["status"] for each in sent("PUT")) == [201, 201, 201, 201, 503]
    assert requests.head(str(answer["uploadUrl"]), timeout=30).status_code == 200


def test_a_file_that_changes_while_it_is_uploaded_is_named_and_no_archive_is_made(
    workspace: Connection, job: BuildJob, sent: Any
) -> None:
    big = Path(job.manifest.root, "big")
    big.write_bytes(random.Random(2).randbytes(24_000_000))
    path = f"{workspace.facts.registry_id}/listBuildSourceUploadUrl"
    answer = workspace.arm.call(dataclasses.replace(UPLOADS, path=path)) or {}
    shipment = _shipment(dataclasses.replace(job, manifest=resolve_context(big.parent)))

    def changing() -> bool:  # asked for every piece
        with big.open("r+b") as file:
            file.seek(-4, 2)
            file.write(b"more")
        return False

    with pytest.raises(ContextChanged, match="The context file big changed while it was read"):
        upload(str(answer["uploadUrl"]), shipment, lambda _: None, changing)
    assert sent("PUT")  # blocks, which are never joined
    assert requests.head(str(answer["uploadUrl"]), timeout=30).status_code == 404


def _shipment(job: BuildJob) -> Shipment:
    return prepare(parse(job.recipe.text), job.manifest, None)
