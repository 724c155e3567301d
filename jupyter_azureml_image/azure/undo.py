"""Taking down what a failed deployment made, after its log is kept."""

from __future__ import annotations

from ..errors import (
    BadUsage,
    Cancelled,
    DeploymentFailed,
    Forbidden,
    ImageError,
    QuotaExceeded,
    ServiceFault,
    SignedOut,
)
from ..events import LogLine
from ..explain.container import why_ended
from ..explain.explain import explain
from .rollout import Rollout
from .translate import translated

_LOG_LINES = 200
_UNKNOWN = "The cause is not a known one; the container's log is shown above."
_OWN_SENTENCE = (BadUsage, Cancelled, Forbidden, QuotaExceeded, SignedOut)


def undone(rollout: Rollout, error: BaseException) -> ImageError:
    """The error to raise for a deployment that did not come up: the cause from the container's
    log, and what became of what this call had made."""
    stopped = isinstance(error, KeyboardInterrupt)
    log = () if stopped or not rollout.tried_deployment else _log(rollout)
    for line in log:
        rollout.emit(LogLine(line))
    left = _take_down(rollout, wait=not stopped)
    if stopped:
        return Cancelled("The deployment was stopped.", hint=left)
    if not isinstance(error, ImageError):
        raise error
    if isinstance(error, _OWN_SENTENCE):
        error.hint = " ".join(filter(None, (error.hint, left)))
        return error
    message = f"{rollout.request.environment} did not come up on {rollout.request.endpoint}. "
    if isinstance(error, DeploymentFailed):
        message = ""
    found = why_ended(log) if message else None
    message += f"Its container's log says: {found.text}." if found else error.message
    remedy = found.hint if found else _remedy(error)
    if message and log and not found:
        remedy = " ".join(filter(None, (remedy, _UNKNOWN)))
    hint = "\n".join(filter(None, (remedy, left)))
    return DeploymentFailed(message, hint=hint or None, code=found.code if found else None)


def _remedy(error: ImageError) -> str | None:
    """The hint of the error itself, unless it is the one for faults that nobody knows and the
    cause is a known one."""
    told = explain([error.message], where="azure")
    unknown = error.hint is None or error.code == ServiceFault.code
    return told.hint if told and unknown else error.hint


def _log(rollout: Rollout) -> tuple[str, ...]:
    request = rollout.request
    try:
        with translated(f"reading the log of {request.name}"):
            text = rollout.client.online_deployments.get_logs(
                name=request.name, endpoint_name=request.endpoint, lines=_LOG_LINES
            )
    except ImageError:  # the deployment's own error matters more than its missing log
        return ()
    return tuple(line.rstrip() for line in str(text).splitlines())


def _take_down(rollout: Rollout, *, wait: bool) -> str | None:
    """Delete what this call made; the sentence that says what is left, None where nothing was
    made."""
    request, client = rollout.request, rollout.client
    if rollout.made_endpoint:
        what, line = f"endpoint {request.endpoint}", f"%azureml_image delete {request.endpoint}"
    elif rollout.made_deployment:
        what = f"deployment {request.name}"
        line = f"%azureml_image delete {request.endpoint} --deployment {request.name}"
    else:
        return None
    try:
        with translated(f"deleting {what}"):
            if rollout.made_endpoint:
                poller = client.online_endpoints.begin_delete(request.endpoint)
            else:
                poller = client.online_deployments.begin_delete(request.name, request.endpoint)
            if wait:
                rollout.wait(poller)
    except (ImageError, KeyboardInterrupt):
        return f"The new {what} is still there, and may bill. To delete it: {line}"
    return f"The new {what} {'was deleted again' if wait else 'is being deleted'}."
