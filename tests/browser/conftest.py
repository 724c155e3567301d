"""A real browser on a real Jupyter server: one of each for the whole session."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from jupyter_azureml_image.labextension import install
from tools import debian

FLAGS = """
--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking
--disable-component-update --disable-sync --disable-dev-shm-usage --disable-extensions
--disable-default-apps --mute-audio
"""

# Notebook 7 throws these at its start, by itself.
KNOWN_ERRORS = ("reading 'schema'", "'filebrowser:open-path' not registered")

FONTS = {"/usr/share/fonts/truetype/dejavu": "fonts-dejavu-core"}


@dataclass(frozen=True)
class Server:
    """A running Jupyter server and the folder it serves."""

    url: str
    folder: Path


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory, engine_host: str) -> Iterator[Server]:
    """JupyterLab and Notebook 7 with our labextension installed as the command does it."""
    home = tmp_path_factory.mktemp("home")
    folder = home / "work"
    folder.mkdir()
    (folder / "hello.txt").write_text("hello\n")
    with jupyter(Path(sys.executable), home, folder, engine_host) as url:
        yield Server(url, folder)


def jupyter(python: Path, home: Path, folder: Path, engine_host: str) -> Any:
    """A server of that Python, with a home of its own; a context manager that gives its URL."""
    from contextlib import contextmanager

    @contextmanager
    def running() -> Iterator[str]:
        environment = prepared(home) | {
            "DOCKER_HOST": engine_host,
            "AZUREML_IMAGE_STATE": str(home / "state"),
        }
        port = free_port()
        words = [str(python), "-m", "jupyter", "lab", *_options(folder, port)]
        with (home / "server.log").open("w") as log:
            child = subprocess.Popen(
                words, env=environment, stdout=log, stderr=log, start_new_session=True
            )
        url = f"http://127.0.0.1:{port}"
        try:
            wait_for(url, child, home / "server.log")
            yield url
        finally:
            os.killpg(child.pid, signal.SIGTERM)
            child.wait(20)

    return running()


def prepared(home: Path) -> dict[str, str]:
    """The environment of a server that knows nothing of its user, with our labextension."""
    config = home / "config"
    (config / "labconfig").mkdir(parents=True)
    (config / "labconfig" / "page_config.json").write_text('{"exposeAppInBrowser": "true"}')
    news = config / "lab" / "user-settings" / "@jupyterlab" / "apputils-extension"
    news.mkdir(parents=True)
    quiet = {"fetchNews": "false", "checkForUpdates": False, "doNotDisturbMode": True}
    (news / "notification.jupyterlab-settings").write_text(json.dumps(quiet))
    install.do("install", to=str(home / "data" / "labextensions"))
    own = {
        "HOME": home,
        "JUPYTER_CONFIG_DIR": config,
        "JUPYTER_DATA_DIR": home / "data",
        "JUPYTER_RUNTIME_DIR": home / "runtime",
        "IPYTHONDIR": home / "ipython",
    }
    kept = {k: v for k, v in os.environ.items() if k not in ("JPY_SESSION_NAME", "PYTHONPATH")}
    return kept | {key: str(value) for key, value in own.items()}


def _options(folder: Path, port: int) -> list[str]:
    return [
        "--no-browser",
        "--allow-root",
        "--ip=127.0.0.1",
        f"--port={port}",
        "--ServerApp.port_retries=0",
        f"--ServerApp.root_dir={folder}",
        "--IdentityProvider.token=",
        "--ServerApp.password=",
        "--ServerApp.disable_check_xsrf=True",
        "--LabApp.news_url=None",
        "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
        "--LabServerApp.extension_manager=readonly",
    ]


def free_port() -> int:
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        return int(door.getsockname()[1])


def wait_for(url: str, child: subprocess.Popen[bytes], log: Path) -> None:
    """Until the server answers; its log where it does not."""
    deadline = time.monotonic() + 60
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    while time.monotonic() < deadline and child.poll() is None:
        try:
            opener.open(f"{url}/api", timeout=2).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    pytest.fail(f"The Jupyter server did not start:\n{log.read_text()[-2000:]}", pytrace=False)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Debian's Chromium, driven by Playwright."""
    debian.ensure({"chromium": "chromium"}, "The browser tests")
    for place, package in FONTS.items():
        if debian.is_debian() and not Path(place).exists():
            debian.install([package])
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=FLAGS.split(), env={**os.environ}
        )
        yield opened
        opened.close()


