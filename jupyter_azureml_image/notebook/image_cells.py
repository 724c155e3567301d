"""Run the image cells of a notebook without a front end: the same magics, in order."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path

from ..errors import BadUsage, ImageError

# Cells that build, and the one that says where to: nothing that deploys or deletes.
_OURS = re.compile(
    r"^\s*(?:%%azureml_dockerfile\b|(?:\w+\s*=\s*)?%azureml_dockerfile\b|%azureml_image\s+workspace\b)",
    re.MULTILINE,
)
_LOADS = re.compile(r"^\s*%(?:re)?load_ext\s+jupyter_azureml_image\s*$", re.MULTILINE)


def image_cells(path: Path) -> Iterator[str]:
    """The source of every image cell; raises BadUsage where `path` is no notebook."""
    try:
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    except FileNotFoundError:
        raise BadUsage(f"There is no notebook at {path}.") from None
    except (OSError, ValueError, KeyError, TypeError):
        raise _no_notebook(path) from None
    if not isinstance(cells, list):
        raise _no_notebook(path, ": its cells are no list")
    for number, cell in enumerate(cells, 1):
        try:
            source = cell.get("source", "")
            text = source if isinstance(source, str) else "".join(source)
        except (AttributeError, TypeError):
            raise _no_notebook(path, f": its cell {number} holds no text") from None
        if cell.get("cell_type") == "code" and (_OURS.search(text) or _LOADS.search(text)):
            yield text


def _no_notebook(path: Path, why: str = "") -> BadUsage:
    return BadUsage(f"{path} is not a notebook{why}.", hint="Give an .ipynb file.")


def run_notebook(path: Path) -> int:
    """Run them in a shell of our own, in the notebook's folder; how many built something.

    Raises the ImageError of the first that failed or KeyboardInterrupt, and BadUsage where there
    is none.
    """
    from IPython.core.interactiveshell import InteractiveShell

    sources = list(image_cells(path))
    built = [source for source in sources if not _LOADS.fullmatch(source.strip())]
    if not built:
        raise BadUsage(f"{path} has no image cell.", hint="Those begin with %%azureml_dockerfile.")
    os.chdir(path.absolute().parent)
    shell = InteractiveShell.instance()
    if not any(map(_LOADS.search, sources)):
        shell.run_line_magic("load_ext", "jupyter_azureml_image")
    # The command line shows the failure itself, once; and nobody reads a prompt there.
    shell._showtraceback = lambda *_: None  # IPython asks the instance
    shell.displayhook.write_output_prompt = lambda: None
    for source in sources:
        result = shell.run_cell(source)
        error = result.error_before_exec or result.error_in_exec
        if isinstance(error, (ImageError, KeyboardInterrupt)):
            raise error
        if error is not None:
            raise ImageError(f"A cell failed: {type(error).__name__}: {error}") from error
    return len(built)
