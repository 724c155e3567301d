"""Private bases are pulled before the build, and that can be called off."""

import threading

import pytest

from jupyter_azureml_image.errors import Cancelled
from tests.build.engines import Heard, builder, make_job


def test_the_pull_of_a_private_base_is_stopped_with_the_build(engine, tmp_path, monkeypatch):
    begun = threading.Event()

    def pull(reference, emit, **asked):
        begun.set()
        while not asked["cancelled"]():
            pass
        raise Cancelled(f"The pull of '{reference}' was stopped.")

    monkeypatch.setattr(engine, "pull", pull)
    monkeypatch.setattr(engine, "auth", lambda reference, given=None: {"username": "me"})
    text = "FROM localhost:1/private/base:1\nRUN true\n"
    run = builder(engine, "engine-api").start(make_job(tmp_path, text), Heard())
    begun.wait()
    run.cancel()
    with pytest.raises(Cancelled):
        run.wait()
