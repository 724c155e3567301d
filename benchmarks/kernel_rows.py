"""Rows of the kernel: a restart, an interrupt, a registration."""

from __future__ import annotations

import json
import statistics
from collections.abc import Iterator
from pathlib import Path

from benchmarks.kernel import LOAD, Kernel
from benchmarks.place import NAME, Place
from benchmarks.table import Row
from benchmarks.turns import at_most, in_turn
from tools.base_image import TINY

CONNECT = "%azureml_image workspace --sandbox"


def _folder(place: Place) -> Path:
    folder = place.folder / "kernel"
    folder.mkdir(exist_ok=True)
    (folder / "hello.txt").write_text("hello\n")
    return folder


def restart(place: Place) -> Iterator[Row]:
    """An unchanged cell in a fresh kernel: extension, workspace, result."""
    folder = _folder(place)
    text = f"FROM {TINY}\nCOPY hello.txt /\nENV N={place.fresh()}\n"
    cell = f"%%azureml_dockerfile {NAME}-restart --as img\n{text}"
    with place.kernel(folder, sandbox=True) as kernel:
        kernel.run(cell)
    parts: list[tuple[float, float]] = []

    def again() -> float:
        with place.kernel(folder, load=False, sandbox=True) as kernel:
            parts.append((kernel.run(LOAD), kernel.run(cell)))
            kernel.run("assert img.reused and img.reference")
        return sum(parts[-1])

    found = in_turn(place.turns, {"ours": again})
    load, ran = (statistics.median(part) for part in zip(*parts, strict=True))
    yield Row(
        "unchanged cell after a kernel restart, sandbox connected",
        found.median("ours"),
        unit="s",
        goal="at most 1.5 s",
        met=at_most(found.median("ours"), 1.5),
        turns=place.turns,
        note=f"%load_ext {load:.2f} s, the cell {ran:.2f} s; no peer does this",
    )


def interrupt(place: Place) -> Iterator[Row]:
    """From the interrupt to the error, while a RUN works."""
    folder = _folder(place)

    def once() -> float:
        text = f"FROM {TINY}\nRUN echo {place.fresh()} && sleep 600\n"
        cell = f"%%azureml_dockerfile {NAME}-interrupt --until build\n{text}"
        return kernel.interrupt(cell, lambda said: "running: RUN echo" in said)

    for way in ("buildx", "engine-api"):
        with place.kernel(folder, way=way) as kernel:
            taken = in_turn(place.turns, {"ours": once}).median("ours")
        yield Row(
            f"interrupt answered, {way}",
            taken,
            goal="at most 1 s",
            met=at_most(taken, 1.0),
            turns=place.turns,
            note="from SIGINT to the error, the build stopped where it runs",
        )


OURS = """
import json
from jupyter_azureml_image import api
from jupyter_azureml_image.events import StageEnded
took = {}
def told(event):
    if isinstance(event, StageEnded):
        took[event.stage] = event.seconds
api.build(NAME, TEXT, context=".", on_event=told)
print(json.dumps(took))
"""
PEER = """
from azure.ai.ml import MLClient
from azure.ai.ml.entities import Environment
client = MLClient(CREDENTIAL, *PLACE, enable_telemetry=False)
routes = {
    f"{name}_route": {"port": 5001, "path": "/"}
    for name in ("liveness", "readiness", "scoring")
}
client.environments.create_or_update(
    Environment(name=NAME, version=VERSION, image=IMAGE, inference_config=routes))
"""
# What the peer's user has at hand: a credential, the workspace's name, a pushed image.
GIVEN = """
from jupyter_azureml_image.azure import connection
_there = connection.connect(connection.ConnectOptions(sandbox=True))
CREDENTIAL, _facts = _there.arm.credential, _there.facts
PLACE = (_facts.subscription_id, _facts.resource_group, _facts.name)
import sys
assert "azure.ai.ml" not in sys.modules
"""


def register(place: Place) -> Iterator[Row]:
    """The register stage of a first run in a kernel; the peer imports azure-ai-ml and calls it."""
    folder = _folder(place)
    pushes: list[float] = []
    building = 6 if place.quick else 15  # seconds; a build that installs packages takes longer

    def ours() -> float:
        text = f"FROM {TINY}\nCOPY hello.txt /\nRUN sleep {building} # {place.fresh()}\n"
        with place.kernel(folder, sandbox=True) as kernel:
            kernel.run(f"NAME, TEXT = {NAME + '-register'!r}, {text!r}")
            kernel.run(OURS)
            took: dict[str, float] = json.loads(kernel.said.splitlines()[-1])
        pushes.append(took["push"])
        return took["register"]

    def peer() -> float:
        with place.kernel(folder, sandbox=True) as kernel:
            kernel.run(GIVEN)
            kernel.run(f"NAME, VERSION = {NAME + '-peer'!r}, '{place.fresh()}'")
            kernel.run(f"IMAGE = '127.0.0.1:1/x@sha256:{place.fresh():064x}'")
            return kernel.run(PEER)

    found = in_turn(place.few, {"ours": ours, "peer": peer})
    yield Row(
        "image ready to environment registered",
        found.median("ours"),
        found.median("peer"),
        "azure-ai-ml import and call",
        goal="at most 0.5 s",
        met=at_most(found.median("ours"), 0.5),
        turns=place.few,
        note=f"after a build of {building} s; the push between them "
        f"{statistics.median(pushes):.2f} s",
    )


def connected(place: Place, folder: Path) -> Kernel:
    """A kernel with the offline workspace's `ml_client` in it."""
    kernel = place.kernel(folder, sandbox=True)
    kernel.run(CONNECT)
    return kernel
