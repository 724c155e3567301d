"""What `%load_ext jupyter_azureml_image` does, and how it is undone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from . import completion, squiggles
from .body import keep_body
from .config import AzureMLImage
from .magics import ImageMagics

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

NAMES = ("azureml_dockerfile", "azureml_image")


def load(shell: InteractiveShell) -> None:
    """Register magics, completion and settings; a second time changes nothing."""
    unload(shell)
    shell.register_magics(ImageMagics)
    shell.input_transformers_cleanup.insert(0, keep_body)
    shell.configurables.append(AzureMLImage(parent=shell))
    completion.add(shell)
    squiggles.open_comm(shell)


def unload(shell: InteractiveShell) -> None:
    """Take all of it back."""
    transformers: list[Any] = shell.input_transformers_cleanup
    while keep_body in transformers:
        transformers.remove(keep_body)
    shell.configurables[:] = [c for c in shell.configurables if type(c) is not AzureMLImage]
    for kind in ("line", "cell"):
        for name in NAMES:
            shell.magics_manager.magics[kind].pop(name, None)
    completion.remove(shell)
    squiggles.close_comms()
