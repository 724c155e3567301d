"""The two magics: they take the words apart and hand over."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from IPython.core.magic import (
    Magics,
    line_cell_magic,
    line_magic,
    magics_class,
    no_var_expand,
)

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from ..result import ImageBuild


@magics_class
class ImageMagics(Magics):
    """`%%azureml_dockerfile`, `%azureml_dockerfile` and `%azureml_image`."""

    shell: InteractiveShell

    def __init__(self, shell: InteractiveShell) -> None:
        super().__init__(shell)
        self._folder = os.getcwd()  # noqa: PTH109  # a folder that is gone must not stop loading

    @no_var_expand
    @line_cell_magic
    def azureml_dockerfile(
        self, line: str, cell: str | None = None, above: str = ""
    ) -> ImageBuild | None:
        """Check, build, rehearse, push and register the image of this cell; see `--help`."""
        from .cells import Cell, run

        return run(self.shell, Cell(line, cell, self._folder, above))

    @no_var_expand
    @line_magic
    def azureml_image(self, line: str) -> Any:
        """What else there is to do: `%azureml_image` alone lists it."""
        from .verbs import run

        return run(self.shell, line)


def _of_cell() -> str:
    from ..options import CELL, help_text

    return help_text(CELL)


def _of_verbs() -> str:
    from ..options import overview

    return overview()


# What `?` shows: made from the table of options, which `%load_ext` has no use for.
_MAGICS: Any = ImageMagics
_MAGICS.azureml_dockerfile.getdoc = _of_cell
_MAGICS.azureml_image.getdoc = _of_verbs
