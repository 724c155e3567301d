from __future__ import annotations

import base64
import io
import re
import tarfile
from collections.abc import Callable
from typing import Any

import docker
import pytest
import requests

from tests.sandbox.process import Sandbox, image_names

API = "2019-06-01-preview"
ENDED = ("Succeeded", "Failed", "Canceled", "Error", "Timeout")
LINUX = {"os": "Linux", "architecture": "amd64"}


class Tasks:
    """ACR Tasks as a client of the plain REST calls sees it."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox

    def post(self, path: str, body: object = None, version: str = API) -> requests.Response:
        path = f"{self.sandbox.registry_path}/{path}"
        return self.sandbox.arm("POST", path, body, **{"api-version": version})

    def upload(self, **files: str) -> str:
        buffer = io.BytesIO()
        with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
            for name, text in files.items():
                entry = tarfile.TarInfo(name)
                entry.size = len(text)
                archive.addfile(entry, io.BytesIO(text.encode()))
        answer = self.post("listBuildSourceUploadUrl").json()
        headers = {"x-ms-blob-type": "BlockBlob", "Authorization": None}
        with self.sandbox.session() as session:
            put = session.put(answer["uploadUrl"], data=buffer.getvalue(), headers=headers)
        assert put.status_code == 201
        return str(answer["relativePath"])

    def build(self, dockerfile: str, *, version: str = API, **more: Any) -> str:
        """Schedule a quick build; return the run's id."""
        request = {
            "type": "DockerBuildRequest",
            "imageNames": ["acr/demo:{{.Run.ID}}"],
            "isPushEnabled": True,
            "sourceLocation": self.upload(Dockerfile=dockerfile, file="content"),
            "dockerFilePath": "Dockerfile",
            "platform": LINUX,
            **more,
        }
        answer = self.post("scheduleRun", request, version)
        assert answer.status_code == 200, answer.text
        assert answer.json()["properties"]["status"] == "Queued"
        return str(answer.json()["properties"]["runId"])

    def get(self, run: str) -> dict[str, Any]:
        path = f"{self.sandbox.registry_path}/runs/{run}"
        found: dict[str, Any] = self.sandbox.arm("GET", path, **{"api-version": API}).json()
        return dict(found["properties"])

    def wait(
        self, run: str, done: Callable[[dict[str, Any]], bool] | None = None
    ) -> dict[str, Any]:
        while True:
            found = self.get(run)
            if done(found) if done else found["status"] in ENDED:
                return found

    def log_link(self, run: str) -> str:
        return str(self.post(f"runs/{run}/listLogSasUrl").json()["logLink"])

    def read(self, link: str) -> requests.Response:
        with self.sandbox.session() as session:
            return session.get(link, headers={"Authorization": None})

    def whole_log(self, run: str) -> str:
        link = self.log_link(run)
        while True:
            answer = self.read(link)
            if "x-ms-meta-Complete" in answer.headers:
                return answer.text

    def tags(self, repository: str) -> list[str]:
        server = self.sandbox.login_server
        form = {"grant_type": "access_token", "service": server}
        form["access_token"] = self.sandbox.addresses["token"]
        refresh = requests.post(f"http://{server}/oauth2/exchange", data=form).json()
        form = {"grant_type": "refresh_token", "service": server, **refresh}
        form["scope"] = f"repository:{repository}:pull"
        token = requests.post(f"http://{server}/oauth2/token", data=form).json()["access_token"]
        headers = {"Authorization": f"Bearer {token}"}
        answer = requests.get(f"http://{server}/v2/{repository}/tags/list", headers=headers).json()
        return list(answer.get("tags") or [])


@pytest.fixture
def tasks(sandbox: Sandbox, tiny_image: str) -> Tasks:
    return Tasks(sandbox)


