"""Build, rehearse and register Azure ML images from a notebook cell.

The public names are loaded when they are first asked for, so that `import` and `%load_ext`
cost nothing but the standard library and IPython.
"""

from __future__ import annotations

import importlib
import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # what a type checker sees, which runs nothing
    from IPython.core.interactiveshell import InteractiveShell

    from .api import build as build
    from .api import check as check
    from .api import deploy as deploy
    from .api import plan as plan
    from .api import register as register
    from .api import rollback as rollback
    from .connecting import connect as connect
    from .errors import AzureError as AzureError
    from .errors import BadSettings as BadSettings
    from .errors import BadUsage as BadUsage
    from .errors import BuilderUnavailable as BuilderUnavailable
    from .errors import BuildFailed as BuildFailed
    from .errors import Cancelled as Cancelled
    from .errors import CheckFailed as CheckFailed
    from .errors import ContextError as ContextError
    from .errors import DeploymentFailed as DeploymentFailed
    from .errors import Forbidden as Forbidden
    from .errors import ImageError as ImageError
    from .errors import NotConnected as NotConnected
    from .errors import QuotaExceeded as QuotaExceeded
    from .errors import RegistryError as RegistryError
    from .errors import RehearsalFailed as RehearsalFailed
    from .errors import SandboxError as SandboxError
    from .errors import ServiceFault as ServiceFault
    from .errors import SignedOut as SignedOut
    from .errors import TasksNotPermitted as TasksNotPermitted
    from .errors import VersionTaken as VersionTaken
    from .result import ImageBuild as ImageBuild
    from .spec import ImageSpec as ImageSpec
    from .widgets import panel as panel

__version__ = "0.1.0"

_ERRORS = (
    "AzureError",
    "BadSettings",
    "BadUsage",
    "BuildFailed",
    "BuilderUnavailable",
    "Cancelled",
    "CheckFailed",
    "ContextError",
    "DeploymentFailed",
    "Forbidden",
    "ImageError",
    "NotConnected",
    "QuotaExceeded",
    "RegistryError",
    "RehearsalFailed",
    "SandboxError",
    "ServiceFault",
    "SignedOut",
    "TasksNotPermitted",
    "VersionTaken",
)
_FUNCTIONS = ("build", "check", "deploy", "plan", "register", "rollback")

_HOMES = {
    **dict.fromkeys(_ERRORS, "errors"),
    **dict.fromkeys(_FUNCTIONS, "api"),
    "connect": "connecting",
    "ImageBuild": "result",
    "ImageSpec": "spec",
    "panel": "widgets",
}

__all__ = [  # noqa: PLE0604  # strings all, from the tables above
    *sorted(_HOMES),
    "load_ipython_extension",
    "unload_ipython_extension",
]


def load_ipython_extension(shell: InteractiveShell) -> None:
    """What `%load_ext jupyter_azureml_image` calls."""
    from .notebook.extension import load

    load(shell)


def unload_ipython_extension(shell: InteractiveShell) -> None:
    """What `%unload_ext jupyter_azureml_image` calls."""
    from .notebook.extension import unload

    unload(shell)


if not TYPE_CHECKING:  # else any name would be one, and no mistake a mistake

    def __getattr__(name: str) -> Any:
        if name in _ROOMS:
            return importlib.import_module(f".{name}", __name__)
        if name not in _HOMES:
            raise AttributeError(f"module '{__name__}' has no attribute '{name}'")
        return getattr(importlib.import_module(f".{_HOMES[name]}", __name__), name)


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])


# `build` and `plan` are functions for users and rooms of the house: importing a room sets its
# name here, so the rooms themselves can be called, and are the functions.
_ROOMS = ("build", "plan")


class _Room(ModuleType):
    def __call__(self, *args: Any, **options: Any) -> Any:
        return self._function(*args, **options)

    @property
    def __signature__(self) -> Any:
        import inspect

        return inspect.signature(self._function)

    @property
    def _function(self) -> Any:
        from . import api

        return getattr(api, self.__name__.rpartition(".")[2])


class _Package(ModuleType):
    def __setattr__(self, name: str, value: Any) -> None:
        if name in _ROOMS and isinstance(value, ModuleType):
            value.__class__ = _Room
        super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package
