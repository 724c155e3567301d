"""Execute the example notebooks against the offline workspace and keep their outputs in them.

A reader on a code host then sees the product without running it. What belongs to the machine
and the moment is taken out: paths are written as a user's would look, execution times go.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient

from tools import base_image, debian
from tools.places import ROOT, fail, say

FOLDER = ROOT / "example_notebooks"
_SHOWN_FOLDER = "~/notebooks"
_SHOWN_STATE = "~/.local/share/jupyter-azureml-image"


def executed(path: Path, here: Path) -> Any:
    """Run the notebook in a kernel whose folders lie below `here`; return it with its outputs.

    Raises nbclient's CellExecutionError where a cell fails that is not meant to.
    """
    folder, state = here / "notebooks", here / "state"
    for made in (folder, state):
        made.mkdir()
    os.environ["AZUREML_IMAGE_STATE"] = str(state)
    notebook = stripped(nbformat.read(path, as_version=4))
    client = NotebookClient(
        notebook,
        timeout=900,
        kernel_name="python3",
        extra_arguments=["--log-level=ERROR"],
        resources={"metadata": {"path": str(folder)}},
    )
    try:
        client.execute()
    finally:
        end = [sys.executable, "-m", "jupyter_azureml_image", "sandbox", "--reset"]
        subprocess.run([*end, "--state", str(state / "sandbox")], cwd=ROOT, check=False)
    return tidy(notebook, {str(folder): _SHOWN_FOLDER, str(state): _SHOWN_STATE})


def stripped(notebook: Any) -> Any:
    """Take out of the notebook everything that running it put there."""
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    notebook.metadata.pop("widgets", None)
    notebook.metadata.language_info = {"name": "python"}
    return notebook


def tidy(notebook: Any, shown: dict[str, str]) -> Any:
    """Take the machine and the moment out of the outputs: each path in `shown` is written as
    the one it is shown as."""
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
        if cell.cell_type == "code":
            cell.outputs = [_as_shown(output, shown) for output in cell.outputs]
    notebook.metadata.pop("widgets", None)
    notebook.metadata.language_info = {"name": "python"}
    return notebook


def _as_shown(output: Any, shown: dict[str, str]) -> Any:
    text = json.dumps(output, ensure_ascii=False)
    for real, other in shown.items():
        text = text.replace(real, other)
    return nbformat.from_dict(json.loads(text))


def main() -> None:
    """Run the notebooks whose names begin as an argument says; all of them without one."""
    wanted = tuple(sys.argv[1:])
    paths = [path for path in sorted(FOLDER.glob("*.ipynb")) if path.name.startswith(wanted or "")]
    if not paths:
        raise fail(f"no notebook in {FOLDER} begins with {' or '.join(wanted)}.")
    debian.ensure(debian.REGISTRY, "the offline workspace's registry")
    host, sentence = base_image.provide()
    say(sentence)
    os.environ.update(
        DOCKER_HOST=host, AZUREML_IMAGE_WORKSPACE="sandbox", JUPYTER_PREFER_ENV_PATH="1"
    )
    for path in paths:
        say(f"Running {path.name}")
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as here:
            nbformat.write(executed(path, Path(here).resolve()), path)


if __name__ == "__main__":
    main()
