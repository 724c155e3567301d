"""The context on its way to the cloud, over a line of one gigabit to a local blob endpoint."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from benchmarks import context_input
from benchmarks.peak import peak
from benchmarks.place import Place
from benchmarks.table import Row
from benchmarks.turns import MissingPeerError, at_most, in_turn


def upload(place: Place) -> Iterator[Row]:
    """Ours packs while it sends; azure-cli packs, then sends; the limit only sends."""
    size = "50mb" if place.quick else "1gb"
    root, packed = context_input.make(size, place.folder), place.folder / "packed.tar.gz"
    child("pack", root, packed, "")
    memory: list[float] = []
    with endpoint() as url:

        def once(way: str) -> float:
            try:
                said = child(way, root, packed, url)
            except subprocess.CalledProcessError:
                raise MissingPeerError(f"'{way}' cannot run here (its words are above)") from None
            if way == "ours":
                memory.append(said["memory"])
            return said["seconds"]

        ways = {way: partial(once, way) for way in ("ours", "limit", "az")}
        found = in_turn(3, ways, {"az": 1 if place.quick else 3})
    packed.unlink()
    ours, alone = found.median("ours"), found.median("limit")
    name = size.replace("gb", " GB").replace("mb", " MB")
    yield Row(
        f"pack and upload {name} at 1 Gbit/s",
        ours,
        found.median("az"),
        "azure-cli: pack, then upload",
        alone,
        goal="at most 1.15 times the transfer alone",
        met=at_most(ours, alone and alone * 1.15),
        turns=3,
        note=f"{max(memory, default=0):.0f} MB memory",
        missing=found.why,
    )


@contextmanager
def endpoint() -> Iterator[str]:
    """The address of a blob, over a line of one gigabit."""
    with subprocess.Popen(
        [sys.executable, "-m", "benchmarks.blob_endpoint"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as child:
        assert child.stdout
        port = child.stdout.readline().strip()
        try:
            yield f"http://127.0.0.1:{port}/account/container/context.tar.gz?sig=x"
        finally:
            child.communicate()


def child(way: str, root: Path, packed: Path, url: str) -> dict[str, float]:
    """Seconds and megabytes of one way, in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.upload_rows", way, str(root), str(packed), url]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True)
    found: dict[str, float] = json.loads(done.stdout)
    return found


def _way(way: str, root: Path, packed: Path, url: str) -> Callable[[], object]:
    from benchmarks import context_peers

    if way == "pack":
        return context_peers.ours(root, packed)
    if way == "limit":
        return partial(_send, url, packed, 4)
    if way == "az":
        out = packed.with_name("az.tar.gz")
        pack = context_peers.az(root, out)
        return lambda: (pack(), _send(url, out, 1), out.unlink())  # type: ignore[func-returns-value]  # in this order
    from jupyter_azureml_image.azure.acr_upload import upload as ours
    from jupyter_azureml_image.build.shipment import prepare
    from jupyter_azureml_image.context.manifest import resolve_context
    from jupyter_azureml_image.dockerfile.parse import parse

    dockerfile = parse("FROM scratch\nCOPY . /\n")
    snapshots = packed.parent / "snapshots"

    def run() -> None:
        manifest = resolve_context(root, snapshots=snapshots)
        ours(url, prepare(dockerfile, manifest, None), lambda event: None, lambda: False)

    return run


def _send(url: str, file: Path, at_once: int) -> None:
    from azure.storage.blob import BlobClient

    block = 4 << 20
    with (
        BlobClient.from_blob_url(
            url, max_single_put_size=block, max_block_size=block, connection_timeout=300
        ) as blob,
        file.open("rb") as data,
    ):
        blob.upload_blob(data, overwrite=True, max_concurrency=at_once)


def main(way: str, root: str, packed: str, url: str) -> None:
    """Run one way once, its imports done, and print what it took."""
    import azure.storage.blob  # noqa: F401  # not what is measured

    run = _way(way, Path(root), Path(packed), url)
    started = time.perf_counter()
    run()
    seconds = time.perf_counter() - started
    print(json.dumps({"seconds": seconds, "memory": peak()}))


if __name__ == "__main__":
    main(*sys.argv[1:])
