"""What every local builder does alike, on real engines: the same Dockerfile, the same story."""

import base64
import http.server
import threading
import uuid
from dataclasses import replace

import pytest

from jupyter_azureml_image.build.engine import RUN_LABEL
from jupyter_azureml_image.errors import BuildFailed, Cancelled
from jupyter_azureml_image.events import LayerSize, LogLine
from tests.build.engines import LABEL, Heard, builder, docker_config, listing, make_job, traces
from tests.build.signing import PASSWORD, USER

NAME = "azureml-image-test/contract:1"


@pytest.fixture(autouse=True)
def cleaned(engine):
    yield
    engine.remove(NAME)


def build(local, job):
    heard = Heard()
    image = local.start(job, heard).wait()
    return image, heard


def failure(local, job):
    heard = Heard()
    with pytest.raises(BuildFailed) as failed:
        local.start(job, heard).wait()
    assert not heard.open_steps
    return failed.value, heard


def test_a_dockerfile_gives_the_same_steps_everywhere(local, engine, tmp_path, tiny_image):
    marker = uuid.uuid4().hex
    text = f"""\
FROM {tiny_image} AS made
WORKDIR /made/{marker}
RUN echo {marker} > note && echo "one" && echo "two" >&2

FROM {tiny_image}
ENV A=1 \\
    B=2
COPY --from=made /made/{marker}/note /note
COPY a.txt data/ /x/
LABEL who=me
RUN cat /note /x/a.txt
CMD ["true"]
"""
    job = make_job(
        tmp_path, text, {"a.txt": "aaa\n", "data/b.txt": "b", "left.txt": ""}, reference=NAME
    )
    image, heard = build(local, job)
    assert not heard.open_steps
    assert sorted(heard.steps, key=lambda step: step[1]) == [
        (f"FROM {tiny_image} AS made", 1, "cached"),
        (f"WORKDIR /made/{marker}", 2, "done"),
        (f'RUN echo {marker} > note && echo "one" && echo "two" >&2', 3, "done"),
        (f"COPY --from=made /made/{marker}/note /note", 8, "done"),
        ("COPY a.txt data/ /x/", 9, "done"),
        ("RUN cat /note /x/a.txt", 11, "done"),
    ]
    assert heard.said("RUN cat /note /x/a.txt") == [marker, "aaa"]
    added = {event.line: event.size for event in heard.of(LayerSize)}
    assert set(added) == {8, 9, 11}, "the stage that became the image"
    assert added[9] >= len("aaa\n") + len("b")
    held = engine.inspect(NAME)
    assert image.image_id == held["Id"]
    assert image.size == held["Size"]
    assert held["Config"]["Labels"][RUN_LABEL] == "test-run"
    assert held["Config"]["Labels"]["who"] == "me"
    assert held["Architecture"] == "amd64"

    again, heard = build(local, job)
    made = [outcome for title, _, outcome in heard.steps if not title.startswith("FROM")]
    assert made == ["cached"] * 5
    assert engine.inspect(again.reference)["Config"] == held["Config"]


def test_what_arrives_is_exactly_the_manifest(local, engine, tmp_path):
    files = {
        ".dockerignore": "# kept out\n*.log\nsecret/\n!secret/shown.txt\n",
        "a.txt": "a",
        "debug.log": "left out",
        "Dockerfile": "FROM elsewhere",
        "secret/key": "left out",
        "secret/shown.txt": "shown",
        "deep/er/empty.txt": "",
        "deep/ü name.txt": "u",
    }
    job = make_job(tmp_path, "FROM scratch\nCOPY . /all/\n", files, reference=NAME)
    (tmp_path / "context" / "deep" / "link").symlink_to("er/empty.txt")
    job = make_job(tmp_path, "FROM scratch\nCOPY . /all/\n", files, reference=NAME)
    build(local, job)
    arrived = listing(engine, NAME, "/all")
    assert sorted(arrived) == [entry.path for entry in job.manifest.entries]
    assert arrived["Dockerfile"] == b"FROM elsewhere"
    assert arrived["deep/link"] == "er/empty.txt"
    assert "debug.log" not in arrived
    assert arrived["secret/shown.txt"] == b"shown"


