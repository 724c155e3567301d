"""Each way an engine does not answer has its own sentence and remedy; on real sockets."""

import os
import socket
import ssl
import subprocess
import sys
import tempfile

import pytest

from jupyter_azureml_image.build.doorstep import Greeting, knock, reason
from jupyter_azureml_image.build.engine import Engine
from jupyter_azureml_image.build.locate import Place
from jupyter_azureml_image.errors import BuilderUnavailable
from tests.build.engines import connected

ASK = """\
import sys
from jupyter_azureml_image.build.engine import Engine
from jupyter_azureml_image.errors import BuilderUnavailable
try:
    Engine.connect({"DOCKER_HOST": sys.argv[1]})
except BuilderUnavailable as error:
    print(error.code, error, sep="\\n")
"""


def refusal(host):
    with pytest.raises(BuilderUnavailable) as failed:
        Engine.connect({"DOCKER_HOST": host})
    return failed.value


def test_no_engine_at_all(tmp_path):
    error = refusal(f"unix://{tmp_path}/none.sock")
    assert error.code == "engine-missing"
    assert error.message == (
        f"There is no Docker Engine here: unix://{tmp_path}/none.sock (from DOCKER_HOST) "
        "does not exist."
    )
    assert "--build acr" in error.hint


def test_a_stopped_engine(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with socket.socket(socket.AF_UNIX) as left_behind:
        left_behind.bind("engine.sock")
    error = refusal("unix://engine.sock")
    assert error.code == "engine-stopped"
    assert error.message.startswith("The Docker Engine is stopped: nothing answers at")
    assert "systemctl start docker" in error.hint


def test_an_engine_one_may_not_use(engine_host):
    if os.geteuid() != 0:
        pytest.fail("this test asks as another user, which only root can: run it as root")
    # Somebody else asks the real engine; the interpreter's folders may be closed to them, so
    # the code is loaded before the rights are dropped.
    script = ASK.replace("try:", "import docker, os\nos.setgroups([])\nos.setuid(65534)\ntry:")
    asked = subprocess.run(
        [sys.executable, "-c", script, engine_host], capture_output=True, text=True, check=True
    )
    code, sentence, remedy = asked.stdout.splitlines()
    assert code == "engine-refused"
    assert sentence.startswith("A Docker Engine is there, but ")
    assert "permission denied" in sentence
    assert "group" in remedy


def test_an_unreachable_engine_over_tcp():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    assert refusal(f"tcp://127.0.0.1:{port}").code == "engine-stopped"
    assert refusal("tcp://no-such-host.invalid:2375").code == "engine-unreachable"


@pytest.mark.parametrize("scheme", ["tcp", "http", "https", "ssh"])
def test_an_address_that_is_none(scheme):
    error = refusal(f"{scheme}://127.0.0.1:99999")
    assert error.code == ("engine-ssh" if scheme == "ssh" else "engine-unreachable")
    assert error.message.startswith(f"The Docker Engine at {scheme}://127.0.0.1:99999")
    assert "DOCKER_HOST" in str(error)
    assert "Port out of range" in error.message
    assert "Invalid IPv6 URL" in refusal("http://[::1").message


def test_a_socket_that_is_no_engine(request):
    folder = tempfile.TemporaryDirectory()  # short: a socket's path ends at 107 bytes
    request.addfinalizer(folder.cleanup)
    place = f"{folder.name}/odd.sock"
    script = (
        f"import socket\ns = socket.socket(socket.AF_UNIX)\ns.bind('{place}')\ns.listen()\n"
        "print(flush=True)\n"
        "while True:\n    s.accept()[0].close()\n"
    )
    odd = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE)
    try:
        odd.stdout.readline()
        assert refusal(f"unix://{place}").code == "engine-unreachable"
    finally:
        odd.kill()
        odd.communicate()


def test_ssh_says_what_it_needs():
    error = refusal("ssh://nobody@host.invalid")
    assert error.code == "engine-ssh"
    assert "pip install paramiko" in error.hint


def test_a_refused_certificate_is_told_as_one():
    place = Place("tcp://far:2376", "DOCKER_HOST", "/certs")
    error = reason(place, ConnectionError(ssl.SSLError("bad certificate")))
    assert error.code == "engine-tls"
    assert "DOCKER_CERT_PATH" in error.hint


def test_the_real_engine_says_at_its_door_what_its_version_says(engine_host):
    told = knock(Place(engine_host, "the test"))
    with connected(engine_host) as engine:
        assert told == Greeting.of_version(engine.client.version())


def test_podman_is_told_from_docker_at_the_door():
    said = {"Api-Version": "1.41", "Ostype": "linux", "Server": "Libpod/4.3.1 (linux)"}
    assert Greeting.of_ping(said) == Greeting("1.41", "4.3.1", "linux", podman=True)


def test_an_engine_whose_greeting_lacks_something_is_asked_for_its_version():
    assert Greeting.of_ping({"Api-Version": "1.41", "Server": "nginx"}) is None


@pytest.mark.parametrize(
    "error", [PermissionError(13, "Permission denied"), FileNotFoundError(2, "No such file")]
)
def test_a_certificate_that_cannot_be_read_is_not_taken_for_a_closed_or_missing_socket(error):
    error.filename = "/certs/key.pem"
    told = reason(Place("tcp://remote:2376", "DOCKER_HOST", "/certs"), error)
    assert told.code == "engine-tls"
    assert "/certs/key.pem" in told.message
    assert "DOCKER_CERT_PATH" in told.hint
