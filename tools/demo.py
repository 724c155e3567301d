"""Run the quickstart notebook from start to end in a real kernel, against the offline workspace.

Prints what happened in few lines; the executed notebook, with every output, is kept.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

from tools import base_image, debian
from tools.places import ROOT, cache, fail

NOTEBOOK = ROOT / "example_notebooks" / "01_quickstart.ipynb"
EXECUTED = ROOT / "example_notebooks" / "executed"

_STAGES = "check|context|plan|build|rehearse|push|register|deploy"
_STAGE_LINE = re.compile(rf"^\W*(?:{_STAGES}) (?:done|reused|skipped|failed)\b.*", re.M)
_ESCAPES = re.compile(r"\x1b\[[0-9;]*m")
_WIDTH = 110


def run(notebook: Path) -> Path:
    """Execute *notebook*, telling each cell as it ends; return where the executed one lies."""
    EXECUTED.mkdir(exist_ok=True)
    target = EXECUTED / notebook.name
    document = nbformat.read(notebook, as_version=4)
    heading = ""

    def before(cell: Any, cell_index: int) -> None:
        nonlocal heading
        if cell.cell_type == "markdown":
            found = re.search(r"^#+ (.+)$", cell.source, re.M)
            heading = found[1] if found else heading

    def after(cell: Any, cell_index: int, execute_reply: Any) -> None:
        nonlocal heading
        if heading:
            print(heading)
            heading = ""
        for line in told(cell):
            print(f"  {line}"[:_WIDTH], flush=True)

    client = NotebookClient(
        document,
        timeout=900,
        kernel_name="python3",
        extra_arguments=["--log-level=ERROR"],
        resources={"metadata": {"path": str(EXECUTED)}},
        on_cell_start=before,
        on_cell_executed=after,
    )
    try:
        client.execute()
    except CellExecutionError as error:
        nbformat.write(document, target)
        raise fail(
            f"the notebook stopped; everything up to there is in {target}:\n"
            f"{error.ename}: {error.evalue}"
        ) from None
    nbformat.write(document, target)
    return target


def told(cell: Any) -> Iterator[str]:
    """Give the lines worth telling of an executed cell: its stages, else how it ended."""
    texts = [_ESCAPES.sub("", text) for text in _texts(cell)]
    stages = list(dict.fromkeys(m[0] for text in texts for m in _STAGE_LINE.finditer(text)))
    if stages:
        yield from stages
    error = next((o for o in cell.outputs if o.output_type == "error"), None)
    if error is not None:
        meant = "raises-exception" in cell.metadata.get("tags", [])
        yield f"stopped{', as it should' if meant else ''}: {_first(error.evalue)}"
    elif texts and not stages:
        yield _last(texts[-1])


def _texts(cell: Any) -> list[str]:
    found = []
    for output in cell.outputs:
        if output.output_type == "stream":
            found.append(output.text)
        elif "data" in output:
            found.append(output.data.get("text/plain", ""))
    return [text for text in found if text.strip()]


def _first(text: str) -> str:
    return next(iter(text.strip().splitlines()), "")


def _last(text: str) -> str:
    return text.strip().splitlines()[-1]


def surroundings() -> dict[str, str]:
    """Return the variables that give the demo a state and an offline workspace of its own."""
    return {
        "AZUREML_IMAGE_WORKSPACE": "sandbox",
        "AZUREML_IMAGE_STATE": str(cache() / "demo" / "state"),
        # The kernel is the one of this environment, whatever kernels the user has.
        "JUPYTER_PREFER_ENV_PATH": "1",
    }


def stop() -> None:
    """Stop the demo's offline workspace, with the containers of its deployments."""
    state = Path(surroundings()["AZUREML_IMAGE_STATE"]) / "sandbox"
    if state.exists():
        command = [sys.executable, "-m", "jupyter_azureml_image", "sandbox", "--stop"]
        subprocess.run([*command, "--state", str(state)], cwd=ROOT, check=False)


def main() -> None:
    """Prepare the real parts, run the notebook, stop what was started."""
    if sys.argv[1:] == ["--stop"]:
        stop()
        return
    started = time.monotonic()
    debian.ensure(debian.REGISTRY, "the offline workspace's registry")
    host, sentence = base_image.provide()
    print(sentence)
    print(f"Everything was ready after {time.monotonic() - started:.1f} s; the engine is {host}.")
    os.environ.update(surroundings(), DOCKER_HOST=host)
    started = time.monotonic()
    try:
        target = run(Path(sys.argv[1]) if len(sys.argv) > 1 else NOTEBOOK)
    finally:
        stop()
    print(f"Done in {time.monotonic() - started:.1f} s. The executed notebook: {target}")


if __name__ == "__main__":
    main()
