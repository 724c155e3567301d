"""The sandbox's registry keeps its port, because digests name it; another program may have it."""

import socket
import subprocess
import sys

import pytest

from jupyter_azureml_image.azure import connection
from jupyter_azureml_image.errors import SandboxError


def test_a_port_that_another_program_took_is_a_sentence(tmp_path, monkeypatch, engine_host):
    monkeypatch.setenv("DOCKER_HOST", engine_host)
    options = connection.ConnectOptions(sandbox=True, port_file=str(tmp_path / "sandbox.json"))
    address = connection.connect(options).facts.login_server
    connection.disconnect()
    command = [sys.executable, "-m", "jupyter_azureml_image.sandbox", "--state"]
    subprocess.run([*command, str(tmp_path / "sandbox"), "--stop"], check=True)
    host, _, port = address.partition(":")
    taken = rf"Port {port} .* taken by another program"
    with socket.create_server((host, int(port))), pytest.raises(SandboxError, match=taken) as told:
        connection.connect(options)
    assert "--reset" in told.value.hint
