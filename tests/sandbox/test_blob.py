from __future__ import annotations

import datetime
import os
import uuid
from collections.abc import Iterator
from typing import Any

import pytest

from tests.sandbox.process import Sandbox


@pytest.fixture
def upload_url(sandbox: Sandbox, through) -> str:
    through(sandbox)
    path = f"{sandbox.registry_path}/listBuildSourceUploadUrl"
    return sandbox.arm("POST", path, **{"api-version": "2019-06-01-preview"}).json()["uploadUrl"]


def client(url: str, **settings):
    from azure.storage.blob import BlobClient

    return BlobClient.from_blob_url(url, retry_total=0, **settings)


def test_a_large_upload_in_parallel_blocks_comes_back_whole(upload_url: str) -> None:
    content = os.urandom(3_000_000)
    small = {"max_block_size": 256 * 1024, "max_single_put_size": 64 * 1024}
    with client(upload_url, **small) as blob:
        blob.upload_blob(content, max_concurrency=4, overwrite=True)
        assert blob.download_blob().readall() == content


def test_ranges_are_served_and_a_range_beyond_the_end_is_416(upload_url: str) -> None:
    from azure.core.exceptions import HttpResponseError

    with client(upload_url) as blob:
        blob.upload_blob(b"0123456789", metadata={"a": "b"})
        assert blob.download_blob(offset=3, length=4).readall() == b"3456"
        assert blob.get_blob_properties().metadata == {"a": "b"}
        with pytest.raises(HttpResponseError) as refused:
            blob.download_blob(offset=10, length=5)
    assert refused.value.status_code == 416


def test_an_append_blob_grows(sandbox: Sandbox, through) -> None:
    from azure.storage.blob import BlobServiceClient, generate_account_sas

    through(sandbox)
    path = f"{sandbox.workspace_path}/datastores/workspaceblobstore"
    key = sandbox.arm("POST", f"{path}/listSecrets", {}).json()["key"]
    store = sandbox.arm("GET", path).json()["properties"]
    account = store["accountName"]
    expiry = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=1)
    # the storage library's own signature, with the account's key
    sas = generate_account_sas(account, key, "sco", "rwdlac", expiry)
    url = f"https://{account}.blob.core.windows.net"
    with BlobServiceClient(url, credential=sas) as service:
        blob = service.get_blob_client(store["containerName"], "grows")
        blob.create_append_blob()
        blob.append_block(b"one")
        blob.append_block(b"two")
        assert blob.download_blob().readall() == b"onetwo"
        container = service.get_container_client(store["containerName"])
        assert "grows" in [item.name for item in container.list_blobs(name_starts_with="gro")]
        blob.delete_blob()
        assert not blob.exists()


@pytest.mark.parametrize("change", ["sig", "path", "nothing", "expiry"])
def test_a_signature_opens_its_own_blob_for_its_own_time_only(
    sandbox: Sandbox, upload_url: str, change: str
) -> None:
    head, _, query = upload_url.partition("?")
    changed = {
        "sig": f"{head}?{query.replace('sig=', 'sig=A')}",
        "path": f"{head}x?{query}",
        "nothing": head,
        "expiry": f"{head}?{query.replace('se=20', 'se=21')}",
    }[change]
    with sandbox.session() as session:
        headers = {"x-ms-blob-type": "BlockBlob", "Authorization": None}
        answer = session.put(changed, data=b"x", headers=headers)
    assert answer.status_code == (409 if change == "nothing" else 403)


def test_a_wrong_checksum_is_refused(sandbox: Sandbox, upload_url: str) -> None:
    headers = {"x-ms-blob-type": "BlockBlob", "Content-MD5": "AAAA", "Authorization": None}
    with sandbox.session() as session:
        answer = session.put(upload_url, data=b"x", headers=headers)
    assert (answer.status_code, answer.headers["x-ms-error-code"]) == (400, "Md5Mismatch")


def test_a_cut_upload_leaves_nothing_behind(sandbox: Sandbox, upload_url: str) -> None:
    import requests

    before = sorted((sandbox.state / "blobs").iterdir())
    sandbox.set_faults({"fault": "cut", "method": "PUT", "host": "blob", "bytes": 1000, "times": 1})
    headers = {"x-ms-blob-type": "BlockBlob", "Authorization": None}
    with sandbox.session() as session:
        with pytest.raises(requests.ConnectionError):
            session.put(upload_url, data=b"x" * 1_000_000, headers=headers)
        assert session.get(upload_url, headers={"Authorization": None}).status_code == 404
        assert session.put(upload_url, data=b"x", headers=headers).status_code == 201
    assert len(sorted((sandbox.state / "blobs").iterdir())) == len(before) + 1


@pytest.fixture
def container(sandbox: Sandbox, through) -> Iterator[Any]:
    """A client of a container of the test's own."""
    from azure.storage.blob import BlobServiceClient, generate_account_sas

    through(sandbox)
    path = f"{sandbox.workspace_path}/datastores/workspaceblobstore"
    key = sandbox.arm("POST", f"{path}/listSecrets", {}).json()["key"]
    account = sandbox.arm("GET", path).json()["properties"]["accountName"]
    expiry = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=1)
    sas = generate_account_sas(account, key, "sco", "rwdlac", expiry)
    url = f"https://{account}.blob.core.windows.net"
    with BlobServiceClient(url, credential=sas, retry_total=0) as service:
        name = f"test-{uuid.uuid4().hex}"
        yield service.create_container(name)


