"""Why a run of ACR Tasks ended badly: by the builder, else the agent, else the run itself."""

from __future__ import annotations

from ..build.dialects.steps import Steps
from ..build.failing import build_failed
from ..errors import BuildFailed, BuildFailure, Cancelled, ImageError
from ..explain.explain import explain
from .acr_dialect import AcrReader
from .acr_request import Target
from .acr_run import AcrRun, Verdict


class SourceGone(BuildFailed):
    """The run could not read the context that was uploaded for it."""


def failure(run: AcrRun, verdict: Verdict, reader: AcrReader, steps: Steps) -> ImageError:
    """The error for a run that ended otherwise than well; closes the steps that are open."""
    if verdict.status == "Canceled":
        reader.finish("cancelled")
        return Cancelled(f"Run {run.run_id} was cancelled in Azure.")
    if verdict.status == "Timeout":
        reader.finish("cancelled")
        return BuildFailed(
            f"Run {run.run_id} took longer than it may, and Azure ended it.",
            hint="Give it more with --timeout SECONDS (at most 28800), or a larger --cpu.",
            code="timeout",
        )
    failed = reader.finish("failed")
    if failed is not None:
        return build_failed(failed, steps)
    if reader.source_missing:
        return SourceGone(
            f"Run {run.run_id} could not read the uploaded context: {reader.last_agent_line}",
            hint="Run the cell again: it is uploaded anew.",
            code="run-failed",
        )
    said = verdict.message or reader.last_agent_line or "it gives no reason"
    hint, code = _remedy(said, run.target)
    return BuildFailed(
        f"Run {run.run_id} ended as {verdict.status}: {said}",
        hint=hint,
        code=code,
        failure=BuildFailure(last_lines=(reader.last_agent_line,)),
    )


def _remedy(said: str, target: Target) -> tuple[str, str]:
    """What to do about a run that failed outside the build, and the code of its cause."""
    if told := explain([said], where="azure"):
        return told.hint, told.code
    registry = target.login_server.partition(".")[0]
    return (
        "The cause is not a known one. More may stand in: az acr task logs "
        f"--registry {registry} --run-id RUN",
        "run-failed",
    )
