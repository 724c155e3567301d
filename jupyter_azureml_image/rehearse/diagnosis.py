"""Why a server did not start or answer: the container's state and its log."""

from __future__ import annotations

from collections.abc import Sequence

from ..explain.container import Reason, known, why_ended
from ..explain.explain import explain
from .container import State

_KILLED = 137  # the exit code of a program that was killed
_UNKNOWN = "The cause is not a known one; '%azureml_image logs' shows the container's log."


def cause(log: Sequence[str], state: State | None = None) -> Reason | None:
    """The likeliest cause that the log (and the container's end) tells of, or None."""
    if state is not None and state.out_of_memory:
        return known(explain((), where="rehearse", exit_code=_KILLED))
    return why_ended(log, state.exit_code if state else None)


def locked_out(log: Sequence[str]) -> Reason | None:
    """The one failure that never ends: services that the final user may not start."""
    told = explain(log, where="rehearse")
    return known(told) if told and told.code == "wrong-user" else None


def of_exit(state: State, command: Sequence[str]) -> Reason:
    """What an end without a word in the log means."""
    told = explain(
        (),
        where="rehearse",
        exit_code=state.exit_code,
        instruction=f"CMD {' '.join(command) or 'none'}",
    )
    return known(told) or Reason(f"it ended with exit code {state.exit_code}", _UNKNOWN)


def of_refusal(route: str, port: int, seconds: float, status: int) -> Reason:
    """What a server that answers, and not as a probe wants it, means."""
    return Reason(
        f"GET {route} on port {port} still answered {status} after {seconds:.0f} s",
        "A probe is content with 200 to 399: check --liveness-route and --readiness-route, and "
        "what the server itself says of it ('%azureml_image logs').",
    )


def of_silence(route: str, port: int, seconds: float) -> Reason:
    """What a server that runs and does not answer means."""
    said = f"nothing answered GET {route} on port {port} within {seconds:.0f} s"
    return known(explain((said,), where="rehearse")) or Reason(said)
