"""What an answer that is not the wanted one means, in a sentence.

Everything that can answer no (Resource Manager, Azure ML, a registry, blob storage) is brought to
one small record, a `Refusal`, and read by one table. `doing` completes a sentence: "reading
workspace ws1".
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from ..errors import (
    AzureError,
    Forbidden,
    ImageError,
    QuotaExceeded,
    ServiceFault,
    SignedOut,
    TasksNotPermitted,
)
from .roles import least_role
from .said import said

SIGN_IN = "Run `az login` in a terminal, then run this again."


@dataclass(frozen=True, slots=True)
class Refusal:
    """An answer that is not the wanted one. `retry_after` in seconds, None where not told."""

    status: int
    code: str = ""
    message: str = ""
    retry_after: float | None = None
    host: str = ""


def from_answer(response: Any) -> Refusal:
    """The refusal in an HTTP answer (of azure-core or of requests)."""
    request = getattr(response, "request", None)
    code, message = coded(*said(response))
    return Refusal(
        status=int(response.status_code),
        code=code,
        message=message,
        retry_after=_seconds(response.headers.get("Retry-After")),
        host=urlsplit(str(getattr(request, "url", ""))).netloc.rpartition("@")[2],
    )


def refused(refusal: Refusal, doing: str) -> ImageError:
    """The sentence for a refusal; never raises."""
    for fits, say in _TABLE:
        if fits(refusal):
            return say(refusal, doing)
    answered = "answered" if refusal.status >= 400 else "gave up with"
    return ServiceFault(
        f"Azure {answered} {_named(refusal)} while {doing}{_because(refusal)}",
        hint="If this goes on, look at https://azure.status.microsoft or run with --traceback.",
    )


def one_line(text: str, limit: int = 400) -> str:
    """`text` on one line, without the query strings of signed addresses."""
    flat = re.sub(r"\s+", " ", text).strip()
    flat = re.sub(r"(https?://[^\s?'\"]+)\?[^\s'\"]+", r"\1", flat)
    return flat if len(flat) <= limit else flat[: limit - 1] + "…"


def coded(code: str, message: str) -> tuple[str, str]:
    """Code and message; a failed operation's answer has its code before the message only."""
    inside = re.match(r"([A-Z][A-Za-z]+): ", message)
    if inside and code in ("", "None", "UserError"):
        code, message = inside.group(1), message[inside.end() :]
    return code, one_line(message)


def _seconds(value: str | None) -> float | None:
    try:
        return float(value) if value else None
    except ValueError:
        return None


def _named(refusal: Refusal) -> str:
    return f"{refusal.status if refusal.status >= 400 else ''} {refusal.code}".strip()


def _because(refusal: Refusal) -> str:
    return f": {refusal.message.rstrip('.')}." if refusal.message else "."


# What the answers mean -------------------------------------------------------------------


def _signed_out(refusal: Refusal, doing: str) -> ImageError:
    if refusal.code == "InvalidAuthenticationTokenTenant":
        # "... from the wrong issuer '…/HERS/'. It must match the tenant '…/WANTED/' ..."
        tenants = re.findall(r"sts\.windows\.net/([0-9a-f-]{36})", refusal.message)
        return SignedOut(
            f"You are signed in to another tenant than the subscription's, seen while {doing}.",
            hint=f"Run `az login --tenant {tenants[-1] if len(tenants) > 1 else 'TENANT'}`, then "
            "run this again.",
            code="wrong-tenant",
        )
    return SignedOut(f"The sign-in was not accepted, or has expired, while {doing}.", hint=SIGN_IN)


def _missing_right(refusal: Refusal, doing: str) -> ImageError:
    action = re.search(r"action '([^']+)'", refusal.message)
    scope = re.search(r"over scope '([^']+)'", refusal.message)
    if action is None:
        return Forbidden(
            f"Azure does not allow {doing}{_because(refusal)}",
            hint="Ask the owner of the resource for the right named above.",
        )
    where = f" on {scope.group(1).rpartition('/')[2]}" if scope else ""
    return Forbidden(
        f"The right {action.group(1)}{where} is missing, needed for {doing}.",
        hint=f"The least role that has it: {least_role(action.group(1))}. "
        "A role given just now takes some minutes.",
    )


def _firewalled(refusal: Refusal, doing: str) -> ImageError:
    address = re.search(r"IP '?([0-9a-f.:]+)'?", refusal.message)
    who = f"this address ({address.group(1)})" if address else "this address"
    return Forbidden(
        f"The registry's firewall does not let {who} in, seen while {doing}.",
        hint="Allow it under the registry's Networking page, use a machine inside its network, "
        "or an agent pool (--build acr --agent-pool NAME).",
        code="firewalled",
    )


