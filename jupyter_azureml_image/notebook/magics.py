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

from ..options import CELL, help_text, overview

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
    def azureml_dockerfile(self, line: str, cell: str | None = None) -> ImageBuild | None:
        """Replaced below."""
        from .cells import Cell, run

        return run(self.shell, Cell(line, cell, self._folder))

    @no_var_expand
    @line_magic
    def azureml_image(self, line: str) -> Any:
        """Replaced below."""
        from .verbs import run

        return run(self.shell, line)


# Set here, because help, reference and docstring are made from the one table of options.
ImageMagics.azureml_dockerfile.__doc__ = help_text(CELL)
ImageMagics.azureml_image.__doc__ = overview()
