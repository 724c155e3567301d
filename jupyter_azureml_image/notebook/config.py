"""`%config AzureMLImage.NAME = value`: settings for this kernel."""

from __future__ import annotations

from typing import Any

import traitlets
from traitlets.config import Configurable

from .. import settings

_NAMES = tuple(s.name for s in settings.SETTINGS if not s.of_machine)


class _Chosen(Configurable):  # type: ignore[misc]  # traitlets is not typed here
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.observe(self._chosen, names=list(_NAMES))

    def _chosen(self, change: Any) -> None:
        settings.choose(change["name"], change["new"])


def _traits() -> dict[str, Any]:
    return {
        s.name: traitlets.Any(None, allow_none=True, help=s.help).tag(config=True)
        for s in settings.SETTINGS
        if not s.of_machine
    }


AzureMLImage: Any = type(
    "AzureMLImage",
    (_Chosen,),
    {"__doc__": "Settings of the image magics; what the line says goes before them.", **_traits()},
)
"""The class `%config` names; its traits are made from the settings."""
