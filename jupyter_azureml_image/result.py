"""What a cell gives back: an `ImageBuild`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .lint.diagnostic import Diagnostic
from .plan.plan import Plan
from .plan.registration import RegisteredEnvironment
from .rehearse.verdict import Verdict

if TYPE_CHECKING:
    from azure.ai.ml.entities import Environment


@dataclass(slots=True)
class ImageBuild:
    """The result of a run; fields of stages that did not run are None.

    `reference` is `registry/repository@sha256:...` after the push, `local_reference`
    NAME:VERSION in the engine, `digest` that of the pushed manifest, `log` the path of the
    full log. `sandbox` is true where the workspace was the offline one.
    """

    name: str
    run_id: str
    version: str | None = None
    reference: str | None = None
    local_reference: str | None = None
    image_id: str | None = None
    digest: str | None = None
    size: int | None = None
    diagnostics: tuple[Diagnostic, ...] = ()
    plan: Plan | None = None
    verdict: Verdict | None = None
    registered: RegisteredEnvironment | None = None
    log: str | None = None
    reused: bool = False
    sandbox: bool = False
    made_environment: Callable[[], Any] | None = field(default=None, repr=False, compare=False)

    @property
    def environment(self) -> Environment | None:
        """The registered environment as azure-ai-ml's own `Environment`, made when first
        asked for; None where the run did not register."""
        if self.made_environment is None:
            return None
        environment: Environment = self.made_environment()
        return environment

    def deploy(self, endpoint: str, **options: Any) -> Any:
        """Deploy the registered environment to the online endpoint `endpoint`; options as for
        `deploy()`. Raises DeploymentFailed."""
        from .api import deploy

        return deploy(self, endpoint=endpoint, **options)

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        from .view.text import result_lines

        printer.text("..." if cycle else "\n".join(result_lines(self)))

    def _repr_html_(self) -> str:
        from .view.html import result_card

        return result_card(self)