def test_a_run_is_a_real_build_without_cache_pushed_to_the_registry(
    tasks: Tasks, tiny_image: str, engine: docker.DockerClient
) -> None:
    text = f'FROM {tiny_image}\nARG WORD\nRUN echo "$WORD said"\nCOPY file /file\n'
    secret = [{"name": "WORD", "value": "hush", "isSecret": True}]
    for _ in range(2):
        run = tasks.build(text, arguments=secret)
        found = tasks.wait(run)
        assert (found["status"], found["runType"]) == ("Succeeded", "QuickRun"), found
        log = tasks.whole_log(run)
        assert "hush said\r\n" in log  # it really ran, the second time too
        assert "Using cache" not in log
        assert f"Run ID: {run} was successful" in log
        [image] = found["outputImages"]
        assert image["registry"] == tasks.sandbox.login_server
        assert (image["repository"], image["tag"]) == ("acr/demo", run)
        assert image["digest"].startswith("sha256:")
        assert run in tasks.tags("acr/demo")
    names = image_names(engine)
    mine = f"{tasks.sandbox.login_server}/acr/"
    assert not [name for name in names if name.startswith(mine)]  # a cloud build leaves none here


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("RUN --mount=type=cache,target=/c true", "the --mount option requires BuildKit"),
        ("RUN <<EOF\ntrue\nEOF", "unknown instruction: TRUE"),
        ("RUN false", "returned a non-zero code: 1"),
        ("COPY missing /x", "missing"),
    ],
)
def test_a_run_fails_with_the_classic_builders_words(
    tasks: Tasks, tiny_image: str, line: str, message: str
) -> None:
    run = tasks.build(f"FROM {tiny_image}\n{line}\n")
    found = tasks.wait(run)
    assert found["status"] == "Failed"
    assert found["runErrorMessage"] == "failed during run, err: exit status 1"
    assert "outputImages" not in found
    assert message in tasks.whole_log(run)


@pytest.mark.parametrize("steps", ["[5]", "[{build: [a]}]", "[{push: 5}]"])
def test_a_run_of_steps_that_nobody_can_read_ends_as_failed(tasks: Tasks, steps: str) -> None:
    request = {
        "type": "EncodedTaskRunRequest",
        "encodedTaskContent": base64.b64encode(f"steps: {steps}".encode()).decode(),
        "sourceLocation": tasks.upload(Dockerfile="FROM scratch\n"),
        "platform": LINUX,
    }
    run = tasks.post("scheduleRun", request).json()["properties"]["runId"]
    assert tasks.wait(run)["status"] == "Failed"


def test_a_task_file_can_turn_buildkit_on(tasks: Tasks, tiny_image: str) -> None:
    task = (
        "version: v1.1.0\nsteps:\n"
        "  - build: -t $Registry/acr/kit:{{.Run.ID}} --build-arg WORD={{.Values.word}} .\n"
        '    env: ["DOCKER_BUILDKIT=1"]\n'
        '  - push: ["$Registry/acr/kit:{{.Run.ID}}"]\n'
    )
    dockerfile = (
        f"FROM {tiny_image}\nARG WORD\nRUN --mount=type=cache,target=/c echo $WORD mounted\n"
    )
    request = {
        "type": "EncodedTaskRunRequest",
        "encodedTaskContent": base64.b64encode(task.encode()).decode(),
        "values": [{"name": "word", "value": "really"}],
        "sourceLocation": tasks.upload(Dockerfile=dockerfile),
        "platform": LINUX,
    }
    run = tasks.post("scheduleRun", request).json()["properties"]["runId"]
    found = tasks.wait(run)
    log = tasks.whole_log(run)
    assert found["status"] == "Succeeded", log
    assert re.search(r"#\d+ really mounted", log)
    assert found["outputImages"][0]["repository"] == "acr/kit"
    assert run in tasks.tags("acr/kit")


