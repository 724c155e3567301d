"""What a run says of its workspace and its result, and what it registers; values only."""

from __future__ import annotations

from .events import Connected
from .plan.registration import ContextPlace, Registration, WorkspaceFacts
from .plan.request import BuildRequest
from .result import ImageBuild


def registration_of(request: BuildRequest, build: ImageBuild, context: str | None) -> Registration:
    """The environment version for a build; `context` is where the files of an image lie that
    Azure ML builds itself. An image without a server gets no routes. What this package needs to
    find again stands in the tags, and beats a tag of the same name that was asked for."""
    plan, verdict = build.plan, build.verdict
    if plan is None:
        raise RuntimeError("the registration of a run without a plan was asked for")
    serves = verdict is None or verdict.outcome != "not applicable"
    tags = dict(request.tags) | {
        "azureml-image": build.run_id,
        "fingerprint": plan.fingerprint.value,
        "base": ", ".join(name for name, _ in plan.fingerprint.bases),
        "builder": plan.builder.title if plan.builder else "",
        "run": build.run_id,
        "rehearsal": verdict.outcome if verdict else "skipped",
    }
    return Registration(
        name=plan.name,
        version=plan.version,
        image=build.reference or "",
        context=ContextPlace.of(context) if context else None,
        routes=request.rehearsal.routes if serves else None,
        tags=tags,
        description=request.description,
    )


def introduction(facts: WorkspaceFacts) -> Connected:
    """Which workspace it is, and who is signed in."""
    kind = "SANDBOX workspace" if facts.sandbox else "Workspace"
    who = facts.signed_in_as or "an unnamed caller"
    return Connected(f"{kind} '{facts.name}', signed in as {who}.", facts.sandbox)


def result_sentence(build: ImageBuild) -> str:
    """What exists now, and what does not."""
    if build.registered is not None and build.reference is None:
        return (
            f"{build.name}:{build.version} is registered; Azure ML builds its image when it is "
            "first used."
        )
    if build.registered is not None:
        return f"{build.name}:{build.version} is registered by digest: {build.reference}."
    if build.reference is not None:
        return f"{build.reference} is pushed; it is not registered."
    if build.local_reference is not None:
        return f"{build.local_reference} is in the local engine; it is not pushed."
    return "Nothing was built."
