"""A kernel that is killed at any stage leaves nothing half-made, and a new one goes on."""

import os
import secrets
import signal
import subprocess
import sys

import pytest

from jupyter_azureml_image import api
from jupyter_azureml_image.build.engine import Engine
from jupyter_azureml_image.errors import ImageError

CELL = """
import sys, threading
from jupyter_azureml_image import api, events
name, folder, stage = sys.argv[1:]
TEXT = (
    "FROM mcr.microsoft.com/azureml/minimal-py312-inference:latest\\n"
    "COPY code /var/azureml-app\\n"
    f"RUN echo {name} && sleep 2\\n"
    "ENV AZUREML_ENTRY_SCRIPT=score.py\\n"
)

def told(event):
    running = isinstance(event, events.LogLine) and event.text.strip() == name
    begun = isinstance(event, events.StageStarted) and event.stage == stage
    started = isinstance(event, events.StepStarted) and event.step.startswith("rehearse")
    if {"build": running, "rehearse": started}.get(stage, begun):
        print("HERE", flush=True)
        threading.Event().wait()  # until it is killed

live = api.start(api.request(name, TEXT, context=folder, sample="[[1, 2]]"))
print(live.run_id, flush=True)
api.follow(live, told)
"""

LONG = CELL.replace("sleep 2", "sleep 300")

SCORE = """
import json


def init():
    pass


def run(data):
    return [sum(row) for row in json.loads(data)]
"""


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "score.py").write_text(SCORE)
    return tmp_path


def fresh(name):
    """A name, and with it a RUN line, that no earlier session left in the engine's cache."""
    return f"{name}-{secrets.token_hex(3)}"


def kill_at(stage, name, folder, world, cell=CELL):
    """Run the cell in a process of its own and kill it in that stage; the run's id."""
    command = [sys.executable, "-c", cell, name, str(folder), stage]
    with subprocess.Popen(command, env=world, stdout=subprocess.PIPE, text=True) as child:
        run_id = child.stdout.readline().strip()
        here = child.stdout.readline().strip()
        assert here == "HERE"
        os.kill(child.pid, signal.SIGKILL)
    return run_id


def containers(engine, run_id):
    return engine.client.containers(all=True, filters={"label": f"azureml-image.run={run_id}"})


@pytest.mark.parametrize("stage", ["build", "rehearse", "push", "register"])
def test_a_new_kernel_goes_on_where_the_killed_one_stopped(stage, folder, world, inside):
    name = fresh(f"killed-at-{stage}")
    run_id = kill_at(stage, name, folder, world)
    version = api.journal().run(run_id).facts["plan"]["version"]
    if stage != "register":  # its one request may have left before the kill
        assert inside.find_environment(name, version) is None

    build = api.attach(run_id).result(120)

    assert build.verdict.outcome == "served"
    assert build.verdict.answer == "[3]"
    assert inside.find_environment(name, version).image == build.reference
    assert api.journal().run(run_id).status == "done"


def test_a_build_that_cannot_outlive_its_kernel_is_lost_and_leaves_nothing(folder, world, inside):
    way = {**world, "AZUREML_IMAGE_LOCAL_WAY": "engine-api"}
    run_id = kill_at("build", fresh("killed-and-lost"), folder, way, LONG)
    row = api.journal().run(run_id)

    with pytest.raises(ImageError, match="ended with the kernel"):
        api.attach(run_id).result(120)

    engine = Engine.connect()
    assert engine.inspect(row.facts["plan"]["reference"]) is None
    assert containers(engine, run_id) == []
    engine.close()


def test_cancelling_from_another_kernel_stops_the_build(folder, world, inside):
    name = fresh("stopped")
    command = [sys.executable, "-c", LONG, name]
    with subprocess.Popen(
        [*command, str(folder), "push"],
        env=world,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as child:
        run_id = child.stdout.readline().strip()
        for event in api.journal().follow(run_id, lambda: False):
            if getattr(event, "text", "").strip() == name:
                break
        assert "stopped" in api.cancel(run_id)
        errors = child.communicate(timeout=60)[1]
    assert "Cancelled" in errors
    assert api.journal().run(run_id).status == "cancelled"