def test_the_target_stage_and_no_push_are_honoured(
    tasks: Tasks, tiny_image: str, engine: docker.DockerClient
) -> None:
    text = f"FROM {tiny_image} AS first\nRUN echo only this\nFROM first AS last\nRUN false\n"
    run = tasks.build(text, target="first", isPushEnabled=False)
    found = tasks.wait(run)
    assert found["status"] == "Succeeded"
    assert "outputImages" not in found
    assert run not in tasks.tags("acr/demo")
    kept = image_names(engine)
    assert f"{tasks.sandbox.login_server}/acr/demo:{run}" not in kept


def test_a_run_can_build_on_an_image_of_the_registry(
    tasks: Tasks, tiny_image: str, engine: docker.DockerClient
) -> None:
    base = tasks.build(f"FROM {tiny_image}\nRUN echo deep > /deep\n")
    digest = tasks.wait(base)["outputImages"][0]["digest"]
    name = f"{tasks.sandbox.login_server}/acr/demo@{digest}"
    run = tasks.build(f"FROM {name}\nRUN cat /deep\n")
    assert tasks.wait(run)["status"] == "Succeeded", tasks.whole_log(run)
    assert "deep\r\n" in tasks.whole_log(run)
    kept = image_names(engine)
    assert name not in kept


def test_cancelling_stops_the_build_where_it_runs(
    tasks: Tasks, tiny_image: str, engine: docker.DockerClient
) -> None:
    run = tasks.build(f"FROM {tiny_image}\nRUN echo began; exec sleep 987\n")
    link = tasks.log_link(run)
    while "began\r\n" not in tasks.read(link).text:
        assert tasks.get(run)["status"] not in ENDED
    assert tasks.post(f"runs/{run}/cancel").status_code == 200
    assert tasks.wait(run)["status"] == "Canceled"
    while any(
        "sleep 987" in str(c.attrs["Config"]["Cmd"])
        for c in engine.containers.list(ignore_removed=True)
    ):
        pass  # the engine is taking it down


def test_the_log_grows_while_the_build_runs_and_says_when_it_is_complete(
    tasks: Tasks, tiny_image: str
) -> None:
    run = tasks.build(
        f"FROM {tiny_image}\nRUN echo first; read line < /dev/zero || exec sleep 986\n"
    )
    link = tasks.log_link(run)
    while "first" not in (early := tasks.read(link)).text:
        assert tasks.get(run)["status"] not in ENDED
    assert early.headers["x-ms-blob-type"] == "AppendBlob"
    assert "x-ms-meta-Complete" not in early.headers
    tasks.post(f"runs/{run}/cancel")
    whole = tasks.whole_log(run)
    assert whole.startswith(early.text)
    assert len(whole) > len(early.text)


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"type": "FileTaskRunRequest"}, "not supported"),
        ({"platform": {}}, "platform"),
        ({"timeout": 10}, "between 300 and 28800"),
        ({"dockerFilePath": ""}, "dockerFilePath"),
    ],
)
def test_a_wrong_request_is_refused(tasks: Tasks, change: dict[str, Any], word: str) -> None:
    request = {"type": "DockerBuildRequest", "dockerFilePath": "Dockerfile", "platform": LINUX}
    answer = tasks.post("scheduleRun", {**request, **change})
    assert answer.status_code == 400
    assert word in answer.json()["error"]["message"]


def test_runs_are_listed_newest_first(tasks: Tasks, tiny_image: str) -> None:
    runs = [tasks.build(f"FROM {tiny_image}\n", isPushEnabled=False) for _ in range(2)]
    for run in runs:
        tasks.wait(run)
    path = f"{tasks.sandbox.registry_path}/runs"
    listed = tasks.sandbox.arm("GET", path, **{"api-version": API, "$top": "2"}).json()["value"]
    assert [item["name"] for item in listed] == runs[::-1]


# Faults of the service


def test_tasks_can_be_forbidden_for_the_subscription(tasks: Tasks) -> None:
    tasks.sandbox.set_faults({"fault": "tasks-not-allowed"})
    answer = tasks.post("scheduleRun", {})
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "TasksOperationsNotAllowed"


