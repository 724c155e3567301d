"""Why a run of ACR Tasks ended badly: by the builder, else the agent, else the run itself."""

from __future__ import annotations

from ..build.dialects.steps import Steps
from ..build.failing import build_failed
from ..errors import BuildFailed, BuildFailure, Cancelled, ImageError
from ..explain.explain import explain
from ..explain.model import Explanation
from .acr_dialect import AcrReader
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
    if told := _known(said, reader):
        return BuildFailed(
            f"Run {run.run_id} ended as {verdict.status}: {told.sentence}",
            hint=told.hint,
            code=told.code,
            failure=BuildFailure(last_lines=reader.last_lines),
        )
    return BuildFailed(
        f"Run {run.run_id} ended as {verdict.status}: {said}",
        hint="The cause is not a known one. More may stand in: az acr task logs "
        f"--registry {run.target.registry} --run-id {run.run_id}",
        code="run-failed",
        failure=BuildFailure(last_lines=reader.last_lines),
    )


def _known(said: str, reader: AcrReader) -> Explanation | None:
    """The cause of a run that failed outside the build: by its own words, else by its log."""
    return (
        explain([said], where="azure")
        or explain(reader.last_lines, where="push")
        or explain(reader.last_lines, where="azure")
    )