def _unsigned(refusal: Refusal, doing: str) -> ImageError:
    return Forbidden(
        f"The signed address was not accepted, or has expired, while {doing}{_because(refusal)}",
        hint="Run this again: Azure is asked for a new one. If it stays so, this machine's clock "
        "may be wrong.",
        code="address-expired",
    )


def _store_closed(refusal: Refusal, doing: str) -> ImageError:
    return Forbidden(
        f"The storage account's firewall does not let this address in, seen while {doing}.",
        hint="Allow it under the storage account's Networking page, or use a machine inside its "
        "network.",
        code="firewalled",
    )


def _no_data_role(refusal: Refusal, doing: str) -> ImageError:
    return Forbidden(
        f"This account may not use the blobs of the storage account, seen while {doing}.",
        hint="It needs Storage Blob Data Contributor there. A role given just now takes some "
        "minutes.",
    )


def _tasks(refusal: Refusal, doing: str) -> ImageError:
    return TasksNotPermitted(
        "This registry may not run ACR Tasks (trial, student and some other subscriptions), "
        f"seen while {doing}.",
        hint="Build with a local engine instead (--build local). No role changes this; "
        "only an Azure support request does.",
    )


def _quota(refusal: Refusal, doing: str) -> ImageError:
    return QuotaExceeded(
        f"The subscription's quota is too small for {doing}{_because(refusal)}",
        hint="Choose a smaller --instance-type or --instance-count, delete what is not needed "
        "(%azureml_image resources), or ask for more quota in the Azure portal.",
    )


def _throttled(refusal: Refusal, doing: str) -> ImageError:
    wait = f" It asks to wait {refusal.retry_after:.0f} s." if refusal.retry_after else ""
    return ServiceFault(
        f"Azure is throttling this subscription, seen while {doing}.{wait}",
        hint="Wait a little, then run this again; nothing has to be undone.",
        code="throttled",
    )


def _not_there(refusal: Refusal, doing: str) -> ImageError:
    what = {
        "SubscriptionNotFound": "That subscription does not exist, or this sign-in cannot see it",
        "ResourceGroupNotFound": "That resource group does not exist",
    }.get(refusal.code, "It does not exist")
    return AzureError(
        f"{what}, seen while {doing}{_because(refusal)}",
        hint="Check the name, and which account is signed in: %azureml_image doctor.",
        code="not-found",
    )


def _conflict(refusal: Refusal, doing: str) -> ImageError:
    return AzureError(
        f"Something else is changing it, or it already exists, seen while {doing}"
        f"{_because(refusal)}",
        hint="Wait until the other operation ends, then run this again.",
        code="conflict",
    )


def _policy(refusal: Refusal, doing: str) -> ImageError:
    return Forbidden(
        f"A policy of the subscription forbids {doing}{_because(refusal)}",
        hint="Ask the subscription's owner; the policy is named in the message.",
        code="policy",
    )


def _invalid(refusal: Refusal, doing: str) -> ImageError:
    return AzureError(
        f"Azure does not accept the request ({_named(refusal)}) while {doing}{_because(refusal)}",
        code="refused",
    )


def _not_ready(refusal: Refusal, doing: str) -> ImageError:
    return AzureError(
        f"The container did not become ready while {doing}{_because(refusal)}",
        hint="Rehearse the image first: it is started the same way on this machine.",
        code="not-ready",
    )


def _has(*words: str) -> Callable[[Refusal], bool]:
    def fits(refusal: Refusal) -> bool:
        text = f"{refusal.code} {refusal.message}".lower()
        return any(word in text for word in words)

    return fits


# The first row that fits is the one that speaks.
_TABLE: tuple[
    tuple[Callable[[Refusal], bool], Callable[[Refusal, str], ImageError]],
    ...,
] = (
    (lambda r: r.code == "TasksOperationsNotAllowed", _tasks),
    (lambda r: r.code == "ResourceNotReady", _not_ready),
    (_has("is not allowed access", "client with ip"), _firewalled),
    (lambda r: (r.status, r.code) == (403, "AuthenticationFailed"), _unsigned),
    (lambda r: r.code == "AuthorizationFailure", _store_closed),
    (lambda r: r.code == "AuthorizationPermissionMismatch", _no_data_role),
    (lambda r: r.status == 429 or r.code == "TooManyRequests", _throttled),
    (_has("outofquota", "quotaexceeded", "insufficientquota", "quota"), _quota),
    (lambda r: r.code.startswith("RequestDisallowedByPolicy"), _policy),
    (lambda r: r.status == 401, _signed_out),
    (lambda r: r.status == 403, _missing_right),
    (lambda r: r.status == 404, _not_there),
    (lambda r: r.status in (409, 412), _conflict),
    (lambda r: 400 <= r.status < 500, _invalid),
)
