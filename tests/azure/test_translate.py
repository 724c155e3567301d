from __future__ import annotations

import inspect
import json
from typing import Any

import pytest

from jupyter_azureml_image.azure.refusals import Refusal, from_answer, one_line, refused
from jupyter_azureml_image.azure.translate import explain, translated
from jupyter_azureml_image.errors import (
    AzureError,
    Forbidden,
    ImageError,
    QuotaExceeded,
    ServiceFault,
    SignedOut,
    TasksNotPermitted,
)


def _azure_core_errors() -> list[type[BaseException]]:
    import azure.core.exceptions as module

    return [
        cls
        for cls in vars(module).values()
        if inspect.isclass(cls) and issubclass(cls, Exception) and cls.__module__ == module.__name__
    ]


@pytest.mark.parametrize("cls", _azure_core_errors(), ids=lambda cls: cls.__name__)
def test_every_exception_of_azure_core_becomes_a_sentence(cls: type[Exception]) -> None:
    error: Any = cls.__new__(cls)
    Exception.__init__(error, "it went wrong")
    error.message, error._error_format = "it went wrong", None

    told = explain(error, "reading workspace ws1")

    assert isinstance(told, ImageError)
    assert "reading workspace ws1" in told.message


def test_every_exception_of_azure_core_is_named_in_the_table() -> None:
    from jupyter_azureml_image.azure.translate import _FOREIGN

    missing = [c.__name__ for c in _azure_core_errors() if f"azure.{c.__name__}" not in _FOREIGN]
    assert not missing


def test_an_answer_of_the_older_kind_is_read_too() -> None:
    """azure-ai-ml up to 1.21 is answered through azure-core's first transport."""

    class Older:
        status_code, headers, request = 400, {}, None

        def text(self) -> str:
            return '{"error": {"code": "OutOfQuota", "message": "Not enough quota"}}'

    read = from_answer(Older())
    assert (read.code, read.message) == ("OutOfQuota", "Not enough quota")


def test_azure_ai_mls_own_errors_become_a_sentence() -> None:
    from azure.ai.ml.exceptions import ValidationException

    error = ValidationException("Endpoint name is invalid", no_personal_data_message="x")
    told = explain(error, "creating endpoint e")
    assert isinstance(told, AzureError)
    assert "Endpoint name is invalid" in told.message


def test_a_bug_of_ours_is_not_swallowed() -> None:
    with pytest.raises(ZeroDivisionError), translated("counting"):
        _ = 1 / 0


def test_nobody_signed_in_says_az_login() -> None:
    from azure.identity import CredentialUnavailableError

    told = explain(CredentialUnavailableError("no accounts"), "signing in")
    assert isinstance(told, SignedOut)
    assert told.hint is not None
    assert "az login" in told.hint


def test_a_missing_right_names_the_action_and_the_least_role() -> None:
    message = (
        "The client 'x' with object id 'y' does not have authorization to perform action "
        "'Microsoft.ContainerRegistry/registries/read' over scope '/subscriptions/s/"
        "resourceGroups/rg1/providers/Microsoft.ContainerRegistry/registries/myreg' or the "
        "scope is invalid."
    )
    told = refused(Refusal(403, "AuthorizationFailed", message), "reading registry myreg")
    assert isinstance(told, Forbidden)
    assert "Microsoft.ContainerRegistry/registries/read on myreg" in told.message
    assert "Reader on the registry" in (told.hint or "")


def test_another_tenants_sign_in_names_the_tenant_to_use() -> None:
    hers, wanted = "1" * 8 + "-1" * 14, "2" * 36
    message = (
        f"The access token is from the wrong issuer 'https://sts.windows.net/{hers}/'. It must "
        f"match the tenant 'https://sts.windows.net/{wanted}/' associated with this subscription."
    )
    told = refused(Refusal(401, "InvalidAuthenticationTokenTenant", message), "reading it")
    assert told.code == "wrong-tenant"
    assert f"az login --tenant {wanted}" in (told.hint or "")


@pytest.mark.parametrize(
    ("refusal", "kind", "code"),
    [
        (Refusal(401, "ExpiredAuthenticationToken"), SignedOut, "signed-out"),
        (Refusal(400, "TasksOperationsNotAllowed"), TasksNotPermitted, "tasks-not-permitted"),
        (Refusal(400, "OutOfQuota", "Not enough quota"), QuotaExceeded, "quota"),
        (Refusal(409, "QuotaExceeded"), QuotaExceeded, "quota"),
        (Refusal(429, "TooManyRequests", retry_after=12), ServiceFault, "throttled"),
        (Refusal(403, "DENIED", "client with IP '1.2.3.4' is not allowed access"), Forbidden,
         "firewalled"),
        (Refusal(404, "SubscriptionNotFound"), AzureError, "not-found"),
        (Refusal(409, "UserError", "already registered"), AzureError, "conflict"),
        (Refusal(403, "RequestDisallowedByPolicy", "policy P"), Forbidden, "policy"),
        (Refusal(400, "BadArgument", "no"), AzureError, "refused"),
        (Refusal(500), ServiceFault, "service-fault"),
    ],
)  # fmt: skip
def test_an_answer_means(refusal: Refusal, kind: type[ImageError], code: str) -> None:
    told = refused(refusal, "trying")
    assert isinstance(told, kind)
    assert told.code == code
    assert "trying" in told.message


def test_throttling_says_how_long_to_wait() -> None:
    assert "12 s" in refused(Refusal(429, retry_after=12), "trying").message


def test_no_network_names_the_host_and_the_cause() -> None:
    import requests

    told = pytest.raises(ServiceFault, match=r"nowhere\.invalid could not be reached")
    with told, translated("asking"):
        requests.get("http://nowhere.invalid/", timeout=5, proxies={"http": ""})


def test_signatures_of_addresses_never_get_into_a_sentence() -> None:
    assert "sig" not in one_line("see https://a.blob.core.windows.net/c/b?sv=1&sig=abc%3D now")


def test_the_recorded_refusals_are_understood(facts_data) -> None:
    folder = facts_data / "azure-recordings"
    for name, kind in (
        ("arm-authorizationfailed-403", Forbidden),
        ("acr-schedulerun-tasksoperationsnotallowed-400", TasksNotPermitted),
    ):
        recorded = json.loads((folder / f"{name}.json").read_text())["response"]
        error = recorded["body"]["error"]
        refusal = Refusal(recorded["status"], error["code"], error["message"])
        assert isinstance(refused(refusal, "trying"), kind)


def test_an_operation_that_failed_later_tells_its_details_too() -> None:
    from azure.core.exceptions import HttpResponseError, ODataV4Format

    detail = {"code": "BadArgument", "message": "The model path is no folder."}
    error: Any = HttpResponseError("The request is invalid.")
    error.error = ODataV4Format(
        {"code": "BadRequest", "message": "The request is invalid.", "details": [detail]}
    )
    told = explain(error, "deploying e:1")
    assert told is not None
    assert "The model path is no folder." in told.message
