"""The engine is the one the docker command line would use."""

import hashlib
import json

import pytest

from jupyter_azureml_image.build.engine import Engine
from jupyter_azureml_image.build.locate import locate, proxy_arguments, read_config
from jupyter_azureml_image.errors import BuilderUnavailable


def context(folder, name, host, **endpoint):
    digest = hashlib.sha256(name.encode()).hexdigest()
    meta = folder / "contexts" / "meta" / digest
    meta.mkdir(parents=True)
    described = {"Name": name, "Endpoints": {"docker": {"Host": host, **endpoint}}}
    (meta / "meta.json").write_text(json.dumps(described))
    return folder / "contexts" / "tls" / digest / "docker"


def test_docker_host_comes_before_every_context(tmp_path):
    context(tmp_path, "other", "unix:///other.sock")
    (tmp_path / "config.json").write_text('{"currentContext": "other"}')
    environ = {"DOCKER_CONFIG": str(tmp_path), "DOCKER_HOST": "unix:///mine.sock"}
    assert locate(environ).host == "unix:///mine.sock"
    assert locate(environ).environment() == {"DOCKER_HOST": "unix:///mine.sock"}


def test_the_current_context_is_followed_and_a_variable_overrides_it(tmp_path):
    context(tmp_path, "current", "unix:///current.sock")
    context(tmp_path, "named", "tcp://far:2375")
    (tmp_path / "config.json").write_text('{"currentContext": "current"}')
    environ = {"DOCKER_CONFIG": str(tmp_path)}
    assert locate(environ).host == "unix:///current.sock"
    assert locate(environ).said_by == "the docker context 'current'"
    assert locate({**environ, "DOCKER_CONTEXT": "named"}).host == "tcp://far:2375"
    assert locate({**environ, "DOCKER_CONTEXT": "default"}).host == "unix:///var/run/docker.sock"


def test_the_certificates_of_a_context_reach_the_command_line_too(tmp_path):
    certificates = context(tmp_path, "safe", "tcp://far:2376", SkipTLSVerify=False)
    certificates.mkdir(parents=True)
    place = locate({"DOCKER_CONFIG": str(tmp_path), "DOCKER_CONTEXT": "safe"})
    assert place.environment() == {
        "DOCKER_HOST": "tcp://far:2376",
        "DOCKER_CERT_PATH": str(certificates),
        "DOCKER_TLS_VERIFY": "1",
    }


def test_tls_variables_are_honoured(tmp_path):
    environ = {"DOCKER_HOST": "tcp://far:2376", "DOCKER_CONFIG": str(tmp_path)}
    assert locate(environ).certificates is None
    verified = locate({**environ, "DOCKER_TLS_VERIFY": "1", "DOCKER_CERT_PATH": "/certs"})
    assert (verified.certificates, verified.verify) == ("/certs", True)
    unverified = locate({**environ, "DOCKER_TLS": "1"})
    assert (unverified.certificates, unverified.verify) == (str(tmp_path), False)


def test_a_context_that_does_not_exist_is_named_with_the_way_out(tmp_path):
    with pytest.raises(BuilderUnavailable) as failed:
        locate({"DOCKER_CONFIG": str(tmp_path), "DOCKER_CONTEXT": "gone"})
    assert failed.value.message == "The docker context 'gone' cannot be read."
    assert failed.value.code == "engine-context"
    assert "docker context ls" in failed.value.hint


@pytest.mark.parametrize("text", ["", "{", "[]", "null"])
def test_a_broken_configuration_counts_as_none(tmp_path, text):
    (tmp_path / "config.json").write_text(text)
    assert read_config({"DOCKER_CONFIG": str(tmp_path)}) == {}


@pytest.mark.parametrize(
    "text", ["[]", '{"auths": {"one.io": {"auth": "%%"}}}', '{"auths": {"one.io": {"auth": 5}}}']
)
def test_a_configuration_that_docker_py_cannot_use_is_named(
    tmp_path, monkeypatch, engine_host, text
):
    (tmp_path / "config.json").write_text(text)
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    with pytest.raises(BuilderUnavailable) as failed:
        Engine.connect({"DOCKER_HOST": engine_host})
    assert failed.value.code == "docker-config"
    assert str(tmp_path / "config.json") in failed.value.message
    assert "cannot be reached" not in failed.value.message
    assert "docker login" in failed.value.hint


def test_configured_proxies_become_the_arguments_the_command_line_gives():
    config = {"proxies": {"default": {"httpProxy": "http://p:1"}, "tcp://e:1": {"noProxy": "x"}}}
    assert proxy_arguments(config, "unix:///s") == {
        "http_proxy": "http://p:1",
        "HTTP_PROXY": "http://p:1",
    }
    assert proxy_arguments(config, "tcp://e:1") == {"no_proxy": "x", "NO_PROXY": "x"}
    assert proxy_arguments({}, "unix:///s") == {}