def test_a_blob_in_blocks_does_not_replace_one_it_was_told_to_leave(container: Any) -> None:
    from azure.core.exceptions import ResourceExistsError
    from azure.storage.blob import BlobClient

    container.upload_blob("kept", b"before")
    small = {"max_block_size": 100, "max_single_put_size": 10}
    with BlobClient.from_blob_url(container.url.replace("?", "/kept?"), **small) as blob:
        with pytest.raises(ResourceExistsError):
            blob.upload_blob(b"z" * 1000, overwrite=False)
        assert blob.download_blob().readall() == b"before"


def test_an_etag_guards_every_reading_and_writing(container: Any) -> None:
    from azure.core import MatchConditions
    from azure.core.exceptions import HttpResponseError

    blob = container.upload_blob("guarded", b"one")
    etag = blob.get_blob_properties().etag
    same = {"etag": etag, "match_condition": MatchConditions.IfNotModified}
    blob.upload_blob(b"two", overwrite=True, **same)
    for call in (
        lambda: blob.upload_blob(b"three", overwrite=True, **same),
        lambda: blob.set_blob_metadata({"a": "b"}, **same),
        lambda: blob.download_blob(**same).readall(),
        lambda: blob.delete_blob(**same),
    ):
        with pytest.raises(HttpResponseError) as refused:
            call()
        assert refused.value.status_code == 412
        assert refused.value.error_code == "ConditionNotMet"
    assert blob.download_blob().readall() == b"two"
    changed = {"etag": blob.get_blob_properties().etag}
    with pytest.raises(HttpResponseError) as same_still:
        blob.download_blob(**changed, match_condition=MatchConditions.IfModified)
    assert same_still.value.status_code == 304


def test_what_storage_can_and_the_sandbox_cannot_is_refused_and_changes_nothing(
    container: Any,
) -> None:
    from azure.core.exceptions import HttpResponseError

    blob = container.upload_blob("source", b"content")
    other = container.get_blob_client("other")
    for call in (
        lambda: other.start_copy_from_url(blob.url),
        lambda: other.upload_blob_from_url(blob.url),
        lambda: other.stage_block_from_url("MDE=", blob.url),
        lambda: other.create_page_blob(512),
        lambda: blob.set_blob_tags({"a": "b"}),
        blob.create_snapshot,
        blob.acquire_lease,
        container.delete_container,
        lambda: container.set_container_metadata({"a": "b"}),
        lambda: list(container.delete_blobs("source", "other")),
    ):
        with pytest.raises(HttpResponseError, match="The sandbox") as refused:
            call()
        assert refused.value.status_code in (400, 405, 501)
    assert [item.name for item in container.list_blobs()] == ["source"]


def test_the_account_tells_what_it_does_not_do(container: Any, sandbox: Sandbox) -> None:
    root = container.url.split(container.container_name)[0]
    query = container.url.partition("?")[2]
    for question in (
        "comp=list",
        "restype=service&comp=properties",
        "restype=account&comp=properties",
    ):
        with sandbox.session() as session:
            answer = session.get(f"{root}?{question}&{query}")
        assert answer.status_code == 501
        assert "The sandbox" in answer.text


def test_an_account_key_is_refused_with_what_opens_the_store(
    container: Any, sandbox: Sandbox
) -> None:
    from azure.core.exceptions import ClientAuthenticationError
    from azure.storage.blob import ContainerClient

    path = f"{sandbox.workspace_path}/datastores/workspaceblobstore"
    key = sandbox.arm("POST", f"{path}/listSecrets", {}).json()["key"]
    root = container.url.split(container.container_name)[0]
    with (
        ContainerClient(root, container.container_name, credential=key) as keyed,
        pytest.raises(ClientAuthenticationError, match="shared access signature"),
    ):
        list(keyed.list_blobs())


@pytest.mark.parametrize("name", ["a//b", "ü+%25? #", "a&b<c>", "..x/y.."])
def test_a_blob_of_an_odd_name_comes_back_under_it(container: Any, name: str) -> None:
    container.upload_blob(name, name.encode())
    assert container.download_blob(name).readall() == name.encode()
    assert [item.name for item in container.list_blobs()] == [name]


def test_folders_are_walked_and_marks_are_listed(container: Any) -> None:
    for name in ("a/1", "a/b/2", "c"):
        container.upload_blob(name, b"", metadata={"mark": name[0]})
    assert [item.name for item in container.walk_blobs()] == ["a/", "c"]
    assert sorted(item.name for item in container.walk_blobs("a/")) == ["a/1", "a/b/"]
    marked = [item.metadata for item in container.list_blobs(include=["metadata"])]
    assert marked == [{"mark": "a"}, {"mark": "a"}, {"mark": "c"}]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("nul%00x", b"1"),
        ("n" * 1025, b"1"),
        ("b?comp=block&blockid=!!!", b"1"),
        ("b?comp=block&blockid=", b"1"),
        (f"b?comp=block&blockid={'QUFB' * 100}", b"1"),
        ("b?comp=blocklist", b"<x"),
        ("b?comp=blocklist", b""),
        ("b?comp=blocklist", b"<BlockList><Latest>!!</Latest></BlockList>"),
    ],
)
def test_what_storage_could_not_keep_is_a_bad_request(
    container: Any, sandbox: Sandbox, path: str, body: bytes
) -> None:
    root, _, query = container.url.partition("?")
    with sandbox.session() as session:
        url = f"{root}/{path}{'&' if '?' in path else '?'}{query}"
        answer = session.put(url, data=body, headers={"x-ms-blob-type": "BlockBlob"})
    assert answer.status_code == 400, answer.text
    assert answer.headers["x-ms-error-code"]
    assert list(container.list_blobs()) == []