def test_sources_of_every_form_arrive(local, engine, tmp_path):
    text = """\
FROM scratch
ARG WHERE=sub
COPY ["a b.txt", "/one/"]
COPY ./${WHERE}/ /two/
ADD *.txt /three/
COPY . /four/
"""
    job = make_job(tmp_path, text, {"a b.txt": "1", "sub/c.txt": "2"}, reference=NAME)
    build(local, job)
    assert listing(engine, NAME, "/one") == {"a b.txt": b"1"}
    assert listing(engine, NAME, "/two") == {"c.txt": b"2"}
    assert listing(engine, NAME, "/three") == {"a b.txt": b"1"}
    assert listing(engine, NAME, "/four") == {"a b.txt": b"1", "sub": None, "sub/c.txt": b"2"}


def test_only_what_the_dockerfile_reaches_is_sent(local, tmp_path):
    files = {"small.txt": "s", "model.bin": b"\0" * 3_000_000}
    job = make_job(tmp_path, "FROM scratch\nCOPY small.txt /\n", files, reference=NAME)
    _, heard = build(local, job)
    assert max(heard.moved("context")) < 20_000


def test_a_failing_run_is_told_with_its_line_exit_code_and_last_words(
    local, engine, tmp_path, tiny_image
):
    marker = f"m{uuid.uuid4().hex}"
    run = f"RUN printf '{marker}\\033[31m red\\r10%%\\r100%%\\n'; exit 3"
    job = make_job(tmp_path, f"FROM {tiny_image}\n\nRUN echo {marker}\n{run}\n", reference=NAME)
    error, heard = failure(local, job)
    assert error.message == f"{run} (line 4) ended with exit code 3." or error.message.endswith(
        "… (line 4) ended with exit code 3."
    )
    assert error.code == "run-failed"
    assert error.hint.startswith("Its last line: 100%\n")
    assert error.failure.instruction == run
    assert error.failure.line == 4
    assert error.failure.exit_code == 3
    assert error.failure.last_lines == ("100%",)
    assert heard.steps[-1] == (run, 4, "failed")
    assert engine.inspect(NAME) is None
    assert traces(engine, marker) == ([], [])


@pytest.mark.parametrize(
    ("lines", "choices"),
    [("RUN echo never", {"network": "bogus"}), ("RUN exit 3", {})],
    ids=["before-the-first-step", "in-a-step-that-says-nothing"],
)
def test_a_failure_that_names_the_log_has_the_builders_words_in_it(
    local, tmp_path, tiny_image, lines, choices
):
    heard = Heard()
    job = make_job(tmp_path, f"FROM {tiny_image}\n{lines}\n", no_cache=True, **choices)
    with pytest.raises(BuildFailed) as failed:
        local.start(job, heard).wait()
    assert "'%azureml_image logs' shows the full log" in failed.value.hint
    log = "\n".join(event.text for event in heard.of(LogLine))
    assert ("bogus" if choices else "exit 3") in log


def test_a_missing_copy_source_is_named_with_its_line(local, tmp_path):
    job = make_job(
        tmp_path, "FROM scratch\nCOPY a.txt /\nCOPY gone.txt /\n", {"a.txt": ""}, reference=NAME
    )
    error, _ = failure(local, job)
    assert error.message == "COPY gone.txt / (line 3): 'gone.txt' is not in the build context."
    assert error.code == "copy-source-missing"
    assert "--until context" in error.hint
    assert error.failure.line == 3


def test_a_missing_source_is_named_as_it_was_written_beside_a_whole_context(local, tmp_path):
    text = "FROM scratch\nCOPY . /\nCOPY gone/x.txt /\n"
    error, _ = failure(local, make_job(tmp_path, text, {"a.txt": ""}, reference=NAME))
    assert error.message == "COPY gone/x.txt / (line 3): 'gone/x.txt' is not in the build context."


