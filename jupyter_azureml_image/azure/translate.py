"""Foreign errors to sentences: the only way an Azure, registry or network error gets out."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from ..errors import AzureError, ImageError, RegistryError, ServiceFault, SignedOut
from .refusals import SIGN_IN, Refusal, coded, from_answer, one_line, refused
from .said import with_details


@contextmanager
def translated(doing: str) -> Iterator[None]:
    """Let nothing but our own errors out of the block."""
    try:
        yield
    except ImageError:
        raise
    except Exception as error:  # every one that is known becomes a sentence; others go on
        told = explain(error, doing)
        if told is None:
            raise
        raise told from error


def explain(error: BaseException, doing: str) -> ImageError | None:
    """The sentence for a foreign exception, None where it is not one of Azure's or the wire's."""
    for cls in type(error).__mro__:
        name = f"{cls.__module__.partition('.')[0]}.{cls.__name__}"
        if name in _FOREIGN:
            return _FOREIGN[name](error, doing)
    return None


def _http(error: Any, doing: str) -> ImageError:
    response = getattr(error, "response", None)
    if response is None:
        return _sign_in(error, doing) if _is_sign_in(error) else _operation(error, doing)
    return refused(from_answer(response), doing)


def _is_sign_in(error: Any) -> bool:
    return any(cls.__name__ == "ClientAuthenticationError" for cls in type(error).__mro__)


def _operation(error: Any, doing: str) -> ImageError:
    """A long operation that ended badly carries its error without an answer."""
    inner = getattr(error, "error", None)
    details = (str(each.message or "") for each in getattr(inner, "details", None) or ())
    code, message = coded(
        str(getattr(inner, "code", "") or ""),
        with_details(str(getattr(inner, "message", "") or error), details),
    )
    status = int(getattr(error, "status_code", None) or 0)
    return refused(Refusal(status, code, message), doing)


def _sign_in(error: Any, doing: str) -> ImageError:
    text = str(error)
    tenant = re.search(r"AADSTS(\d+)", text)
    if tenant and tenant.group(1) in ("50020", "90072", "700016", "90002"):
        return SignedOut(
            f"This sign-in is not known in the tenant that was asked ({tenant.group(0)}), "
            f"seen while {doing}.",
            hint="Run `az login --tenant TENANT` with the subscription's own tenant.",
            code="wrong-tenant",
        )
    return SignedOut(
        f"Nobody is signed in to Azure, or the sign-in expired, while {doing}.", hint=SIGN_IN
    )


def _no_network(error: Any, doing: str) -> ImageError:
    host = re.search(r"host='([^']+)'", str(error)) or re.search(
        r"Failed to resolve '([^']+)'", str(error)
    )
    name = host.group(1) if host else "Azure"
    return ServiceFault(
        f"{name} could not be reached while {doing}: {root_cause(error)}.",
        hint="Check the network, and HTTPS_PROXY where there is a proxy.",
        code="no-network",
    )


def root_cause(error: BaseException) -> str:
    """Why a connection came to nothing, in words."""
    text = str(error)
    for sign, words in (
        ("ProxyError", "the proxy did not let it through"),
        ("Failed to resolve", "its name has no address here"),
        ("NameResolution", "its name has no address here"),
        ("CERTIFICATE_VERIFY_FAILED", "its certificate is not trusted here"),
        ("timed out", "no answer in time"),
        ("refused", "the connection was refused"),
        ("Connection aborted", "the connection was cut"),
    ):
        if sign in text:
            return words
    return one_line(text, 160).rstrip(".")


def _broken(error: Any, doing: str) -> ImageError:
    return ServiceFault(
        f"Azure's answer could not be read while {doing}: {one_line(str(error), 200)}",
        hint="Run this again; with --traceback if it stays.",
    )


def _own(error: Any, doing: str) -> ImageError:
    """azure-ai-ml's own errors: about what it was given, already worded for people."""
    text = str(getattr(error, "message", "") or error)
    return AzureError(f"azure-ai-ml refused while {doing}: {one_line(text)}", code="refused")


def _docker(error: Any, doing: str) -> ImageError:
    text = str(getattr(error, "explanation", "") or error)
    return RegistryError(f"The container engine failed while {doing}: {one_line(text)}")


_FOREIGN: dict[str, Callable[[Any, str], ImageError]] = {
    # azure-core; the test of this page knows every exception it has
    "azure.HttpResponseError": _http,
    "azure.DecodeError": _broken,
    "azure.IncompleteReadError": _broken,
    "azure.ClientAuthenticationError": _http,
    "azure.ResourceExistsError": _http,
    "azure.ResourceNotFoundError": _http,
    "azure.ResourceModifiedError": _http,
    "azure.ResourceNotModifiedError": _http,
    "azure.TooManyRedirectsError": _http,
    "azure.ODataV4Error": _http,
    "azure.ServiceRequestError": _no_network,
    "azure.ServiceRequestTimeoutError": _no_network,
    "azure.ServiceResponseError": _no_network,
    "azure.ServiceResponseTimeoutError": _no_network,
    "azure.StreamConsumedError": _broken,
    "azure.StreamClosedError": _broken,
    "azure.ResponseNotReadError": _broken,
    "azure.SerializationError": _broken,
    "azure.DeserializationError": _broken,
    "azure.CredentialUnavailableError": _sign_in,
    "azure.AuthenticationRequiredError": _sign_in,
    "azure.MlException": _own,
    "azure.AzureError": _broken,
    "requests.RequestException": _no_network,
    "urllib3.HTTPError": _no_network,
    "docker.DockerException": _docker,
    "marshmallow.ValidationError": _own,
}
