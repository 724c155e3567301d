"""A deployment: what is asked for, what came of it, and what was left running."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import field
from pathlib import Path
from typing import Any

from ..errors import BadUsage
from ..paths import from_home, is_there
from ..records import dataclass
from .mounts import check_mounts
from .request import Mounts

_NAME = re.compile(r"[a-zA-Z](?!.*--)[a-zA-Z0-9-]{1,30}[a-zA-Z0-9]")


@dataclass(frozen=True, slots=True)
class DeployRequest:
    """A deployment, as asked. `environment` is NAME:VERSION.

    `deployment` None: named after the environment's version. `traffic` in percent, None: 100 on
    the endpoint's first deployment, else 0. `sample` is the request body posted when it runs.
    """

    environment: str
    endpoint: str
    deployment: str | None = None
    instance_type: str | None = None
    instance_count: int = 1
    mounts: Mounts = field(default_factory=Mounts)
    traffic: int | None = None
    sample: str | None = None

    @property
    def name(self) -> str:
        """The deployment's name: the one given, else one made of the environment's version."""
        if self.deployment is not None:
            return self.deployment
        version = re.sub(r"[^a-zA-Z0-9]+", "-", self.environment.rpartition(":")[2]).strip("-")
        return f"v-{version}"[:32].rstrip("-")

    def check(self) -> None:
        """Raise BadUsage for a name, share or count that no service would take, and for code or a
        model that is not here: making an endpoint takes minutes."""
        for what, name in (("--endpoint", self.endpoint), ("--deployment", self.name)):
            if not _NAME.fullmatch(name):
                raise BadUsage(
                    f"{what} {name!r} is no name that Azure takes.",
                    hint="3 to 32 letters, digits and single dashes, a letter first.",
                )
        if self.traffic is not None and not 0 <= self.traffic <= 100:
            raise BadUsage(f"--traffic {self.traffic} is not a share between 0 and 100.")
        if self.instance_count < 1:
            raise BadUsage(f"--instance-count {self.instance_count} is less than one machine.")
        mounts = self.mounts
        if (mounts.code is None) != (mounts.scoring_script is None):
            raise BadUsage(
                "--code and --scoring-script go together.",
                hint="--code is the folder, --scoring-script the entry script inside it.",
            )
        check_mounts(Mounts(mounts.code, mounts.scoring_script))
        _check_model(mounts.model)


def _check_model(model: str | None) -> None:
    if model is not None and ":" not in model and not is_there(from_home(model)):
        raise BadUsage(
            f"--model {model!r} is neither a path that exists nor NAME:VERSION of a registered "
            "model.",
            hint=f"A path is looked for in {Path.cwd()}.",
        )


@dataclass(frozen=True, slots=True)
class Deployment:
    """A deployment that came up.

    `traffic` is its share in percent; `bills` says in words what it costs until it is deleted,
    `delete_line` what to type for that. `answer` is the start of the sample's answer.
    """

    endpoint: str
    name: str
    environment: str
    scoring_uri: str
    traffic: int
    bills: str
    delete_line: str
    swagger_uri: str | None = None
    status: int | None = None
    answer: str | None = None
    local: bool = False
    sandbox: bool = False

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        from ..view.card import deployment_rows, text_of

        printer.text("..." if cycle else "\n".join(text_of(deployment_rows(self))))

    def _repr_html_(self) -> str:
        from ..view.card import deployment_rows
        from ..view.html import card

        return card("Deployment", deployment_rows(self))


@dataclass(frozen=True, slots=True)
class Resource:
    """Something that was made and is still there. `kind` is `endpoint`, `deployment`,
    `environment`, `container` or `image`."""

    kind: str
    name: str
    state: str = ""
    bills: str = ""
    delete_line: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)
