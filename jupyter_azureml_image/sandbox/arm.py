"""The shape of Azure Resource Manager's answers: errors, system data, sign-in, which right a call
needs."""

from __future__ import annotations

import base64
import datetime
import re
import uuid
from collections.abc import Callable, Mapping
from typing import Any

from .names import ACR, ML, Names
from .shapes import misread
from .web import Request, Response, json_response

Document = dict[str, Any]


class Refusal(Exception):
    """An error answer, raised from anywhere inside a room."""

    def __init__(self, response: Response) -> None:
        super().__init__(response.status)
        self.response = response


def now() -> str:
    """Return the time as ARM writes it: UTC, seven digits of a second, with offset."""
    return datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%f0+00:00")


def arm_error(
    status: int,
    code: str,
    message: str,
    *,
    headers: Mapping[str, str] | None = None,
    **more: object,
) -> Response:
    """Make ARM's error envelope; `more` goes beside code and message (such as `target`)."""
    kind = {"x-ms-response-type": "error", **(headers or {})}
    return json_response(status, {"error": {"code": code, "message": message, **more}}, kind)


def ml_error(status: int, code: str, message: str, inner: str = "") -> Response:
    """Make an error as Azure ML's front end writes it, with its additional information."""
    info = [
        {"type": "ComponentName", "info": {"value": "managementfrontend"}},
        {
            "type": "Correlation",
            "info": {"value": {"operation": uuid.uuid4().hex, "request": uuid.uuid4().hex[:16]}},
        },
        {"type": "Time", "info": {"value": now()}},
    ]
    if inner:
        info.append({"type": "InnerError", "info": {"value": {"code": inner, "innerError": None}}})
    return arm_error(status, code, message, details=[], additionalInfo=info)


def system_data(before: Document | None) -> Document:
    """Make the systemData of a resource that is written now; creation stays as it was."""
    moment = now()
    created = (before or {}).get("systemData", {})
    return {
        "createdAt": created.get("createdAt", moment),
        "createdBy": "Sandbox User",
        "createdByType": "User",
        "lastModifiedAt": moment,
        "lastModifiedBy": "Sandbox User",
        "lastModifiedByType": "User",
    }


def body_of(request: Request) -> Document:
    """Return the JSON body. Raises `Refusal` (400) where it is none, or holds a value of the wrong
    kind."""
    try:
        document = request.json()
    except (ValueError, RecursionError) as broken:
        raise Refusal(_unreadable(str(broken))) from broken
    wrong = misread(document)
    if wrong:
        raise Refusal(_unreadable(wrong))
    return document


def _unreadable(reason: str) -> Response:
    message = f"The request content was invalid and could not be deserialized: '{reason}'."
    return arm_error(400, "InvalidRequestContent", message)


def properties_of(document: Document) -> Document:
    """Return `properties` as an object, whatever was sent."""
    value = document.get("properties")
    return value if isinstance(value, dict) else {}


def action_of(method: str, path: str) -> str:
    """Return the right that a call needs, such as `Microsoft.ContainerRegistry/registries/read`."""
    parts = path.strip("/").split("/")
    lowered = [part.lower() for part in parts]
    if "providers" not in lowered:
        return "Microsoft.Resources/subscriptions/resources/read"
    at = len(lowered) - 1 - lowered[::-1].index("providers")
    namespace, rest = parts[at + 1 : at + 2], parts[at + 2 :]
    types = rest[::2]
    if method == "POST":
        # the last segment is the verb: types and names alternate before it
        return "/".join([*namespace, *rest[:-1:2], rest[-1], "action"]) if rest else ""
    verb = {"GET": "read", "HEAD": "read", "DELETE": "delete"}.get(method, "write")
    return "/".join([*namespace, *types, verb])


def forbidden(names: Names, action: str, scope: str) -> Response:
    """Make ARM's answer to a caller who lacks a right."""
    message = (
        f"The client '{names.principal}' with object id '{names.principal}' does not have "
        f"authorization to "
        f"perform action '{action}' over scope '{scope}' or the scope is invalid. If access "
        f"was recently "
        "granted, please refresh your credentials."
    )
    return arm_error(403, "AuthorizationFailed", message)


def signed_out(code: str, message: str, claims: str = "") -> Response:
    """Make ARM's answer to a missing, wrong or expired token; with `claims`, one that was revoked
    before its time (continuous access evaluation)."""
    challenge = 'Bearer authorization_uri="https://login.microsoftonline.com/"'
    if claims:
        packed = base64.b64encode(claims.encode()).decode()
        challenge += f', error="insufficient_claims", claims="{packed}"'
    else:
        challenge += f', error="{code}"'
    return arm_error(401, code, message, headers={"WWW-Authenticate": challenge})


def check_scope(names: Names, path: str) -> Response | None:
    """Return the 404 for what lies in a subscription or group, or below a workspace or registry,
    that is not the sandbox's; else None."""
    match = re.match(r"/subscriptions/([^/]+)(?:/resourceGroups/([^/]+))?", path, re.IGNORECASE)
    if not match:
        return None
    subscription, group = match.groups()
    if subscription.lower() != names.subscription:
        return arm_error(
            404, "SubscriptionNotFound", f"The subscription '{subscription}' could not be found."
        )
    if group and group.lower() != names.resource_group.lower():
        return arm_error(
            404, "ResourceGroupNotFound", f"Resource group '{group}' could not be found."
        )
    for kind, known in (
        (f"{ML}/workspaces", names.workspace),
        (f"{ACR}/registries", names.registry),
    ):
        below = re.search(rf"/providers/{re.escape(kind)}/([^/]+)/.", path, re.IGNORECASE)
        if below and below[1].lower() != known:
            return not_found(kind, below[1], names.resource_group)
    return None


def not_found(kind: str, name: str, group: str) -> Response:
    """Make ARM's answer for a resource that does not exist."""
    message = (
        f"The Resource '{kind}/{name}' under resource group '{group}' was not found. "
        "For more details please go to https://aka.ms/ARMResourceNotFoundFix"
    )
    return arm_error(404, "ResourceNotFound", message)


Check = Callable[[Request], Response | None]
