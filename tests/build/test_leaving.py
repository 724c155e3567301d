"""Containers are removed behind the verdict, and none stays behind."""

import os
import subprocess
import sys
import threading

import pytest

from jupyter_azureml_image.build import leaving
from tests.build.engines import LABEL, connected

WORDS = f"azureml-image.gone={os.getpid()}"

ENDING = """\
import sys
from jupyter_azureml_image.build import leaving
from jupyter_azureml_image.build.engine import Engine
leaving.leave(Engine.connect(), sys.argv[1])
"""


@pytest.fixture
def engine(engine_host):
    with connected(engine_host) as found:
        yield found


@pytest.fixture
def running(engine, tiny_image):
    """The number of a container that runs until somebody removes it."""
    labels = dict([WORDS.split("="), (LABEL, "leaving")])
    made = engine.client.create_container(tiny_image, command=["sleep", "600"], labels=labels)
    engine.client.start(made["Id"])
    yield made["Id"]
    leaving.remove(engine, made["Id"])


def there(engine):
    return engine.client.containers(all=True, filters={"label": WORDS})


def test_a_container_that_leaves_is_gone_when_that_is_waited_for(engine, running):
    leaving.leave(engine, running)
    leaving.all_gone()
    assert there(engine) == []


def test_an_engine_is_closed_only_after_what_leaves_it_is_gone(engine, engine_host, running):
    with connected(engine_host) as other:
        leaving.leave(other, running)
    assert there(engine) == []


def test_a_process_that_ends_waits_for_what_leaves(engine, engine_host, running):
    surroundings = {**os.environ, "DOCKER_HOST": engine_host}
    subprocess.run([sys.executable, "-c", ENDING, running], env=surroundings, check=True)
    assert there(engine) == []


def test_where_no_thread_can_be_started_the_container_is_removed_at_once(
    engine, running, monkeypatch
):
    def ending(thread):
        raise RuntimeError("can't create new thread at interpreter shutdown")

    monkeypatch.setattr(threading.Thread, "start", ending)
    leaving.leave(engine, running)
    assert there(engine) == []


def test_one_that_is_gone_already_is_no_error(engine):
    leaving.leave(engine, "0" * 64)
    leaving.all_gone()
