"""One run of ACR Tasks while Azure stutters: answers that are late, cut, empty or refused."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from azure.core import PipelineClient

from jupyter_azureml_image.azure import acr_log, acr_run
from jupyter_azureml_image.azure.acr_dialect import AcrReader
from jupyter_azureml_image.azure.acr_request import Target
from jupyter_azureml_image.azure.acr_run import AcrRun, schedule
from jupyter_azureml_image.azure.arm import Arm
from jupyter_azureml_image.azure.identity import StaticToken
from jupyter_azureml_image.build.dialects.steps import Steps
from jupyter_azureml_image.dockerfile.parse import parse
from jupyter_azureml_image.errors import Forbidden, ServiceFault
from jupyter_azureml_image.events import Event, LogLine, Note

from .service import Service

REGISTRY = "/subscriptions/s/resourceGroups/g/providers/Microsoft.ContainerRegistry/registries/reg"
TARGET = Target(REGISTRY, "reg.azurecr.io", "repo", "run-1")
BUSY = (503, {"error": {"code": "ServiceUnavailable", "message": "later"}})


def _run(status: str) -> tuple[int, dict[str, Any]]:
    return 200, {"properties": {"runId": "ca1", "status": status}}


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Iterator[Service]:
    for name in ("_LOG_EVERY", "_STATUS_EVERY", "_LOG_AFTER"):
        monkeypatch.setattr(acr_run, name, 0.0)
    service = Service(below=REGISTRY)
    yield service
    service.close()


@pytest.fixture
def events() -> list[Event]:
    return []


@pytest.fixture
def arm(service: Service) -> Iterator[Arm]:
    with PipelineClient(service.url, policies=[]) as client:
        yield Arm(StaticToken("t"), service.url, _client=client)


@pytest.fixture
def run(arm: Arm, events: list[Event]) -> AcrRun:
    def tell(sentence: str) -> None:
        events.append(Note(sentence, "warning"))

    arm.tell = tell
    return AcrRun(arm, TARGET, "ca1", events.append)


def _watched(run: AcrRun) -> Any:
    reader = AcrReader(Steps(parse("FROM scratch\n")), run.emit, buildkit=False)
    return run.watch(reader, threading.Event())


def test_a_run_outlives_an_outage_of_whoever_is_asked_for_it(
    service: Service, run: AcrRun, events: list[Event]
) -> None:
    service.told["GET /runs/ca1"] = [_run("Running"), *[BUSY] * 12, _run("Succeeded")]
    assert _watched(run).status == "Succeeded"
    said = [event.text for event in events if isinstance(event, Note)]
    assert [text for text in said if "run ca1" in text.lower()][-1].endswith("The run goes on.")


def test_a_sign_in_that_expires_during_a_run_may_be_made_again_meanwhile(
    service: Service, run: AcrRun, events: list[Event]
) -> None:
    expired = (401, {"error": {"code": "ExpiredAuthenticationToken"}})
    service.told["GET /runs/ca1"] = [_run("Running"), *[expired] * 5, _run("Succeeded")]
    assert _watched(run).status == "Succeeded"
    said = [event.text for event in events if isinstance(event, Note)]
    assert len(said) == 1
    assert "az login" in said[0]


def test_an_answer_that_breaks_off_is_asked_for_again(service: Service, run: AcrRun) -> None:
    service.told["GET /runs/ca1"] = [b'{"properties": {"sta', _run("Succeeded")]
    assert _watched(run).status == "Succeeded"


def test_a_run_that_cannot_be_asked_for_any_longer_is_named_with_what_to_do(
    service: Service, run: AcrRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(acr_run, "_SILENT", 0.0)
    service.told["GET /runs/ca1"] = [BUSY]
    with pytest.raises(ServiceFault, match="Run ca1 goes on in Azure") as raised:
        _watched(run)
    assert "az acr task logs --registry reg --run-id ca1" in (raised.value.hint or "")
    assert "az acr task cancel-run --registry reg --run-id ca1" in (raised.value.hint or "")


def test_a_right_that_is_missing_to_follow_a_run_says_that_it_goes_on(
    service: Service, run: AcrRun
) -> None:
    service.told["GET /runs/ca1"] = [(403, {"error": {"code": "AuthorizationFailed"}})]
    with pytest.raises(Forbidden, match="Run ca1 goes on in Azure"):
        _watched(run)


def test_a_run_that_ended_before_its_cancellation_has_its_own_verdict(
    service: Service, run: AcrRun
) -> None:
    service.told["POST /runs/ca1/cancel"] = [(409, {"error": {"message": "it has ended"}})]
    service.told["GET /runs/ca1"] = [_run("Succeeded")]
    assert run.cancel().status == "Succeeded"


def test_a_run_that_goes_on_in_spite_of_its_cancellation_is_named(
    service: Service, run: AcrRun
) -> None:
    service.told["POST /runs/ca1/cancel"] = [(409, {"error": {"message": "not now"}})]
    service.told["GET /runs/ca1"] = [_run("Running")]
    with pytest.raises(ServiceFault, match=r"Run ca1 may still be running in Azure: .*not now"):
        run.cancel()


@pytest.mark.parametrize("answer", [(202, None), (200, {})], ids=["accepted", "empty"])
def test_a_run_whose_id_is_not_told_is_looked_for(
    service: Service, arm: Arm, answer: tuple[int, Any]
) -> None:
    begun = {"runId": "ca7", "status": "Queued", "createTime": "2999-01-01T00:00:00.1234567+00:00"}
    service.told["POST /scheduleRun"] = [answer]
    service.told["GET /runs"] = [(200, {"value": [{"properties": begun}]})]
    with pytest.raises(ServiceFault, match="names no run") as raised:
        schedule(arm, TARGET, {})
    assert re.search("may have been started all the same: ca7", raised.value.hint or "")
    assert service.asked.count("POST /scheduleRun") == 1


def test_a_log_without_an_address_at_first_is_read_once_it_has_one(
    service: Service, run: AcrRun, events: list[Event], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(acr_log, "_LINK_AGAIN", 0.0)
    link = f"{service.url}{REGISTRY}/log"
    service.told["POST /runs/ca1/listLogSasUrl"] = [
        (200, {"logLink": None}),
        (200, {"logLink": link}),
    ]
    service.told["GET /log"] = [(206, "hello\n"), (416, {})]
    service.told["GET /runs/ca1"] = [_run("Running"), _run("Running"), _run("Succeeded")]
    assert _watched(run).status == "Succeeded"
    assert any(isinstance(event, LogLine) and "hello" in event.text for event in events)


def test_a_run_is_found_although_this_machines_clock_is_minutes_fast(
    service: Service, arm: Arm
) -> None:
    made = datetime.now(timezone.utc) - timedelta(minutes=4)
    begun = {"runId": "ca7", "status": "Queued", "createTime": made.isoformat()}
    service.told["POST /scheduleRun"] = [BUSY]
    service.told["GET /runs"] = [(200, {"value": [{"properties": begun}]})]
    with pytest.raises(ServiceFault) as raised:
        schedule(arm, TARGET, {})
    assert "ca7" in (raised.value.hint or "")
