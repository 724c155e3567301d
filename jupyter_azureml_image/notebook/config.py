"""`%config AzureMLImage.NAME = value`: settings for this kernel."""

from __future__ import annotations

from typing import Any

import traitlets
from traitlets.config import Configurable

from .. import settings


class _Chosen(Configurable):  # type: ignore[misc]  # traitlets is not typed here
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.observe(self._chosen, names=list(settings.NAMES))

    def _chosen(self, change: Any) -> None:
        settings.choose(change["name"], change["new"])

    @classmethod
    def class_get_trait_help(cls, trait: Any, inst: Any = None, helptext: str | None = None) -> Any:
        """What `%config AzureMLImage` shows of one; it is read from the options only then."""
        meaning = helptext or settings.setting(trait.name).help
        return super().class_get_trait_help(trait, inst, meaning)


AzureMLImage: Any = type(
    "AzureMLImage",
    (_Chosen,),
    {
        "__doc__": "Settings of the image magics; what the line says goes before them.",
        **{name: traitlets.Any(None, allow_none=True).tag(config=True) for name in settings.NAMES},
    },
)
"""The class `%config` names; its traits are the settings."""
