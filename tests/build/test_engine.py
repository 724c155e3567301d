"""What the engine is asked beside building, on a real engine and a real registry."""

import uuid

import pytest

from jupyter_azureml_image.errors import Cancelled, RegistryError
from jupyter_azureml_image.events import Transfer
from tests.build.engines import LABEL, Heard, builder, connected, docker_config, make_job


@pytest.fixture
def made(engine, tmp_path):
    """An image of our own, a few bytes big."""
    name = f"azureml-image-test/engine-{uuid.uuid4().hex[:8]}:1"
    text = "FROM scratch\nCOPY a /a\n"
    job = make_job(tmp_path, text, {"a": uuid.uuid4().hex * 1000}, reference=name)
    builder(engine, "engine-api").start(job, Heard()).wait()
    yield name
    engine.remove(name)


def test_it_says_what_it_is(engine):
    assert engine.title == f"Docker Engine {engine.version}"
    assert engine.release >= (20, 0)
    assert engine.os == "linux"
    assert not engine.podman
    assert engine.on_this_machine
    assert engine.free_disk() > 0


def test_a_local_socket_is_asked_whatever_proxies_the_machine_has(engine_host, monkeypatch):
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    with connected(engine_host) as found:
        assert found.inspect("azureml-image-test/never:1") is None
        assert not found.client.trust_env


def test_an_image_it_does_not_hold_is_no_error(engine):
    assert engine.inspect("azureml-image-test/never:1") is None
    assert engine.image_facts("azureml-image-test/never:1") is None
    engine.remove("azureml-image-test/never:1")


def test_a_push_gives_the_digest_that_the_registry_confirms(engine, made, registry):
    there = f"{registry}/pushed/{uuid.uuid4().hex[:8]}:v1"
    engine.tag(made, there)
    heard = Heard()
    digest = engine.push(there, heard)
    assert digest.startswith("sha256:")
    assert engine.registry_digest(there) == digest
    assert heard.of(Transfer)[-1].what == "push"
    assert engine.base_digest(there) == digest
    engine.remove(there)
    engine.remove(made)

    heard = Heard()
    engine.pull(f"{there.rpartition(':')[0]}@{digest}", heard)
    assert engine.base_digest(f"{there.rpartition(':')[0]}@{digest}") == digest
    engine.remove(f"{there.rpartition(':')[0]}@{digest}")


def test_a_base_is_its_digest_or_without_one_the_image_itself(engine, tiny_image):
    held = engine.inspect(tiny_image)
    known = {digest.rpartition("@")[2] for digest in held["RepoDigests"]}
    assert engine.base_digest(tiny_image) in known | {held["Id"]}
    pinned = "python@sha256:" + "1" * 64
    assert engine.base_digest(pinned) == "sha256:" + "1" * 64


def test_an_unknown_base_is_a_sentence(engine, registry):
    for ask in (engine.base_digest, lambda name: engine.pull(name, Heard())):
        with pytest.raises(RegistryError) as failed:
            ask(f"{registry}/no/such:9")
        assert failed.value.message == f"The base image '{registry}/no/such:9' does not exist."
        assert failed.value.code == "base-not-found"
    with pytest.raises(RegistryError) as failed:
        engine.base_digest("localhost:1/there:1")
    assert failed.value.code == "base-network"


def test_a_push_without_a_registry_is_a_sentence(engine, made):
    engine.tag(made, "localhost:1/there:1")
    try:
        with pytest.raises(RegistryError) as failed:
            engine.push("localhost:1/there:1", Heard())
    finally:
        engine.remove("localhost:1/there:1")
    assert failed.value.code == "push-network"
    assert failed.value.message.startswith("The registry localhost:1 could not be reached")


def test_a_pull_can_be_stopped(engine, made, registry):
    there = f"{registry}/stopped/{uuid.uuid4().hex[:8]}:v1"
    engine.tag(made, there)
    engine.push(there, Heard())
    engine.remove(there)
    with pytest.raises(Cancelled):
        engine.pull(there, Heard(), cancelled=lambda: True)
    engine.remove(there)


def test_the_base_image_tells_its_facts_without_being_run(engine, base_image, training_image):
    facts = engine.image_facts(base_image)
    assert facts.user == "dockeruser"
    assert facts.cmd == ("runsvdir", "/var/runit")
    assert "5001/tcp" in facts.exposed
    assert facts.server is True
    assert facts.python is not None
    assert facts.python.startswith("3.")
    assert facts.known_from == "image"
    training = engine.image_facts(training_image)
    assert training.server is False
    assert training.python is not None
    left = engine.client.containers(all=True, filters={"label": "azureml-image.run=look"})
    assert left == []


def test_a_missing_credential_helper_counts_as_no_credentials(
    engine, made, registry, tmp_path, buildx_plugin, monkeypatch
):
    config = docker_config(tmp_path / "docker", buildx_plugin, credsStore="not-installed")
    monkeypatch.setenv("DOCKER_CONFIG", str(config))
    before = (config / "config.json").read_text()
    there = f"{registry}/helper/{uuid.uuid4().hex[:8]}:v1"
    engine.tag(made, there)
    assert engine.auth(there) == {}
    digest = engine.push(there, Heard())
    assert engine.registry_digest(there) == digest
    engine.pull(there, Heard())
    for way in ("buildx", "engine-api", "classic"):
        job = make_job(
            tmp_path / way, f"FROM {there}\nCOPY b /b\n", {"b": "b"}, reference=f"{made}-{way}"
        )
        builder(engine, way).start(job, Heard()).wait()
        engine.remove(f"{made}-{way}")
    engine.remove(there)
    assert (config / "config.json").read_text() == before


def test_images_are_found_by_their_run(engine, made):
    names = [name for image in engine.images(value="test-run") for name in image["RepoTags"]]
    assert made in names
    assert engine.images(label=LABEL, value="nothing") == []
