"""Builds by a session on both engines: only what changed travels, and it arrives as it is."""

import io
import os
import random
import tarfile
import threading
import uuid

import pytest

from jupyter_azureml_image.build.session import door
from jupyter_azureml_image.build.session.trees import ContextTree
from jupyter_azureml_image.context.reading import ContextChanged
from jupyter_azureml_image.errors import Cancelled
from tests.build.engines import Heard, builder, connected, make_job
from tests.build.signing import PASSWORD, USER, private_registry


def only_on(which):
    """Where one engine's answer stands for both."""
    return pytest.mark.parametrize("engine", [which], indirect=True)


@pytest.fixture(scope="module", params=["distribution", "modern"])
def engine(request, engine_host, modern_engine_host):
    host = engine_host if request.param == "distribution" else modern_engine_host
    with connected(host) as found:
        yield found


@pytest.fixture
def name(engine):
    found = f"azureml-image-test/session-{uuid.uuid4().hex[:8]}:1"
    yield found
    engine.remove(found)


def build(engine, job):
    heard = Heard()
    builder(engine, "engine-api").start(job, heard).wait()
    return heard


def sent(heard):
    """Bytes that travelled for the context."""
    return max(heard.moved("context"))


def layer(engine, image, path="/all"):
    """What an image has below `path`: kind, mode, owner, content or target."""
    made = engine.client.create_container(image, command=["-"])["Id"]
    try:
        stream, _ = engine.client.get_archive(made, path)
        found = {}
        with tarfile.open(fileobj=io.BytesIO(b"".join(stream))) as archive:
            for member in archive:
                held = archive.extractfile(member).read() if member.isfile() else member.linkname
                owner = (member.uid, member.gid)
                found[member.name] = (member.type, oct(member.mode), owner, held)
        return found
    finally:
        engine.client.remove_container(made, force=True)


def grown(folder, seed):
    """A tree of everything a context can hold."""
    chance = random.Random(seed)
    folders = ["", "sub", "sub/deep", "a b", "sub-x", "ünï", "empty", "no.dots/.hidden"]
    for each in folders:
        (folder / each).mkdir(parents=True, exist_ok=True)
    for number in range(40):
        path = folder / chance.choice(folders[:6]) / chance.choice(["f", "ü", "x y", "-", "a.b"])
        path = path.with_name(f"{path.name}{number}{'n' * chance.choice([0, 3, 120])}")
        if chance.random() < 0.2:
            path.symlink_to(chance.choice(["../gone", "/etc/passwd", "f0", "sub/ü"]))
        else:
            path.write_bytes(chance.randbytes(chance.choice([0, 1, 5000, 70_000])))
            path.chmod(chance.choice([0o644, 0o600, 0o755, 0o444, 0o4755, 0o2711]))
    (folder / "sub" / "deep").chmod(0o1777)
    (folder / "big").write_bytes(chance.randbytes(2_500_000))
    os.link(folder / "big", folder / "sub" / "big too")
    return folder


def test_what_arrives_is_what_the_archive_brings(engine, name, tmp_path, monkeypatch):
    grown(tmp_path / "context", seed=engine.version)
    # The ignore file that does not apply must not be applied by the engine either.
    rules = {".dockerignore": "*", "my.Dockerfile.dockerignore": "left", "left": ""}
    path = str(tmp_path / "context" / "my.Dockerfile")
    text = "FROM scratch\nCOPY . /all/\n"
    job = make_job(tmp_path, text, rules, reference=name, no_cache=True, path=path)
    build(engine, job)
    by_session = layer(engine, name)
    monkeypatch.setattr(door, "ask", lambda *_: None)
    heard = build(engine, job)
    assert sent(heard) > 2_500_000
    by_archive = layer(engine, name)
    assert by_session == by_archive
    assert by_session.keys() == {"all", *(f"all/{entry.path}" for entry in job.manifest.entries)}
    assert not {"all/left", "all/my.Dockerfile"} & by_session.keys()


def test_only_what_changed_travels_and_it_is_told_by_content(engine, name, tmp_path):
    text = "FROM scratch\nCOPY . /all/\n"
    files = {"big.bin": uuid.uuid4().bytes * 100_000, "score.py": "value = 1", "old": "o"}
    job = make_job(tmp_path, text, files, reference=name)
    assert sent(build(engine, job)) > 1_600_000
    score = tmp_path / "context" / "score.py"
    status = score.stat()
    score.write_text("value = 2")
    os.utime(score, ns=(status.st_atime_ns, status.st_mtime_ns))
    (tmp_path / "context" / "old").unlink()
    job = make_job(tmp_path, text, reference=name)
    assert sent(build(engine, job)) < 2_000
    assert {path: held for path, (*_, held) in layer(engine, name).items()} == {
        "all": "",
        "all/big.bin": files["big.bin"],
        "all/score.py": b"value = 2",
    }


def test_a_file_that_changed_after_it_was_hashed_fails_the_build_by_its_name(
    engine, name, tmp_path
):
    text = f"FROM scratch\nCOPY . /{uuid.uuid4().hex}/\n"
    job = make_job(tmp_path, text, {"a.bin": b"1" * 3_000_000, "b": "b"}, reference=name)
    with (tmp_path / "context" / "a.bin").open("r+b") as file:
        file.seek(2_900_000)
        file.write(b"2")
    heard = Heard()
    with pytest.raises(ContextChanged, match=r"a\.bin changed while it was read"):
        builder(engine, "engine-api").start(job, heard).wait()
    assert not heard.open_steps
    assert engine.inspect(name) is None
    build(engine, make_job(tmp_path, text, reference=name))  # what half arrived is not kept


@only_on("distribution")
def test_a_build_that_is_stopped_while_files_travel_ends_its_session(
    engine, name, tmp_path, monkeypatch
):
    travelling = threading.Event()

    def endless(_tree, _number):
        travelling.set()
        while True:
            yield bytes(65_536)

    monkeypatch.setattr(ContextTree, "content", endless)
    job = make_job(tmp_path, f"FROM scratch\nCOPY a /{name}\n", {"a": "a"}, reference=name)
    run = builder(engine, "engine-api").start(job, Heard())
    assert travelling.wait(60)
    run.cancel()
    with pytest.raises(Cancelled):
        run.wait()
    assert "azureml-image-session" not in {thread.name for thread in threading.enumerate()}


@only_on("modern")
def test_a_private_base_is_pulled_anew_with_the_sign_in_that_the_session_answers(
    engine, name, tmp_path, tiny_image, private, monkeypatch
):
    base = f"{private}/session-{uuid.uuid4().hex[:8]}:1"
    signed = {"username": USER, "password": PASSWORD}
    engine.tag(tiny_image, base)
    engine.push(base, Heard(), signed)
    engine.remove(base)
    monkeypatch.setattr(engine, "sign_in", lambda registry: signed if registry == private else None)
    job = make_job(tmp_path, f"FROM {base}\nCOPY a /a\n", {"a": "a"}, reference=name, pull=True)
    build(engine, job)
    engine.remove(base)


@pytest.fixture(scope="module")
def private(tmp_path_factory):
    with private_registry(tmp_path_factory.mktemp("private")) as address:
        yield address
