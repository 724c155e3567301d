"""A cloud build outlives its kernel where there is no engine at all, and a new one goes on."""

import os
import secrets
import signal
import subprocess
import sys

import pytest

from jupyter_azureml_image import api
from jupyter_azureml_image.azure import connection
from jupyter_azureml_image.azure.arm import Call
from jupyter_azureml_image.errors import BuilderUnavailable
from jupyter_azureml_image.events import LogLine, StepEnded, StepStarted

CELL = """
import sys, threading
from jupyter_azureml_image import api, events
name, base, folder, stage = sys.argv[1:]
if stage == "upload":
    from jupyter_azureml_image.context import archive

    def pack(*given, **more):  # the upload is under way, and its next bytes do not come
        print("HERE", flush=True)
        threading.Event().wait()

    archive.pack = pack
seconds = 4 if stage == "build" else 0
TEXT = f"FROM {base}\\nCOPY code /app\\nRUN echo {name}; sleep {seconds}; echo ended\\n"

def told(event):
    running = isinstance(event, events.LogLine) and event.text == name
    begun = isinstance(event, events.StageStarted) and event.stage == stage
    if running if stage == "build" else begun:
        print("HERE", flush=True)
        threading.Event().wait()  # until it is killed

build = "acr" if stage == "rehearse" else "auto"  # beside an engine only by name
live = api.start(
    api.request(name, TEXT, context=folder, build=build, ignore="AML067,AML061", detach=True)
)
print(live.run_id, flush=True)
api.follow(live, told)
"""


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "score.py").write_text("one = 1\n")
    return tmp_path


def killed(stage, folder, world, base, host):
    """Run the cell in a process of its own, with the engine at `host`, and kill it in that stage;
    the run's id and name. This process is then a new kernel, which has no workspace yet."""
    name = f"cloud-{stage}-{secrets.token_hex(3)}"
    with subprocess.Popen(
        [sys.executable, "-c", CELL, name, base, str(folder), stage],
        env={**world, "DOCKER_HOST": host},
        stdout=subprocess.PIPE,
        text=True,
    ) as child:
        run_id = child.stdout.readline().strip()
        assert child.stdout.readline().strip() == "HERE"
        os.kill(child.pid, signal.SIGKILL)
    connection.disconnect()
    return run_id, name


@pytest.fixture
def nowhere(folder):
    """No engine; the sandbox keeps its own."""
    return f"unix://{folder}/nobody.sock"


@pytest.mark.parametrize("stage", ["build", "rehearse", "register"])
def test_a_new_kernel_goes_on(stage, folder, world, inside, tiny_image, nowhere, monkeypatch):
    host = world["DOCKER_HOST"] if stage == "rehearse" else nowhere
    run_id, name = killed(stage, folder, world, tiny_image, host)
    monkeypatch.setenv("DOCKER_HOST", host)
    told = []
    build = api.attach(run_id)
    api.follow(build, told.append)
    result = build.result(120)

    assert result.digest
    assert result.verdict.outcome == ("not applicable" if stage == "rehearse" else "skipped")
    registered = connection.required().find_environment(name, result.plan.version)
    assert registered.image == result.reference
    titles = [event.title for event in told if isinstance(event, StepStarted)]
    lines = [event.text for event in told if isinstance(event, LogLine)]
    assert sum(title.startswith("RUN echo") for title in titles) == 1
    assert [line for line in lines if line in (name, "ended")] == [name, "ended"]
    ended = {event.outcome for event in told if isinstance(event, StepEnded)}
    assert ended <= {"done", "cached", "reused"}
    assert api.journal().run(run_id).status == "done"


def runs(workspace):
    path = f"{workspace.facts.registry_id}/runs"
    return list(workspace.arm.every(Call("GET", path, "2019-06-01-preview", "listing")))


def test_a_kernel_killed_over_the_upload_leaves_nothing(
    folder, world, inside, tiny_image, nowhere, monkeypatch
):
    before = len(runs(inside))
    run_id, name = killed("upload", folder, world, tiny_image, nowhere)
    monkeypatch.setenv("DOCKER_HOST", nowhere)
    with pytest.raises(BuilderUnavailable, match="before Azure had started it"):
        api.attach(run_id).result(120)
    assert api.journal().run(run_id).status == "failed"
    workspace = connection.required()
    assert len(runs(workspace)) == before
    version = api.journal().run(run_id).facts["plan"]["version"]
    assert workspace.find_environment(name, version) is None