class Notebook:
    """A notebook open in a page, driven through the application's own commands."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def open(self, path: str, kernel: str = "python3") -> None:
        """Open it; returns when its kernel can run something."""
        self._do(_OPEN, [path, kernel])

    def take_current(self) -> None:
        """Take the one notebook of a page of Notebook 7."""
        self._do(_OPEN_SEVEN)

    def set_cells(self, *sources: str) -> None:
        """These cells in place of all there are."""
        self.page.evaluate(_SET_CELLS, list(sources))

    def run(self, index: int) -> None:
        """Run a cell; returns when it is done."""
        self._do(_RUN, index)

    def start(self, index: int) -> None:
        """Run a cell and do not wait for it."""
        self.page.evaluate(f"(i) => {{ ({_RUN})(i); }}", index)

    def source(self, index: int) -> str:
        """The text of a cell."""
        return str(
            self.page.evaluate("i => __nb.content.widgets[i].model.sharedModel.source", index)
        )

    def type_over(self, index: int, source: str) -> None:
        """Replace a cell's text, as an edit."""
        self.page.evaluate(
            "([i, s]) => __nb.content.widgets[i].model.sharedModel.setSource(s)", [index, source]
        )

    def cell(self, index: int) -> Any:
        """The cell's element."""
        return self.page.locator(".jp-Notebook:visible .jp-Cell").nth(index)

    def save(self) -> None:
        """Save the file."""
        self.page.evaluate("() => __nb.context.save()")

    def _do(self, script: str, arg: object = None) -> None:
        self.page.evaluate(_IN_TIME.replace("SCRIPT", script), arg)

    def close(self) -> None:
        """Save, shut the kernel down, close the tab."""
        self._do(_CLOSE)


# What the page is asked to do ends, or is an error: a promise of its own may be kept waiting by
# a dialog for ever.
_IN_TIME = """arg => Promise.race([(SCRIPT)(arg), new Promise((_, no) =>
  setTimeout(() => no(new Error('no answer within two minutes')), 120_000))])"""
_OPEN = """async ([path, name]) => { const app = window.jupyterapp; await app.restored;
  const p = await app.commands.execute('docmanager:open',
    {path, factory: 'Notebook', kernelPreference: {name}});
  await p.revealed; await p.context.ready; await p.sessionContext.ready;
  for (let i = 0; i < 400 && !p.sessionContext.session?.kernel; i++)
    await new Promise(r => setTimeout(r, 25));
  await p.sessionContext.session.kernel.info; window.__nb = p; app.shell.activateById(p.id); }"""
_OPEN_SEVEN = """async () => { const app = window.jupyterapp; await app.restored;
  let p; for (let i = 0; i < 400 && !(p = app.shell.currentWidget)?.sessionContext; i++)
    await new Promise(r => setTimeout(r, 25));
  await p.context.ready; await p.sessionContext.ready;
  for (let i = 0; i < 400 && !p.sessionContext.session?.kernel; i++)
    await new Promise(r => setTimeout(r, 25));
  await p.sessionContext.session.kernel.info; window.__nb = p; }"""
_SET_CELLS = """sources => { const m = window.__nb.content.model.sharedModel;
  m.deleteCellRange(0, m.cells.length);
  m.insertCells(0, sources.map(source => (
    {cell_type: 'code', source, metadata: {trusted: true}, outputs: []}))); }"""
_RUN = """async i => { const p = window.__nb;
  p.content.activeCellIndex = i; p.content.deselectAll();
  await window.jupyterapp.commands.execute('notebook:run-cell'); }"""
_CLOSE = """async () => { const p = window.__nb; await p.context.save();
  await p.sessionContext.shutdown(); p.dispose(); }"""

EMPTY = {
    "cells": [],
    "metadata": {"kernelspec": {"name": "python3", "display_name": "p", "language": "python"}},
    "nbformat": 4,
    "nbformat_minor": 5,
}


def new_page(browser: Browser) -> tuple[Page, list[str]]:
    """A page, and the errors it throws (those of Notebook 7 itself left out)."""
    page = browser.new_page(viewport={"width": 1280, "height": 1000})
    page.set_default_timeout(30_000)
    errors: list[str] = []
    page.on(
        "pageerror",
        lambda error: (
            None if any(k in str(error) for k in KNOWN_ERRORS) else errors.append(str(error))
        ),
    )
    return page, errors


@pytest.fixture(scope="session")
def lab_page(browser: Browser, server: Server) -> Iterator[tuple[Page, list[str]]]:
    """One page of JupyterLab for all tests."""
    page, errors = new_page(browser)
    page.goto(f"{server.url}/lab")
    page.wait_for_function("() => window.jupyterapp !== undefined")
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
    # A dialog of a server that was slow to answer would take every click of the tests after it.
    lab_page[0].evaluate("() => document.querySelectorAll('.jp-Dialog').forEach(d => d.remove())")
    yield shared_notebook
    assert lab_page[1] == []
