"""Whose container it is: only those of processes that are gone are swept."""

import os
from contextlib import nullcontext
from types import SimpleNamespace

import pytest

from jupyter_azureml_image.build.owner import OWNER_LABEL, owner, sweep

HOST = os.uname().nodename
NOBODY = 2**22 + 1  # above the highest number Linux gives


def swept(label):
    removed = []
    client = SimpleNamespace(
        containers=lambda **_: [{"Id": "one", "Labels": {OWNER_LABEL: label}}],
        remove_container=lambda identity, **_: removed.append(identity),
    )
    sweep(SimpleNamespace(client=client, asked_to=lambda do: nullcontext()))
    return removed == ["one"]


@pytest.mark.parametrize(
    ("label", "goes"),
    [
        (f"{HOST}/{NOBODY}/123", True),
        (f"{HOST}/{os.getpid()}/1", True),
        (owner(), False),
        (f"another-machine/{NOBODY}/123", False),
    ],
    ids=["gone", "its number given again", "alive", "elsewhere"],
)
def test_a_container_goes_with_its_process(label, goes):
    assert swept(label) is goes


def test_a_living_process_that_proc_hides_keeps_its_container(monkeypatch):
    def another_users(pid, signal):
        raise PermissionError

    monkeypatch.setattr(os, "kill", another_users)
    assert not swept(f"{HOST}/{NOBODY}/123")
