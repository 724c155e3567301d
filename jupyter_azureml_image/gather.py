"""Read-only facts, gathered once before the check and handed on as values."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from . import state
from .build.ports import Abilities, Builder, Way
from .context.manifest import ContextManifest, resolve_context
from .dockerfile.evaluate import evaluate
from .dockerfile.facts import BaseFacts, Facts, Need
from .dockerfile.model import Dockerfile
from .dockerfile.parse import parse
from .errors import BuilderUnavailable, ImageError
from .outside import Base, Outside
from .plan.choose import Offer, choose
from .plan.registration import Workspace
from .plan.request import BuildRequest
from .records import dataclass
from .stages import includes


@dataclass(frozen=True, slots=True)
class Known:
    """All that check and plan are told.

    Where the text has faults, `facts` and `manifest` are of what could be read. `builder` is
    the chosen one, with `reason`; `no_builder` says why there is none, and is an error only for
    a run that builds; `abilities` are then those of the nearest one. `local` says that an engine
    answers here, `locally` is its builder that could build this. `no_workspace` is like
    `no_builder`.
    """

    dockerfile: Dockerfile
    facts: Facts
    manifest: ContextManifest
    bases: Mapping[str, Base]
    builder: Builder | None
    abilities: Abilities | None
    reason: str
    no_builder: ImageError | None
    workspace: Workspace | None
    no_workspace: ImageError | None
    local: bool
    locally: Abilities | None


def gather(request: BuildRequest, outside: Outside) -> Known:
    """Parse, evaluate, ask the engine, the bases, the folder and the workspace.

    Raises ContextError for a context folder that cannot be read and BadUsage for a target
    stage that does not exist; everything else that cannot be had is stated in the result.
    """
    dockerfile = parse(request.recipe.text)
    facts, bases = _evaluate(dockerfile, request, outside)
    manifest = resolve_context(
        Path(request.context),
        dockerfile=request.recipe.path,
        reach=facts.context_sources,
        snapshots=state.folder() / "snapshots",
    )
    workspace, no_workspace = _workspace(request, outside)
    offered = _Offers(request, outside, _needs(request, facts))
    builder, reason, no_builder = offered.choose()
    return Known(
        dockerfile=dockerfile,
        facts=facts,
        manifest=manifest,
        bases=bases,
        builder=builder,
        abilities=builder.abilities if builder else offered.nearest,
        reason=reason,
        no_builder=no_builder,
        workspace=workspace,
        no_workspace=no_workspace,
        local=bool(offered.local.ways),
        locally=offered.locally,
    )


def _evaluate(
    dockerfile: Dockerfile, request: BuildRequest, outside: Outside
) -> tuple[Facts, dict[str, Base]]:
    """Twice: the bases are known only after the first pass, and change the second."""
    recipe = request.recipe

    def pass_with(bases: Mapping[str, BaseFacts]) -> Facts:
        return evaluate(
            dockerfile,
            build_args=recipe.build_args,
            target=recipe.target,
            bases=bases,
            platform=recipe.platform,
        )

    first = pass_with({})
    bases = {reference: outside.base(reference, recipe) for reference in first.bases}
    return pass_with({reference: base.facts for reference, base in bases.items()}), bases


def _needs(request: BuildRequest, facts: Facts) -> tuple[Need, ...]:
    """What the text needs, by the lines that the user reads, and a carrier for secrets that were
    handed over."""
    above = request.recipe.above
    needs = tuple(replace(need, line=need.line + above) for need in facts.needs)
    if request.recipe.secrets and not any(need.kind == "secret" for need in needs):
        needs = (*needs, Need("secret", instruction=0, line=1 + above))
    return needs


def _workspace(
    request: BuildRequest, outside: Outside
) -> tuple[Workspace | None, ImageError | None]:
    """Nothing is contacted that this run does not ask for."""
    wanted = (
        request.until == "plan"
        or request.build in ("acr", "azureml")
        or includes(request.until, "push")
    )
    try:
        return outside.workspace(connect=wanted), None
    except ImageError as error:
        return None, error


def builder_of(outside: Outside, request: BuildRequest, way: Way) -> Builder:
    """The builder that an earlier kernel started a build with; raises BuilderUnavailable."""
    local = way in ("buildx", "engine-api", "classic")
    # A fresh kernel connects for a cloud build, however that one was chosen.
    cloud = replace(request, build="azureml" if way == "azureml" else "acr")
    builders = outside.local_builders() if local else outside.cloud_builders(cloud)
    for builder in builders:
        if builder.abilities.way == way:
            return builder
    raise BuilderUnavailable(
        "The builder that started this run is not there any more.",
        hint="Run the cell again; what was built is found where it is.",
    )


class _Offers:
    """What the local engine and the cloud offer; the cloud is asked only where it may be used."""

    def __init__(self, request: BuildRequest, outside: Outside, needs: tuple[Need, ...]) -> None:
        self._request = request
        self._needs = needs
        self._builders: list[Builder] = []
        self.local = self._ask(outside.local_builders)
        self._cloud = Offer()
        if self._cloud_may_build():
            self._cloud = self._ask(lambda: outside.cloud_builders(request))

    def choose(self) -> tuple[Builder | None, str, ImageError | None]:
        """The builder and why, or why there is none."""
        try:
            abilities, reason = choose(self._request.build, self._needs, self.local, self._cloud)
        except ImageError as error:
            return None, "", error
        return next(b for b in self._builders if b.abilities == abilities), reason, None

    @property
    def locally(self) -> Abilities | None:
        """The builder of this machine that can do everything that is needed."""
        return self.local.fitting(self._needs)

    @property
    def nearest(self) -> Abilities | None:
        """Of the builders that were asked, the best; it cannot do everything that is needed."""
        return next((builder.abilities for builder in self._builders), None)

    def _cloud_may_build(self) -> bool:
        if self._request.build in ("acr", "azureml"):
            return True
        return self._request.build == "auto" and self.local.fitting(self._needs) is None

    def _ask(self, ask: Callable[[], tuple[Builder, ...]]) -> Offer:
        try:
            builders = ask()
        except ImageError as error:
            return Offer(refusal=error)
        self._builders += builders
        return Offer(ways=tuple(builder.abilities for builder in builders))
