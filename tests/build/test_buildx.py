"""What only buildx can: it outlives the kernel, carries secrets, and leaves the rest alone."""

import json
import os
import signal
import subprocess
import sys
import threading
import uuid

import pytest

from jupyter_azureml_image import wire
from jupyter_azureml_image.build import untouched
from jupyter_azureml_image.build.buildx import BuildxBuilder
from jupyter_azureml_image.build.ports import RunToken
from jupyter_azureml_image.build.program import Buildx
from jupyter_azureml_image.context.reading import ContextChanged
from jupyter_azureml_image.errors import BuilderUnavailable, BuildFailed, Cancelled
from jupyter_azureml_image.events import LogLine, Note
from jupyter_azureml_image.plan.request import SecretSource
from tests.build.engines import Heard, builder, connected, listing, make_job, traces

KERNEL = """\
import json, sys, time
from pathlib import Path
from jupyter_azureml_image import wire
from tests.build.engines import builder, connected, make_job
folder, host, text, name = sys.argv[1:]
with connected(host) as engine:
    job = make_job(Path(folder), text, {"a": "a"}, reference=name)
    run = builder(engine, "buildx").start(job, lambda event: None)
    print(json.dumps(wire.dump(run.token)), flush=True)
    run.wait()
"""


@pytest.fixture
def name(engine):
    made = f"azureml-image-test/buildx-{uuid.uuid4().hex[:8]}:1"
    yield made
    engine.remove(made)


def killed_kernel(engine_host, folder, text, name):
    """Start a build in another process, kill that process, and give the build's token."""
    kernel = subprocess.Popen(
        [sys.executable, "-c", KERNEL, str(folder), engine_host, text, name],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.getcwd()},  # noqa: PTH109
        start_new_session=True,
    )
    told = kernel.stdout.readline()
    os.killpg(kernel.pid, signal.SIGKILL)
    kernel.communicate()
    return wire.load(RunToken, json.loads(told))


def test_a_build_outlives_its_kernel_and_is_followed_from_its_first_event(
    engine, engine_host, tmp_path, tiny_image, name
):
    marker = uuid.uuid4().hex
    gate = f"RUN echo {marker} first; sleep 2; echo {marker} last"
    text = f"FROM {tiny_image}\n{gate}\nCOPY a /a\n"
    token = killed_kernel(engine_host, tmp_path, text, name)
    heard = Heard()
    image = builder(engine, "buildx").attach(token, heard).wait()
    assert heard.said(gate) == [f"{marker} first", f"{marker} last"]
    assert [step[1:] for step in heard.steps][-1] == (3, "done")
    assert engine.inspect(name)["Id"] == image.image_id
    again = Heard()
    assert builder(engine, "buildx").attach(token, again).wait() == image
    assert again.events == heard.events


def test_a_build_of_a_killed_kernel_can_be_cancelled(
    engine, engine_host, tmp_path, tiny_image, name
):
    marker = f"m{uuid.uuid4().hex}"
    text = f"FROM {tiny_image}\nRUN echo {marker}; sleep 600\n"
    token = killed_kernel(engine_host, tmp_path, text, name)
    running = threading.Event()

    def emit(event):
        if isinstance(event, LogLine):
            running.set()

    run = builder(engine, "buildx").attach(token, emit)
    assert running.wait(60)
    run.cancel()
    with pytest.raises(Cancelled):
        run.wait()
    assert traces(engine, marker) == ([], [])
    assert engine.inspect(name) is None


def test_a_build_that_was_killed_from_outside_fails_in_words(engine, tmp_path, tiny_image, name):
    started = threading.Event()

    def emit(event):
        if isinstance(event, LogLine):
            started.set()

    text = f"FROM {tiny_image}\nRUN echo {uuid.uuid4().hex}; sleep 600\n"
    run = builder(engine, "buildx").start(make_job(tmp_path, text, reference=name), emit)
    assert started.wait(60)
    os.killpg(int(run.token.details["pid"]), signal.SIGKILL)
    with pytest.raises(BuildFailed) as failed:
        run.wait()
    assert "something stopped it" in failed.value.message
    assert engine.inspect(name) is None


def test_a_file_that_changed_before_buildx_read_it_is_named_and_no_image_is_left(
    engine, tmp_path, name
):
    job = make_job(tmp_path, "FROM scratch\nCOPY a /a\n", {"a": "hashed"}, reference=name)
    (tmp_path / "context" / "a").write_text("read")
    with pytest.raises(ContextChanged, match="The context file a changed"):
        builder(engine, "buildx").start(job, Heard()).wait()
    assert engine.inspect(name) is None


