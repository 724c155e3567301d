"""`%config AzureMLImage.NAME = value`: settings for this kernel."""

from __future__ import annotations

from typing import Any

import traitlets
from traitlets.config import Config, Configurable

from .. import settings
from ..errors import BadSettings


class Setting(traitlets.Any):  # type: ignore[misc]  # traitlets is not typed here
    """A setting as `%config` sets it. One that is refused raises before the trait has it, and one
    that the trait has already is chosen all the same: it may follow a refused one."""

    def set(self, obj: Any, value: Any) -> None:
        """Choose it for this kernel; raises BadSettings."""
        settings.choose(self.name, value)
        super().set(obj, value)


class _Chosen(Configurable):  # type: ignore[misc]  # as above
    def __init__(self, **kwargs: Any) -> None:
        try:
            super().__init__(**kwargs)
        except BadSettings:
            # From IPython's own configuration file: every cell says so, and %config mends it.
            super().__init__(config=Config())

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
        **{name: Setting(None, allow_none=True).tag(config=True) for name in settings.NAMES},
    },
)
"""The class `%config` names; its traits are the settings."""
