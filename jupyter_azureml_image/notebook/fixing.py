"""`--fix`: every certain fix applied, shown as a diff, and put in the place of the text."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from .. import options as opt
from ..errors import CheckFailed
from . import frontend
from .body import MAGIC

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from ..plan.request import BuildRequest
    from .cells import Cell

# What stands in quotes is kept; it may speak of the option.
_OPTION = re.compile(r"""("(?:\\.|[^"\\])*"|'[^']*'|\\.)|(?<!\S)--fix(?!\S)\s*""")


def fix(shell: InteractiveShell, cell: Cell, asked: BuildRequest) -> None:
    """Replace the executed cell (or the file of `--file`) by the fixed text; builds nothing.

    Raises CheckFailed with the diff where the cell cannot be replaced.
    """
    from .. import api

    fixed = api.fix(asked)
    offers = f"\n\n{fixed.offers}" if fixed.offers else ""
    if not fixed.applied:
        print(f"Nothing to fix: no finding has a certain fix.{offers}")  # noqa: T201  # the answer
        return
    told = f"{len(fixed.applied)} fix{'es' if len(fixed.applied) > 1 else ''}"
    path = asked.recipe.path
    if path is not None:
        print(fixed.diff)  # noqa: T201  # the answer, also where the file may not be written
        opt.write_text(path, fixed.text, flag="--fix", hint="Change the text by the diff above.")
        print(f"{told} applied to {path}.{offers}")  # noqa: T201  # the answer
        return
    if cell.body is None or not frontend.is_live(shell):
        raise CheckFailed(
            f"{told} to apply, and no front end here that could replace the cell:\n"
            f"{fixed.diff}{offers}",
            hint="Change the cell's text by this diff.",
        )
    print(f"{fixed.diff}\n{told} applied: the cell is replaced.{offers}")  # noqa: T201  # the answer
    shell.set_next_input(replaced(cell.line, fixed.text), replace=True)


def replaced(line: str, text: str) -> str:
    """The whole cell with the fixed text, and without `--fix`."""
    words = _OPTION.sub(lambda found: found[1] or "", line).rstrip()
    return f"%%{MAGIC} {words}\n{text}".removesuffix("\n")
