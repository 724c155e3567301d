"""A cloud build outlives its kernel where there is no engine at all, and a new one goes on."""

import os
import secrets
import signal
import subprocess
import sys

import pytest

from jupyter_azureml_image import api
from jupyter_azureml_image.events import LogLine, StepEnded, StepStarted

CELL = """
import sys, threading
from jupyter_azureml_image import api, events
name, base, folder, stage = sys.argv[1:]
TEXT = f"FROM {base}\\nCOPY code /app\\nRUN echo {name}; sleep 4; echo ended\\n"

def told(event):
    running = isinstance(event, events.LogLine) and event.text == name
    begun = isinstance(event, events.StageStarted) and event.stage == stage
    if running if stage == "build" else begun:
        print("HERE", flush=True)
        threading.Event().wait()  # until it is killed

live = api.start(api.request(name, TEXT, context=folder, ignore="AML067,AML061", detach=True))
print(live.run_id, flush=True)
api.follow(live, told)
"""


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "score.py").write_text("one = 1\n")
    return tmp_path


@pytest.mark.parametrize("stage", ["build", "register"])
def test_a_new_kernel_without_an_engine_goes_on(
    stage, folder, world, inside, tiny_image, monkeypatch
):
    nowhere = f"unix://{folder}/nobody.sock"  # the sandbox keeps its own engine
    name = f"cloud-{stage}-{secrets.token_hex(3)}"
    with subprocess.Popen(
        [sys.executable, "-c", CELL, name, tiny_image, str(folder), stage],
        env={**world, "DOCKER_HOST": nowhere},
        stdout=subprocess.PIPE,
        text=True,
    ) as child:
        run_id = child.stdout.readline().strip()
        assert child.stdout.readline().strip() == "HERE"
        os.kill(child.pid, signal.SIGKILL)
    from jupyter_azureml_image.azure import connection

    connection.disconnect()  # a new kernel has no workspace yet
    monkeypatch.setenv("DOCKER_HOST", nowhere)
    told = []
    build = api.attach(run_id)
    api.follow(build, told.append)
    result = build.result(120)

    assert result.digest
    assert result.verdict.outcome == "skipped"
    registered = connection.required().find_environment(name, result.plan.version)
    assert registered.image == result.reference
    titles = [event.title for event in told if isinstance(event, StepStarted)]
    lines = [event.text for event in told if isinstance(event, LogLine)]
    assert sum(title.startswith("RUN echo") for title in titles) == 1
    assert [line for line in lines if line in (name, "ended")] == [name, "ended"]
    ended = {event.outcome for event in told if isinstance(event, StepEnded)}
    assert ended <= {"done", "cached", "reused"}
    assert api.journal().run(run_id).status == "done"
