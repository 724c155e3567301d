"""One sandbox for the session, spoken to by the real clients; others where a test kills one."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Callable, Iterator
from pathlib import Path

import docker
import pytest

from tests.sandbox.process import Sandbox


@pytest.fixture(scope="session")
def shared_sandbox(tmp_path_factory: pytest.TempPathFactory, engine_host: str) -> Iterator[Sandbox]:
    sandbox = Sandbox(tmp_path_factory.mktemp("sandbox"), engine=engine_host)
    yield sandbox
    sandbox.stop()


@pytest.fixture
def sandbox(shared_sandbox: Sandbox) -> Iterator[Sandbox]:
    """The session's sandbox, without faults."""
    yield shared_sandbox
    shared_sandbox.arm("DELETE", "/_sandbox/faults")


@pytest.fixture
def own_sandbox(tmp_path: Path) -> Iterator[Sandbox]:
    """A sandbox of the test's own, with no engine to reach."""
    sandbox = Sandbox(tmp_path, engine=f"unix://{tmp_path}/no-engine.sock")
    yield sandbox
    if sandbox.process.poll() is None:
        sandbox.stop()


@pytest.fixture
def through(monkeypatch: pytest.MonkeyPatch) -> Callable[[Sandbox], Sandbox]:
    """Lead this process's HTTPS through a sandbox."""

    def lead(sandbox: Sandbox) -> Sandbox:
        for name in ("HTTPS_PROXY", "https_proxy"):
            monkeypatch.setenv(name, sandbox.proxy)
        for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"):
            monkeypatch.setenv(name, sandbox.addresses["ca_file"])
        for name in ("NO_PROXY", "no_proxy"):
            monkeypatch.setenv(name, "127.0.0.1,localhost")
        monkeypatch.delenv("AZUREML_CURRENT_CLOUD", raising=False)
        return sandbox

    return lead


@pytest.fixture
def engine(engine_host: str) -> Iterator[docker.DockerClient]:
    """A client of the engine that the sandbox uses."""
    with contextlib.closing(docker.DockerClient(engine_host)) as client:
        yield client


@pytest.fixture(scope="session")
def web_images(shared_sandbox: Sandbox, engine_host: str, tiny_image: str) -> dict[str, str]:
    """Two tiny web servers, pushed to the sandbox's registry, by the word that they answer."""
    found = {}
    server = shared_sandbox.login_server
    with contextlib.closing(docker.DockerClient(engine_host)) as client:
        for word in ("one", "two"):
            text = (
                f"FROM {tiny_image}\n"
                f"RUN mkdir -p /www && echo ok > /www/index.html && echo {word} > /www/score\n"
                'CMD ["httpd", "-f", "-p", "5001", "-h", "/www"]\n'
            )
            tag = f"{server}/web/{word}:1"
            client.images.build(fileobj=io.BytesIO(text.encode()), tag=tag, rm=True)
            found[word] = shared_sandbox.push(client, tag)
            client.api.remove_image(tag)
    return found
