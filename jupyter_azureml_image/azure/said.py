"""What an answer that is not the wanted one says: its code and its words, whoever wrote it.

Resource Manager and Azure ML write `error` with details, the registry a list of `errors`, sign-in a
word, blob storage XML, and a proxy or a service in trouble whatever it likes.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

_PLAIN = 200
_XML_CODE = re.compile(r"<Error><Code>(\w+)</Code>")
_XML_WORDS = re.compile(
    r"<(?:Message|AuthenticationErrorDetail)>(.*?)(?:\s*RequestId:.*?)?</", re.DOTALL
)


def said(response: Any) -> tuple[str, str]:
    """Code and message of an HTTP answer (of azure-core or of requests), empty where none."""
    error = _error(_body(response))
    details = error.get("details")
    known = details if isinstance(details, list) else ()
    inner = (str(each.get("message") or "") for each in known if isinstance(each, Mapping))
    code = error.get("code") or response.headers.get("x-ms-error-code")  # all that a HEAD tells
    return str(code or ""), with_details(str(error.get("message") or ""), inner)


def with_details(message: str, details: Iterable[str]) -> str:
    """A message with those of its details: "The request is invalid." has its cause there."""
    words = [message, *map(_unpacked, details)]
    return " ".join(dict.fromkeys(word for word in words if word))


def _unpacked(message: str) -> str:
    """A detail's message; the causes only, where another service's whole answer stands in it."""
    try:
        causes = json.loads(message[message.index("{") :])["errors"].values()
        return " ".join(str(word) for each in causes for word in each)
    except (ValueError, KeyError, TypeError, AttributeError):
        return message


def _body(response: Any) -> Any:
    try:
        # azure-core's older kind of answer, which azure-ai-ml 1.21 still gets, has no json().
        return response.json() if hasattr(response, "json") else json.loads(response.text())
    except (ValueError, UnicodeError):
        text = getattr(response, "text", "")
        return _plain((text() if callable(text) else text) or "")
    except Exception as error:  # azure-core's own DecodeError, of a body that is no JSON
        return {"message": str(error)[:_PLAIN]}


def _plain(text: str) -> Mapping[str, str]:
    code = _XML_CODE.search(text)
    if code is None:
        return {"message": " ".join(text.split())[:_PLAIN]}
    return {"code": code.group(1), "message": " ".join(_XML_WORDS.findall(text))}


def _error(body: Any) -> Mapping[str, Any]:
    """The part that says why; its names in lower case, for some services begin them with a
    capital."""
    if isinstance(body, str):
        return {"message": body}
    if not isinstance(body, Mapping):
        return {}
    error, errors = body.get("error", body), body.get("errors")
    if isinstance(errors, list) and errors:
        error = errors[0]
    if isinstance(error, str):
        error = {"code": error, "message": body.get("error_description") or body.get("message")}
    if not isinstance(error, Mapping):
        return {}
    return {name.lower(): value for name, value in error.items()}
