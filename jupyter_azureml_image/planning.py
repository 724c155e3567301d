"""Making the plan: what exists already, what has to be done, and what that creates."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from .context.describe import size_text
from .errors import BadUsage, CheckFailed, ImageError, NotConnected, RegistryError, VersionTaken
from .existing import (
    Existing,
    earlier_fingerprint,
    is_gone,
    latest_build,
    local_image,
    pushed_digest,
)
from .gather import Known
from .journal import Journal
from .outside import Outside
from .plan.command import docker_build
from .plan.dependencies import Dependencies, dependencies_of
from .plan.fingerprint import Fingerprint, fingerprint_of
from .plan.mounts import check_mounts
from .plan.naming import local_reference, repository_of
from .plan.plan import Plan
from .plan.registration import RegisteredEnvironment, Workspace
from .plan.request import BuildRequest
from .records import dataclass
from .stages import includes

NO_WORKSPACE_WAYS = (
    "Stop before the push with --until rehearse, connect one with %azureml_image workspace "
    "(config.json, or --subscription -g -w), or try it offline with %azureml_image workspace "
    "--sandbox."
)
NO_REGISTRY_WAYS = (
    "Stop before the push with --until rehearse, name a registry with --registry-name, let Azure "
    "ML build (and make its registry) with --build azureml, or attach one with %azureml_image "
    "workspace --attach-registry ID."
)


@dataclass(frozen=True, slots=True)
class Planned:
    """The plan, what of it exists already, and how it reads."""

    plan: Plan
    existing: Existing
    lines: tuple[str, ...]
    dependencies: Dependencies | None = None


def make_plan(request: BuildRequest, known: Known, outside: Outside, journal: Journal) -> Planned:
    """The plan of a request. Raises, before anything is made, what would stop it later: no
    builder, no workspace or registry where one is needed, a name or version that is taken."""
    if known.dockerfile.faults:
        raise CheckFailed(
            "The Dockerfile has faults no builder would read past.",
            hint="Mend the lines named above; --fail-on never does not help here.",
        )
    fingerprint = fingerprint_of(
        request.recipe,
        known.manifest,
        {reference: base.digest for reference, base in known.bases.items()},
    )
    version = request.version or fingerprint.version
    repository = repository_of(request.name)
    _no_collision(request, repository, journal)
    # A dry run tells of the whole run.
    whole = replace(request, until="register") if request.until == "plan" else request
    if whole.rehearsal.wanted and includes(whole.until, "rehearse"):
        check_mounts(whole.rehearsal.mounts)  # a folder that is missing is said before the build
    destination, nowhere = _told_destination(request, whole, known)
    reference = local_reference(request.name, version)
    registered = _registered(whole, known.workspace, version, fingerprint)
    existing = Existing(
        image=None if request.build == "azureml" else local_image(outside, reference, fingerprint),
        registered=registered,
        pushed=pushed_digest(
            journal,
            known.workspace,
            (destination, repository),
            fingerprint,
            latest_build(journal, request.name, fingerprint),
        )
        if destination and known.workspace and not registered
        else None,
    )
    if request.recipe.no_cache and not registered:
        existing = Existing()
    reuse = bool(existing.image or existing.registered or existing.pushed)
    if not reuse and known.no_builder and includes(request.until, "build"):
        raise known.no_builder
    plan = Plan(
        name=request.name,
        version=version,
        reference=reference,
        repository=repository,
        fingerprint=fingerprint,
        action="reuse" if reuse else "build",
        builder=known.builder.abilities if known.builder else None,
        reason=known.reason or (known.no_builder.message if known.no_builder else ""),
        sentence=_sentence(
            existing, lambda: earlier_fingerprint(journal, request.name), fingerprint
        ),
        command=docker_build(request.recipe, request.context, reference),
        destination=destination and f"{destination}/{repository}",
        creates=_creates(whole, known, destination, version, existing),
    )
    dependencies = None if reuse else _dependencies(request, known)
    lines = _lines(plan, whole, known)
    if nowhere is not None:
        lines += (f"push to      nowhere yet: {nowhere.message} {nowhere.hint or ''}".rstrip(),)
    if dependencies is not None:
        lines += (_of_dependencies(dependencies),)
    return Planned(plan, existing, lines, dependencies)


def _dependencies(request: BuildRequest, known: Known) -> Dependencies | None:
    """Only ACR builds need them: every other builder keeps its layers."""
    if known.builder is None or known.builder.abilities.builder != "acr":
        return None
    if not request.task.dependency_image or request.recipe.no_cache:
        return None
    bases = {reference: base.digest for reference, base in known.bases.items()}
    return dependencies_of(request.recipe, known.manifest, bases)


def _of_dependencies(dependencies: Dependencies) -> str:
    last, after = dependencies.lines
    return (
        f"dependencies up to line {last} kept as an image of their own ({dependencies.tag}): when "
        f"code or model changes, only the last {after} instructions are built "
        "(--no-dependency-image turns it off)"
    )


def _no_collision(request: BuildRequest, repository: str, journal: Journal) -> None:
    other = journal.other_name(request.name, repository)
    if other is not None:
        raise BadUsage(
            f"'{request.name}' and '{other}' would share the repository '{repository}'.",
            hint="Choose a name that differs in more than case and separators, or remove the old "
            "runs with %azureml_image prune.",
        )


def _told_destination(
    request: BuildRequest, whole: BuildRequest, known: Known
) -> tuple[str | None, ImageError | None]:
    """Where the run would push to; for a dry run of a local build, why that is not known."""
    if request.until != "plan" or request.build not in ("auto", "local"):
        return _destination(request, known), None
    try:
        return _destination(whole, known), None
    except ImageError as error:
        return None, error


def _destination(request: BuildRequest, known: Known) -> str | None:
    """The login server to push to; raises where the run needs one and there is none."""
    if not includes(request.until, "push") and request.build in ("auto", "local"):
        facts = known.workspace.facts if known.workspace else None
        return facts.login_server if facts else None
    workspace = _needed_workspace(known)
    if request.build == "azureml":
        return None
    if request.registry:
        return workspace.login_server(request.registry)
    if workspace.facts.login_server is None:
        raise RegistryError(
            f"The workspace '{workspace.facts.name}' has no container registry yet.",
            hint=NO_REGISTRY_WAYS,
            code="no-registry",
        )
    return workspace.facts.login_server


def _needed_workspace(known: Known) -> Workspace:
    if known.workspace is not None:
        return known.workspace
    trouble: ImageError | None = known.no_workspace
    if trouble is not None and not isinstance(trouble, NotConnected):
        raise trouble
    raise NotConnected(
        trouble.message if trouble else "No Azure ML workspace is connected.",
        hint=NO_WORKSPACE_WAYS,
    )


def _registered(
    request: BuildRequest, workspace: Workspace | None, version: str, fingerprint: Fingerprint
) -> RegisteredEnvironment | None:
    """The environment version that holds this very content; raises VersionTaken for another,
    RegistryError where its image is gone."""
    if workspace is None or not includes(request.until, "register"):
        return None
    found = workspace.find_environment(request.name, version)
    if found is None:
        return None
    same = found.tags.get("fingerprint") == fingerprint.value
    if same and found.routes not in (None, request.rehearsal.routes):
        raise VersionTaken(
            f"Version {version} of '{request.name}' is registered with this content and other "
            "inference routes.",
            hint="A registered version does not change: register it with these as "
            f"{request.name}:{workspace.free_version(request.name, version)}.",
        )
    if same and not is_gone(workspace, found):
        return found
    free = workspace.free_version(request.name, version)
    if same:
        server = (found.image or "").partition("/")[0]
        raise RegistryError(
            f"{request.name}:{version} is registered, but {server} holds its image no longer.",
            hint=f"A registered version does not change: build it anew as {request.name}:{free}, "
            "or restore the image where the registry keeps what was deleted.",
            code="image-gone",
        )
    raise VersionTaken(
        f"Version {version} of '{request.name}' is registered with other content.",
        hint=f"Versions do not change once registered. Use {request.name}:{free}, or leave the "
        "version out to have it follow the content.",
    )


def _sentence(existing: Existing, last: Callable[[], Fingerprint | None], now: Fingerprint) -> str:
    if existing.registered is not None:
        return (
            f"Nothing changed: {existing.registered.name}:{existing.registered.version} is "
            "registered with this content; no build, no push, no registration."
        )
    if existing.image is not None or existing.pushed is not None:
        return "Nothing changed: the image is there already; no build."
    earlier = last()  # of thousands of files perhaps: read only where it is compared
    if earlier is None:
        return "First build of this environment."
    return f"{now.sentence_since(earlier)}."


def _creates(
    request: BuildRequest,
    known: Known,
    destination: str | None,
    version: str,
    existing: Existing,
) -> tuple[str, ...]:
    if existing.registered is not None:
        return ()
    facts = known.workspace.facts if known.workspace else None
    lines = []
    bills = "bills nothing" if facts and facts.sandbox else "its storage bills to the registry"
    if includes(request.until, "build") and request.build == "azureml":
        lines.append("the context in the workspace's own store; Azure ML builds it at first use")
    if _pushes(request, known) and destination and existing.pushed is None:
        lines.append(f"an image in {destination} ({bills})")
    if includes(request.until, "register") and facts:
        where = "the SANDBOX workspace" if facts.sandbox else f"workspace {facts.name}"
        lines.append(f"environment {request.name}:{version} in {where} (bills nothing)")
    return tuple(lines)


def _pushes(request: BuildRequest, known: Known) -> bool:
    """Whether the run comes to a push; the build of ACR Tasks includes it."""
    by_acr = known.builder is not None and known.builder.abilities.builder == "acr"
    return includes(request.until, "build" if by_acr else "push")


def _lines(plan: Plan, request: BuildRequest, known: Known) -> tuple[str, ...]:
    lines = [
        f"environment  {plan.name}:{plan.version}",
        f"context      {request.context} ({size_text(known.manifest.size)})",
        f"builder      {plan.reason}",
        f"decision     {plan.sentence}",
        f"command      {plan.command}",
    ]
    lines += [
        f"base         {base.reference} "
        + (f"is {base.digest}" if base.digest else f"is unknown: {base.trouble}")
        for base in known.bases.values()
    ]
    if plan.destination and _pushes(request, known):
        lines.append(f"push to      {plan.destination}")
    lines += [f"creates      {thing}" for thing in plan.creates]
    return tuple(lines)
