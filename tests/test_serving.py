"""What comes after the registration: the workspace is named, and what nobody asked is said."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from jupyter_azureml_image import serving
from jupyter_azureml_image.azure import connection, upkeep
from jupyter_azureml_image.doctor import examine
from jupyter_azureml_image.errors import BadUsage, NotConnected, SignedOut
from jupyter_azureml_image.events import Connected, Event
from jupyter_azureml_image.plan.registration import WorkspaceFacts
from jupyter_azureml_image.rehearse import local_deployment
from jupyter_azureml_image.result import ImageBuild
from jupyter_azureml_image.view.table import Table
from jupyter_azureml_image.wiring import Here


@pytest.fixture(autouse=True)
def nothing_here(tmp_path: Path, state_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No engine answers, and nothing names a workspace."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/none.sock")
    monkeypatch.delenv("AZUREML_IMAGE_WORKSPACE", raising=False)
    monkeypatch.setattr(connection, "named_by_config", lambda *_: None)


@pytest.fixture
def events() -> list[Event]:
    return []


def test_taking_down_says_in_which_workspace(
    events: list[Event], monkeypatch: pytest.MonkeyPatch
) -> None:
    facts = WorkspaceFacts("s", "g", "ws", login_server=None, sandbox=True)
    monkeypatch.setattr(Here, "workspace", lambda *_, **__: SimpleNamespace(facts=facts))
    monkeypatch.setattr(upkeep, "delete", lambda *_: "Deleted.")
    monkeypatch.setattr(upkeep, "rollback", lambda *_: "blue")
    serving.delete("scores", on_event=events.append)
    serving.rollback("scores", on_event=events.append)
    assert [event.sandbox for event in events if isinstance(event, Connected)] == [True, True]


def test_a_local_deployment_is_asked_whether_it_is_stopped_as_one_in_azure_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    given: list[Any] = []
    monkeypatch.setattr(serving, "_engine", lambda: "engine")
    monkeypatch.setattr(serving, "_image", lambda *_: "image")
    monkeypatch.setattr(local_deployment, "deploy_locally", lambda *all: given.extend(all))

    def stopped() -> bool:
        return True

    serving.deploy("thing:7", endpoint="scores", local=True, stopped=stopped)
    assert given[-1] is stopped


def test_a_list_without_a_workspace_says_what_is_missing_from_it(events: list[Event]) -> None:
    assert serving.resources(on_event=events.append) == ()
    assert "What runs in Azure is not listed" in str(events)


@pytest.mark.parametrize(
    "ask",
    [
        lambda: serving.deploy("iris:1", endpoint="scores"),
        lambda: serving.rollback("scores"),
        lambda: serving.delete("scores"),
    ],
    ids=["deploy", "rollback", "delete"],
)
def test_without_a_workspace_the_ways_to_one_are_named(ask: Callable[[], object]) -> None:
    with pytest.raises(NotConnected, match="No Azure ML workspace is connected") as caught:
        ask()
    assert "%azureml_image workspace" in (caught.value.hint or "")
    assert "--sandbox" in (caught.value.hint or "")


def test_a_build_that_came_to_no_version_is_not_deployed() -> None:
    with pytest.raises(BadUsage, match="'iris' has no version") as caught:
        ImageBuild("iris", "abcd1234").deploy("my-endpoint", instance_type="t")
    assert "--until" in (caught.value.hint or "")


def test_an_option_that_nothing_resembles_is_refused_in_one_line() -> None:
    with pytest.raises(BadUsage) as caught:
        serving.deploy("iris:1", endpoint="my-endpoint", zzz=1)
    assert str(caught.value) == "deploy() has no option 'zzz'."


def test_an_empty_table_still_shows_its_note() -> None:
    table = Table("Resources", ("Name",), (), "Nobody was asked.")
    assert list(table.lines()) == ["Resources: none.", "Nobody was asked."]
    assert "Nobody was asked." in table.html()


def test_the_doctor_of_a_process_of_its_own_asks_the_workspace_that_is_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refused(*_: Any, **__: Any) -> None:
        raise SignedOut("Your sign-in expired.", hint="Run az login.")

    monkeypatch.setattr(Here, "workspace", refused)
    row = examine(connect=True)[-1]
    assert (row.what, row.state, row.detail) == ("workspace", "bad", "Your sign-in expired.")
    assert "az login" in row.remedy