def test_a_run_can_stay_queued_until_it_is_cancelled(tasks: Tasks, tiny_image: str) -> None:
    tasks.sandbox.set_faults({"fault": "run-queued"})
    run = tasks.build(f"FROM {tiny_image}\n")
    assert tasks.get(run)["status"] == "Queued"
    tasks.post(f"runs/{run}/cancel")
    assert tasks.get(run)["status"] == "Canceled"


@pytest.mark.parametrize(
    ("fault", "status"),
    [
        ({"fault": "run-failed", "message": "the agent went away"}, "Failed"),
        ({"fault": "run-timeout"}, "Timeout"),
    ],
)
def test_a_run_can_end_badly(tasks: Tasks, fault: dict[str, Any], status: str) -> None:
    tasks.sandbox.set_faults(fault)
    found = tasks.wait(tasks.build("FROM scratch\n"))
    assert found["status"] == status
    assert found.get("runErrorMessage") == fault.get("message")


def test_a_run_can_fail_without_a_log(tasks: Tasks) -> None:
    tasks.sandbox.set_faults({"fault": "run-without-log"}, {"fault": "run-failed"})
    run = tasks.build("FROM scratch\n")
    assert tasks.wait(run)["status"] == "Failed"
    assert tasks.read(tasks.log_link(run)).status_code == 404


def test_an_image_can_be_gone_after_a_good_run(tasks: Tasks, tiny_image: str) -> None:
    tasks.sandbox.set_faults({"fault": "image-gone"})
    run = tasks.build(f"FROM {tiny_image}\nRUN echo {base64.b64encode(b'gone').decode()}\n")
    found = tasks.wait(run)
    assert (found["status"], len(found["outputImages"])) == ("Succeeded", 1)
    assert run not in tasks.tags("acr/demo")


def test_a_log_link_can_have_expired_once(tasks: Tasks) -> None:
    tasks.sandbox.set_faults({"fault": "log-expired", "times": 1}, {"fault": "run-failed"})
    run = tasks.build("FROM scratch\n")
    tasks.wait(run)
    assert tasks.read(tasks.log_link(run)).status_code == 403
    assert tasks.read(tasks.log_link(run)).status_code == 200


def test_a_log_can_be_replaced_by_a_shorter_one(tasks: Tasks) -> None:
    tasks.sandbox.set_faults({"fault": "log-replaced"}, {"fault": "run-failed"})
    run = tasks.build("FROM scratch\n")
    tasks.wait(run)
    assert not tasks.whole_log(run).startswith("Downloading")
    assert "Downloading source code" not in tasks.whole_log(run)


def test_a_log_can_come_later_than_the_runs_end(tasks: Tasks) -> None:
    tasks.sandbox.set_faults({"fault": "slow-log", "seconds": 2}, {"fault": "run-failed"})
    run = tasks.build("FROM scratch\n")
    assert tasks.wait(run)["status"] == "Failed"
    assert tasks.read(tasks.log_link(run)).status_code == 404
    assert "Run ID" in tasks.whole_log(run)


def test_an_abac_registry_wants_the_callers_identity(tasks: Tasks, tiny_image: str) -> None:
    tasks.sandbox.set_faults({"fault": "abac"})
    registry = tasks.sandbox.arm("GET", tasks.sandbox.registry_path).json()
    assert registry["properties"]["roleAssignmentMode"] == "AbacRepositoryPermissions"
    caller = {"sourceRegistry": {"identity": "[caller]"}}
    text = f"FROM {tiny_image}\n"
    assert tasks.wait(tasks.build(text))["status"] == "Failed"
    assert tasks.wait(tasks.build(text, credentials=caller))["status"] == "Failed"  # unknown to it
    run = tasks.build(text, credentials=caller, version="2025-03-01-preview")
    assert tasks.wait(run)["status"] == "Succeeded"
