"""Execute the example notebooks against the offline workspace and keep their outputs in them.

A reader on a code host then sees the product without running it. What belongs to the machine
and the moment is taken out: paths are written as a user's would look, execution times go.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
from contextlib import closing
from pathlib import Path
from typing import Any

import docker
import nbformat
from docker.errors import APIError, ImageNotFound
from nbclient import NotebookClient

from tools import base_image, daemon, debian
from tools.places import ROOT, fail, say

FOLDER = ROOT / "example_notebooks"
_SHOWN_FOLDER = "~/notebooks"
_SHOWN_STATE = "~/.local/share/jupyter-azureml-image"
_NAME = re.compile(r"azureml_dockerfile\s+([\w.-]+)")
_PROGRESS = re.compile(r"^ +(?:push|upload): [\d.]+ [kMG]?B of .*\n", re.M)
_WIDGET = "application/vnd.jupyter.widget-view+json"  # its model ends with the kernel
_LABEL = "azureml-image.name"


def executed(path: Path, here: Path) -> Any:
    """Run the notebook in a kernel whose folders lie below `here`; return it with its outputs.

    Raises nbclient's CellExecutionError where a cell fails that is not meant to.
    """
    folder, state = here / "notebooks", here / "state"
    for made in (folder, state):
        made.mkdir()
    os.environ["AZUREML_IMAGE_STATE"] = str(state)
    notebook = stripped(nbformat.read(path, as_version=4))
    forget(notebook, os.environ["DOCKER_HOST"])
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
    return tidy(notebook, _shown(folder, state))


def _shown(folder: Path, state: Path) -> dict[str, str]:
    """The places of this machine, and what a reader sees in their stead."""
    return {
        str(folder): _SHOWN_FOLDER,
        str(state): _SHOWN_STATE,
        os.environ["DOCKER_HOST"]: "unix:///var/run/docker.sock",
        sys.executable: "python",
        str(ROOT / ".venv" / "bin" / "python"): "python",
    }


def stripped(notebook: Any) -> Any:
    """Take out of the notebook everything that running it put there."""
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    notebook.metadata.pop("widgets", None)
    notebook.metadata.language_info = {"name": "python"}
    return notebook


def forget(notebook: Any, host: str) -> None:
    """Remove the images that earlier runs of the notebook left, so that its cells build. Only
    in an engine of the project: in yours they may be your own."""
    if host not in (daemon.DISTRIBUTION.host, daemon.MODERN.host):
        return
    names = {name for cell in notebook.cells for name in _NAME.findall(cell.source)}
    with closing(docker.DockerClient(base_url=host)) as client:
        for name in names:
            for image in client.images.list(filters={"label": f"{_LABEL}={name}"}):
                for reference in [*image.tags, *image.attrs.get("RepoDigests", [])]:
                    _remove(client, reference)


def _remove(client: docker.DockerClient, reference: str) -> None:
    try:
        client.images.remove(reference)
    except ImageNotFound:
        return
    except APIError as error:
        say(f"{reference} stays: {error.explanation}")


def tidy(notebook: Any, shown: dict[str, str]) -> Any:
    """Take the machine and the moment out of the outputs: each path in `shown` is written as
    the one it is shown as."""
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
        if cell.cell_type == "code":
            cell.outputs = [_as_shown(output, shown) for output in _joined(cell.outputs)]
    notebook.metadata.pop("widgets", None)
    notebook.metadata.language_info = {"name": "python"}
    return notebook


def _joined(outputs: list[Any]) -> list[Any]:
    """Pieces of one stream as one, without the lines that told how far a transfer was."""
    joined: list[Any] = []
    for output in outputs:
        last = joined[-1] if joined else None
        same = last is not None and last.output_type == output.output_type == "stream"
        if last is not None and same and last.name == output.name:
            last.text += output.text
        else:
            joined.append(nbformat.from_dict(output))
    for output in joined:
        if output.output_type == "stream":
            output.text = _PROGRESS.sub("", output.text)
        else:
            output.get("data", {}).pop(_WIDGET, None)
    return [output for output in joined if output.get("data") != {}]


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
