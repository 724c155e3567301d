"""A kernel that is killed in the middle of a build over the engine's API."""

import os
import subprocess
import sys
import time
import uuid

import pytest

from tests.build.engines import traces

KERNEL = """\
import sys
from pathlib import Path
from jupyter_azureml_image.events import LogLine
from tests.build.engines import builder, connected, make_job

def say(event):
    if isinstance(event, LogLine):
        print(event.text, flush=True)

folder, host, way, text, name = sys.argv[1:]
with connected(host) as engine:
    builder(engine, way).start(make_job(Path(folder), text, reference=name), say).wait()
"""


@pytest.mark.parametrize("way", ["engine-api", "classic"])
def test_its_step_is_stopped_by_the_engine_and_no_image_is_named(
    engine, engine_host, tmp_path, tiny_image, way
):
    marker = f"m{uuid.uuid4().hex}"
    name = f"azureml-image-test/killed-{marker[:8]}:1"
    text = f"FROM {tiny_image}\nRUN echo {marker} waits; sleep 600\n"
    kernel = subprocess.Popen(
        [sys.executable, "-c", KERNEL, str(tmp_path), engine_host, way, text, name],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.getcwd()},  # noqa: PTH109
    )
    assert kernel.stdout.readline().decode().strip() == f"{marker} waits"
    kernel.kill()
    kernel.communicate()
    deadline = time.monotonic() + 60
    while traces(engine, marker)[0] and time.monotonic() < deadline:
        time.sleep(0.05)
    assert traces(engine, marker) == ([], [])
    assert engine.inspect(name) is None