class Served(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", "7")
        self.end_headers()
        self.wfile.write(b"fetched")

    def log_message(self, *words):
        pass


@pytest.fixture
def address():
    """Where the engine can download a file from."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Served) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/f"
        server.shutdown()


@pytest.mark.parametrize(
    "lines",
    [
        "FROM scratch AS b\nONBUILD COPY . /out/\nFROM b\nCOPY . /out/b/\n",
        'FROM scratch\nARG S=../..\nCOPY $S /out/\nCOPY ["${S}/a", "/out/b/"]\n',
        "FROM scratch\nCOPY . /out/\nCOPY ../\\\na \\\n  /out/b/\n",
        "FROM scratch\nCOPY . /out/\nARG URL\nADD ${URL} /out/b/a\n",
    ],
)
def test_sources_mean_the_same_beside_a_whole_context(local, engine, tmp_path, address, lines):
    given = (("URL", address),)
    build(local, make_job(tmp_path, lines, {"a": "x"}, reference=NAME, build_args=given))
    assert set(listing(engine, NAME, "/out")) == {"a", "b", "b/a"}


def test_what_an_image_hands_on_names_the_context_and_not_where_it_lay(local, engine, tmp_path):
    text = "FROM scratch\nCOPY . /out/\nONBUILD COPY . /more/\n"
    build(local, make_job(tmp_path, text, {"a": "x"}, reference=NAME))
    assert engine.image_facts(NAME).onbuild == ("COPY . /more/",)


def test_a_bases_own_copy_brings_the_context_and_nothing_else(local, engine, tmp_path):
    base = "azureml-image-test/contract-base:1"
    text = "FROM scratch\nLABEL a=b\nONBUILD COPY . /out/\n"
    build(local, make_job(tmp_path / "base", text, reference=base))
    try:
        text = f"FROM {base}\nCOPY . /out/b/\n"
        job = make_job(tmp_path, text, {"a": "x"}, reference=NAME)
        build(local, replace(job, bases={base: engine.image_facts(base)}))
        assert set(listing(engine, NAME, "/out")) == {"a", "b", "b/a"}
    finally:
        engine.remove(NAME)
        engine.remove(base)


def test_an_unknown_base_is_told_apart_from_an_unreachable_registry(local, tmp_path, registry):
    missing = f"{registry}/no/such:1"
    error, heard = failure(local, make_job(tmp_path, f"# one\nFROM {missing}\n", reference=NAME))
    assert error.message == f"Line 2: the base image '{missing}' does not exist."
    assert error.code == "base-not-found"
    assert heard.steps == [(f"FROM {missing}", 2, "failed")]
    nobody = "localhost:1/there:1"
    error, _ = failure(local, make_job(tmp_path, f"FROM {nobody}\n", reference=NAME))
    assert error.message.startswith(f"Line 1: the registry of the base image '{nobody}' could not")
    assert error.code == "base-network"


def test_a_full_disk_is_told_as_one(local, tmp_path, tiny_image):
    run = "RUN echo 'write /x: no space left on device' >&2; exit 1"
    error, _ = failure(local, make_job(tmp_path, f"FROM {tiny_image}\n{run}\n", reference=NAME))
    assert error.code == "no-space"
    assert error.message.startswith("No space is left where the Docker Engine keeps its images")


def test_a_cancelled_build_stops_at_once_and_leaves_nothing(local, engine, tmp_path, tiny_image):
    marker = f"m{uuid.uuid4().hex}"
    text = f"FROM {tiny_image}\nRUN echo {marker} begins\nRUN echo {marker} waits; sleep 600\n"
    heard, running = Heard(), threading.Event()

    def emit(event):
        heard(event)
        if isinstance(event, LogLine) and event.text == f"{marker} waits":
            running.set()

    run = local.start(make_job(tmp_path, text, reference=NAME), emit)
    assert running.wait(60)
    run.cancel()
    with pytest.raises(Cancelled):
        run.wait()
    assert not heard.open_steps
    assert heard.steps[-1][2] == "cancelled"
    assert engine.inspect(NAME) is None
    assert traces(engine, marker) == ([], [])


def test_a_base_that_must_be_pulled_says_so(local, engine, engines, tmp_path, tiny_image, registry):
    other = next(one for one in engines.values() if one is not engine)
    pushed = f"{registry}/pulled-{uuid.uuid4().hex[:8]}:1"
    text = f"FROM {tiny_image}\nRUN head -c 300000 /dev/urandom > /{uuid.uuid4().hex}\n"
    made = make_job(tmp_path / "base", text, reference=pushed)
    builder(other, "engine-api").start(made, Heard()).wait()
    other.push(pushed, Heard())
    other.remove(pushed)
    job = make_job(tmp_path, f"FROM {pushed}\nCOPY a /a\n", {"a": pushed}, reference=NAME)
    _, heard = build(local, job)
    assert [outcome for *_, outcome in heard.steps] == ["done", "done"]
    assert max(heard.moved("pull")) >= 300_000
    engine.remove(pushed)


def test_a_private_base_is_refused_in_words_and_had_with_a_sign_in(
    local, engine, tmp_path, tiny_image, private, monkeypatch
):
    base = f"{private}/private-{uuid.uuid4().hex[:8]}:1"
    engine.tag(tiny_image, base)
    engine.push(base, Heard(), {"username": USER, "password": PASSWORD})
    engine.remove(base)
    job = make_job(tmp_path, f"FROM {base}\nCOPY a /a\n", {"a": "a"}, reference=NAME)
    error, _ = failure(local, job)
    assert error.code == "base-unauthorized"
    assert f"'{base}' may not be pulled" in error.message

    asked = []

    def sign_in(registry):
        asked.append(registry)
        return {"username": USER, "password": PASSWORD}

    monkeypatch.setattr(engine, "sign_in", sign_in)
    build(local, job)
    assert set(asked) == {private}
    assert PASSWORD not in "".join(
        path.read_text(errors="replace") for path in job.folder.rglob("*") if path.is_file()
    )
    engine.remove(NAME)
    engine.remove(base)


def test_a_private_base_is_had_with_the_docker_configurations_own_sign_in(
    local, engine, tmp_path, tiny_image, private, buildx_plugin, monkeypatch
):
    base = f"{private}/private-{uuid.uuid4().hex[:8]}:1"
    engine.tag(tiny_image, base)
    engine.push(base, Heard(), {"username": USER, "password": PASSWORD})
    engine.remove(base)
    token = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
    config = docker_config(tmp_path / "docker", buildx_plugin, auths={private: {"auth": token}})
    monkeypatch.setenv("DOCKER_CONFIG", str(config))
    job = make_job(tmp_path, f"FROM {base}\nCOPY a /a\n", {"a": "a"}, reference=NAME)
    build(local, job)
    engine.remove(base)


def test_build_arguments_target_and_network_are_honoured(local, engine, tmp_path, tiny_image):
    text = f"""\
FROM {tiny_image} AS first
ARG WORD=none
RUN echo $WORD > /word; ip -o link > /links
FROM {tiny_image}
RUN exit 9
"""
    job = make_job(
        tmp_path,
        text,
        reference=NAME,
        build_args=(("WORD", "given"),),
        target="first",
        network="none",
        no_cache=True,
    )
    build(local, job)
    made = engine.client.create_container(
        NAME, command=["cat", "/word", "/links"], labels={LABEL: ""}
    )
    try:
        engine.client.start(made["Id"])
        engine.client.wait(made["Id"])
        said = engine.client.logs(made["Id"]).decode()
    finally:
        engine.client.remove_container(made["Id"], force=True)
    assert said.startswith("given\n")
    assert "eth0" not in said
