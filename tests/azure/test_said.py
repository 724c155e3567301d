"""Answers of every shape that Azure, its stores and what stands between have been seen to give."""

from __future__ import annotations

import json
from typing import Any

import pytest
import requests

from jupyter_azureml_image.azure.refusals import from_answer, refused
from jupyter_azureml_image.errors import Forbidden, QuotaExceeded

NO_ROOM = (
    'InferencingClient HttpRequest error, error detail: {"errors":{"VmSize":["Not enough quota '
    "available for Standard_F4s_v2 in SubscriptionId a. Current usage/limit: 0/6. Additional "
    'needed: 8"]},"title":"One or more validation errors occurred.","status":400}'
)


def _answer(status: int, body: object) -> Any:
    answer = requests.Response()
    answer.status_code = status
    answer._content = (body if isinstance(body, str) else json.dumps(body)).encode()
    return answer


def test_why_a_request_is_invalid_stands_in_the_details() -> None:
    detail = {"code": "InferencingClientCreateDeploymentFailed", "message": NO_ROOM}
    error = {"code": "BadRequest", "message": "The request is invalid.", "details": [detail]}
    told = refused(from_answer(_answer(400, {"error": error})), "deploying e:1")
    assert isinstance(told, QuotaExceeded)
    assert "Not enough quota available for Standard_F4s_v2" in told.message
    assert "{" not in told.message


@pytest.mark.parametrize(
    "body",
    [None, [], "", "<html>", {"error": None}, {"error": []}, {"errors": [None]}, {"error": {}},
     {"error": {"code": None, "message": None, "details": [None]}}],
    ids=json.dumps,
)  # fmt: skip
def test_an_answer_of_any_shape_becomes_a_sentence(body: object) -> None:
    assert "trying" in refused(from_answer(_answer(502, body)), "trying").message


@pytest.mark.parametrize(
    "body",
    [{"Message": "no such method"}, '"no such method"', "no such method",
     {"error": "bad", "error_description": "no such method"}],
    ids=json.dumps,
)  # fmt: skip
def test_what_a_plain_answer_says_is_told(body: object) -> None:
    assert "no such method" in refused(from_answer(_answer(405, body)), "trying").message


XML = (
    '\ufeff<?xml version="1.0" encoding="utf-8"?><Error><Code>{}</Code><Message>{}\nRequestId:'
    "6d9f\nTime:2026-03-24T01:30:00Z</Message>{}</Error>"
)


def test_a_signed_address_that_expired_is_asked_for_anew_and_the_clock_is_named() -> None:
    detail = "<AuthenticationErrorDetail>Signature not valid in the specified time frame: Start"
    text = XML.format("AuthenticationFailed", "Server failed to authenticate.", detail + "</A>")
    told = refused(from_answer(_answer(403, text)), "uploading the build context")
    assert "signed address" in told.message
    assert "Signature not valid in the specified time frame" in told.message
    assert "<" not in told.message
    assert "RequestId" not in told.message
    assert "run this again" in (told.hint or "").lower()
    assert "clock" in (told.hint or "")


@pytest.mark.parametrize(
    ("code", "way"),
    [("AuthorizationFailure", "Networking"),
     ("AuthorizationPermissionMismatch", "Storage Blob Data Contributor")],
)  # fmt: skip
def test_a_store_that_lets_nobody_in_says_whom_to_ask(code: str, way: str) -> None:
    text = XML.format(code, "This request is not authorized to perform this operation.", "")
    told = refused(from_answer(_answer(403, text)), "uploading the build context")
    assert isinstance(told, Forbidden)
    assert way in (told.hint or "")


def test_an_answer_without_a_body_is_read_by_its_header() -> None:
    """Blob storage's to a HEAD."""
    answer = _answer(403, "")
    answer.headers["x-ms-error-code"] = "AuthorizationFailure"
    assert refused(from_answer(answer), "uploading").code == "firewalled"
