"""The third example notebook, run where the product finds no engine (the sandbox keeps its own)."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from jupyter_azureml_image.azure.connection import Connection

NOTEBOOK = Path(__file__).parents[2] / "example_notebooks" / "03_no_docker_here.ipynb"


@pytest.fixture
def executed(
    workspace: Connection,
    port_file: Path,
    base_image: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> nbformat.NotebookNode:
    """The notebook with its outputs."""
    monkeypatch.setenv("AZUREML_IMAGE_STATE", str(port_file.parent))
    monkeypatch.setenv("AZUREML_IMAGE_WORKSPACE", "sandbox")
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/nobody.sock")
    document = nbformat.read(NOTEBOOK, as_version=4)
    NotebookClient(
        document,
        timeout=600,
        extra_arguments=["--log-level=ERROR"],
        resources={"metadata": {"path": str(tmp_path)}},
    ).execute()
    return document


def test_the_notebook_without_docker_runs_to_its_end(executed: nbformat.NotebookNode) -> None:
    texts = [
        output.get("text") or output.get("data", {}).get("text/plain", "")
        for cell in executed.cells
        if cell.cell_type == "code"
        for output in cell.outputs
    ]
    told = "\n".join(texts)
    assert "there is no Docker engine here" in told
    assert "ACR Tasks in 127.0.0.1" in told
    assert "Not rehearsed" in told
    assert "['setosa', 'virginica']" in told
