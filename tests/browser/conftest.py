"""A real browser on a real Jupyter server: one of each for the whole session."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import docker
import pytest
from playwright.sync_api import Browser, Page

from tools.jupyter_server import serving
from tools.notebook_page import EMPTY, Notebook, chromium, new_page


@dataclass(frozen=True)
class Server:
    """A running Jupyter server and the folder it serves."""

    url: str
    folder: Path


def ours(engine_host: str, home: Path) -> dict[str, str]:
    """Where our package finds its engine and keeps its runs."""
    return {"DOCKER_HOST": engine_host, "AZUREML_IMAGE_STATE": str(home / "state")}


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory, engine_host: str) -> Iterator[Server]:
    """JupyterLab and Notebook 7 with our labextension installed as the command does it."""
    home = tmp_path_factory.mktemp("home")
    folder = home / "work"
    folder.mkdir()
    (folder / "hello.txt").write_text("hello\n")
    with serving(Path(sys.executable), home, folder, ours(engine_host, home)) as url:
        yield Server(url, folder)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with chromium() as opened:
        yield opened


@pytest.fixture(scope="session")
def lab_page(browser: Browser, server: Server) -> Iterator[tuple[Page, list[str]]]:
    """One page of JupyterLab for all tests."""
    page, errors = new_page(browser, f"{server.url}/lab")
    yield page, errors
    page.close()


@pytest.fixture(scope="session")
def shared_notebook(lab_page: tuple[Page, list[str]], server: Server) -> Notebook:
    (server.folder / "shared.ipynb").write_text(json.dumps(EMPTY))
    notebook = Notebook(lab_page[0])
    notebook.open("shared.ipynb")
    return notebook


@pytest.fixture
def notebook(shared_notebook: Notebook, lab_page: tuple[Page, list[str]]) -> Iterator[Notebook]:
    """One notebook and kernel, its cells replaced by each test; no test may throw in the page."""
    lab_page[1].clear()
    yield shared_notebook
    assert lab_page[1] == []


@pytest.fixture
def images(engine_host: str) -> Iterator[docker.DockerClient]:
    """The engine; images these tests name are removed."""
    client = docker.DockerClient(base_url=engine_host)
    yield client
    for image in client.images.list(name="faces-panel*"):
        client.images.remove(image.id, force=True)
    client.close()