def test_a_file_may_be_edited_once_buildx_has_read_it(
    engine, tmp_path, tiny_image, name, monkeypatch
):
    looked = threading.Event()
    plain = untouched.recheck
    monkeypatch.setattr(untouched, "recheck", lambda *given: (plain(*given), looked.set()))

    def emit(event):
        if isinstance(event, LogLine) and looked.wait(60):
            (tmp_path / "context" / "a").write_text("edited while it builds")

    text = f"FROM {tiny_image}\nCOPY a /a\nRUN cat /a; echo {uuid.uuid4().hex}\n"
    job = make_job(tmp_path, text, {"a": "read\n"}, reference=name)
    assert builder(engine, "buildx").start(job, emit).wait().reference == name
    assert (tmp_path / "context" / "a").read_text() == "edited while it builds"


def test_secrets_reach_the_command_and_nothing_else(
    engine, modern_engine_host, tmp_path, tiny_image, monkeypatch
):
    by_env, by_file = f"env-{uuid.uuid4().hex}", f"file-{uuid.uuid4().hex}"
    monkeypatch.setenv("MY_TOKEN", by_env)
    (tmp_path / "token").write_text(by_file)
    name = "azureml-image-test/secret:1"
    text = f"""\
FROM {tiny_image}
RUN --mount=type=secret,id=one --mount=type=secret,id=two \\
  wc -c < /run/secrets/one > /sizes && wc -c < /run/secrets/two >> /sizes
"""
    sources = (
        SecretSource("one", "env", "MY_TOKEN"),
        SecretSource("two", "src", str(tmp_path / "token")),
    )
    job = make_job(tmp_path, text, reference=name, secrets=sources, no_cache=True)
    heard = Heard()
    run = builder(engine, "buildx").start(job, heard)
    run.wait()
    told = [repr(heard.events), repr(run.token), json.dumps(engine.inspect(name))]
    told += [repr(engine.client.history(name))]
    told += [p.read_text(errors="replace") for p in job.folder.rglob("*") if p.is_file()]
    assert not [text for text in told if by_env in text or by_file in text]
    made = engine.client.create_container(name, command=["cat", "/sizes"])["Id"]
    engine.client.start(made)
    engine.client.wait(made)
    sizes = engine.client.logs(made).decode().split()
    engine.client.remove_container(made, force=True)
    engine.remove(name)
    assert sizes == [str(len(by_env)), str(len(by_file))]


def test_a_secret_that_is_not_there_is_named_before_the_build(engine, tmp_path):
    for source, words in (
        (SecretSource("key", "env", "NOT_SET_ANYWHERE"), "the variable NOT_SET_ANYWHERE is not"),
        (SecretSource("key", "src", "/not/there"), "there is no file /not/there"),
        (SecretSource("key", "src", "~nobody-of-this-name/key"), "there is no file ~nobody"),
    ):
        job = make_job(tmp_path, "FROM scratch\nCOPY . /\n", secrets=(source,))
        with pytest.raises(BuildFailed) as failed:
            builder(engine, "buildx").start(job, Heard())
        assert failed.value.message.startswith(f"The secret 'key' cannot be read: {words}")


def test_heredocs_and_checks_work_where_the_engine_has_them(
    modern_engine_host, tmp_path, tiny_image
):
    name = "azureml-image-test/heredoc:1"
    text = f"FROM {tiny_image}\nRUN <<EOF\necho one > /one\nEOF\nCMD sleep 1\n"
    with connected(modern_engine_host) as modern:
        local = builder(modern, "buildx")
        assert "heredoc" in local.abilities.can
        heard = Heard()
        local.start(make_job(tmp_path, text, reference=name), heard).wait()
        assert listing(modern, name, "/") is not None
        modern.remove(name)
    notes = [note.text for note in heard.of(Note)]
    assert any("JSONArgsRecommended" in text and "line 5" in text for text in notes)


def test_an_old_engine_says_that_it_has_no_heredocs(engine):
    if engine.release < (23, 0):
        assert "heredoc" not in builder(engine, "buildx").abilities.can


def test_the_users_folders_are_left_as_they_were(
    engine, tmp_path, plugin_config, name, monkeypatch
):
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setenv("TMPDIR", str(temporary))
    job = make_job(tmp_path, "FROM scratch\nCOPY . /\n", {"a": "a"}, reference=name)
    before = sorted(path for path in plugin_config.rglob("*"))
    builder(engine, "buildx").start(job, Heard()).wait()
    assert sorted(path for path in plugin_config.rglob("*")) == before
    assert [path.name for path in (tmp_path / "context").iterdir()] == ["a"]
    assert list(temporary.iterdir()) == []


def test_a_program_that_is_gone_is_a_sentence(engine, tmp_path):
    gone = BuildxBuilder(engine, Buildx((str(tmp_path / "docker"), "buildx"), "0.0.0"))
    with pytest.raises(BuilderUnavailable) as failed:
        gone.start(make_job(tmp_path, "FROM scratch\nCOPY . /\n"), Heard())
    assert failed.value.message.startswith("'docker buildx' could not be started")
