"""Builds in the cloud, by the sandbox's ACR Tasks: how soon their log is seen, and the loop."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks import context_input, upload_rows
from benchmarks.kernel import Kernel
from benchmarks.kernel_rows import CONNECT
from benchmarks.loop_rows import SAMPLE, SCORE
from benchmarks.place import NAME, Place
from benchmarks.table import Row
from benchmarks.turns import at_most, in_turn
from tools.base_image import INFERENCE, TINY

# The clock is read in the container when the line is printed, and in the kernel when it is shown.
SEEN = """
import time
from jupyter_azureml_image import api
from jupyter_azureml_image.events import LogLine
late = []
def told(event):
    if isinstance(event, LogLine) and event.text.startswith("printed at "):
        late.append(time.time() - float(event.text.rpartition(" ")[2]))
api.build(NAME, TEXT, context=".", build="acr", until="build", ignore="AML067,AML061",
          on_event=told)
print(min(late))
"""
# What takes the time of a real image's packages; the same for both ways.
INSTALL = "RUN sleep {seconds} && echo installed {mark}"
DEPLOY = """
img.deploy(ENDPOINT, deployment="blue", instance_type="Standard_DS3_v2")
"""


def first_line(place: Place) -> Iterator[Row]:
    """From a line's printing in the build to its event in the cell."""
    folder = _folder(place)

    def once() -> float:
        text = f"FROM {TINY}\nRUN echo printed at $(date +%s) && sleep 4 # {place.fresh()}\n"
        kernel.run(f"NAME, TEXT = {NAME + '-acr-log'!r}, {text!r}")
        kernel.run(SEEN)
        return float(kernel.said.splitlines()[-1])

    with place.kernel(folder, sandbox=True) as kernel:
        kernel.run(CONNECT)
        found = in_turn(place.turns, {"ours": once})
    taken = found.median("ours")
    yield Row(
        "first log line of an ACR run, printed to shown",
        taken,
        goal="at most 2 s",
        met=at_most(taken, 2.0),
        turns=place.turns,
        note="the clock in the container counts whole seconds: up to one too many",
    )


def loop(place: Place) -> Iterator[Row]:
    """`score.py` is edited, built by ACR, deployed, and asked; upon the dependency image and
    without it."""
    folder, seconds = _folder(place), 5 if place.quick else 20
    mark = place.fresh()
    text = (
        f"FROM {INFERENCE}\n{INSTALL.format(seconds=seconds, mark=mark)}\n"
        "COPY code /var/azureml-app\nENV AZUREML_ENTRY_SCRIPT=score.py\n"
    )
    with place.kernel(folder, sandbox=True) as kernel:
        kernel.run(CONNECT)

        def once(options: str) -> float:
            number = place.fresh()
            (folder / "code" / "score.py").write_text(SCORE.replace("{number}", str(number)))
            line = f"%%azureml_dockerfile {NAME}-acr-loop --build acr {options} --as img\n"
            return kernel.run(line + text) + _ask(kernel, number)

        kernel.run(f"ENDPOINT = 'bench-acr-{mark % 10**6}'")
        ways = {
            "ours": lambda: once("--no-rehearse"),
            "without": lambda: once("--no-rehearse --no-dependency-image"),
        }
        once("--no-rehearse")  # the dependency image and the endpoint are made
        found = in_turn(3, ways)
        kernel.run("ml_client.online_endpoints.begin_delete(ENDPOINT).result()")
    mine, without = found.median("ours"), found.median("without")
    yield Row(
        "edit score.py to scored again, ACR, upon the dependency image",
        mine,
        without,
        "without the dependency image",
        goal="faster than without",
        met=at_most(mine, without),
        turns=3,
        note=f"packages that take {seconds} s to install; the sandbox deploys at once",
    )


def _ask(kernel: Kernel, number: int) -> float:
    taken = kernel.run(DEPLOY)
    started = time.perf_counter()
    kernel.run("print(ml_client.online_endpoints.invoke(ENDPOINT, deployment_name='blue', "
               "request_file='../sample.json'))")  # fmt: skip
    assert str(3 + number) in kernel.said, kernel.said
    return taken + time.perf_counter() - started


def _folder(place: Place) -> Path:
    folder = place.folder / "acr"
    (folder / "code").mkdir(parents=True, exist_ok=True)
    (folder / "code" / "score.py").write_text(SCORE.replace("{number}", "0"))
    (place.folder / "sample.json").write_text(SAMPLE)
    return folder


def memory(place: Place) -> Iterator[Row]:
    """The most memory an upload takes, for a small context and for a big one."""
    sizes = ("small", "50mb") if place.quick else ("50mb", "1gb")
    packed = place.folder / "memory.tar.gz"
    roots = [context_input.make(size, place.folder) for size in sizes]
    with upload_rows.endpoint() as url:
        small, big = (upload_rows.child("ours", root, packed, url)["memory"] for root in roots)
    yield Row(
        f"memory of an upload, {sizes[1]} beside {sizes[0]}",
        big,
        small,
        f"{sizes[0]} context",
        unit="MB",
        goal="at most 40 MB more",
        met=at_most(big, small + 40),
        note="of the whole process, its imports among it",
    )
