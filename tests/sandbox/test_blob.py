from __future__ import annotations

import datetime
import os

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
