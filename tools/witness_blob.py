"""The same calls of azure-storage-blob to two blob services: do they end the same way?

``python -m tools.witness_blob PORT_FILE AZURITE_URL``: the sandbox's addresses, and an azurite.
"""

from __future__ import annotations

import base64
import datetime
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import requests

# The account that azurite documents for everyone.
AZURITE = "devstoreaccount1"
AZURITE_KEY = (
    "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
)
CONTENT = bytes(range(256)) * 4096


def outcomes(service: Any, container: str) -> dict[str, object]:
    """Return what each call ended in: a value, or status and error code."""
    blobs = {name: service.get_blob_client(container, name) for name in ("b", "blocks", "append")}
    blob, blocks, append = blobs["b"], blobs["blocks"], blobs["append"]
    now = [base64.b64encode(name).decode() for name in (b"one", b"two")]
    calls: dict[str, Callable[[], object]] = {
        "properties of none": blob.get_blob_properties,
        "download of none": lambda: blob.download_blob().readall(),
        "delete of none": blob.delete_blob,
        "upload": lambda: blob.upload_blob(CONTENT, metadata={"a": "b"}) and None,
        "upload again": lambda: blob.upload_blob(CONTENT),
        "size": lambda: blob.get_blob_properties().size,
        "metadata": lambda: blob.get_blob_properties().metadata,
        "kind": lambda: str(blob.get_blob_properties().blob_type),
        "range": lambda: blob.download_blob(offset=300, length=5).readall(),
        "range over the end": lambda: len(blob.download_blob(offset=len(CONTENT) - 2).readall()),
        "range beyond the end": lambda: blob.download_blob(
            offset=len(CONTENT) + 9, length=1
        ).readall(),
        "new metadata": lambda: blob.set_blob_metadata({"c": "d"}) and None,
        "metadata after": lambda: blob.get_blob_properties().metadata,
        "block": lambda: blocks.stage_block(now[0], b"1") and None,
        "other block": lambda: blocks.stage_block(now[1], b"2") and None,
        "blocks that wait": lambda: [b.size for b in blocks.get_block_list("uncommitted")[1]],
        "list with one unknown": lambda: blocks.commit_block_list([now[0], "AAAA"]),
        "list": lambda: blocks.commit_block_list(now[::-1]) and None,
        "joined": lambda: blocks.download_blob().readall(),
        "append to none": lambda: append.append_block(b"x"),
        "create append": lambda: append.create_append_blob() and None,
        "append": lambda: append.append_block(b"x") and None,
        "append again": lambda: append.append_block(b"yz") and None,
        "appended": lambda: append.download_blob().readall(),
        "names": lambda: [b.name for b in service.get_container_client(container).list_blobs("b")],
        "delete": lambda: blob.delete_blob() and None,
        "exists": blob.exists,
    }
    return {name: _outcome(call) for name, call in calls.items()}


def _outcome(call: Callable[[], object]) -> object:
    from azure.core.exceptions import HttpResponseError

    try:
        return call()
    except HttpResponseError as refused:
        return refused.status_code, str(getattr(refused, "error_code", ""))


def _sandbox(port_file: Path) -> tuple[Any, str]:
    from azure.storage.blob import BlobServiceClient, generate_account_sas

    addresses = json.loads(port_file.read_text())
    for name in ("HTTPS_PROXY", "https_proxy"):
        os.environ[name] = addresses["proxy"]
    os.environ["REQUESTS_CA_BUNDLE"] = addresses["ca_file"]
    group = (
        f"/subscriptions/{addresses['subscription_id']}"
        f"/resourceGroups/{addresses['resource_group']}"
    )
    path = (
        f"{group}/providers/Microsoft.MachineLearningServices/workspaces/{addresses['workspace']}"
        "/datastores/workspaceblobstore"
    )
    url, query = f"https://management.azure.com{path}", "?api-version=2024-04-01"
    headers = {"Authorization": f"Bearer {addresses['token']}"}
    store = requests.get(url + query, headers=headers, timeout=30).json()["properties"]
    secret = requests.post(f"{url}/listSecrets{query}", headers=headers, timeout=30).json()["key"]
    expiry = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=1)
    sas = generate_account_sas(store["accountName"], secret, "sco", "rwdlac", expiry)
    host = f"https://{store['accountName']}.blob.core.windows.net"
    return BlobServiceClient(host, credential=sas, retry_total=0), store["containerName"]


def main() -> int:
    """Compare, print every difference; return the exit code."""
    from azure.storage.blob import BlobServiceClient

    service, container = _sandbox(Path(sys.argv[1]))
    ours = outcomes(service, container)
    credential = {"account_name": AZURITE, "account_key": AZURITE_KEY}
    azurite = BlobServiceClient(sys.argv[2], credential=credential, retry_total=0)
    azurite.create_container("witness")
    theirs = outcomes(azurite, "witness")
    different = [name for name in ours if ours[name] != theirs[name]]
    for name in different:
        print(f"DIFFERS {name}: the sandbox {ours[name]!r}, azurite {theirs[name]!r}")
    print(f"{len(ours) - len(different)} of {len(ours)} calls end the same way.")
    return 1 if different else 0


if __name__ == "__main__":
    sys.exit(main())
