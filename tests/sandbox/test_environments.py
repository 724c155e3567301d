from __future__ import annotations

import pytest

from tests.sandbox.process import Sandbox

ROUTES = {
    "liveness_route": {"port": 5001, "path": "/"},
    "readiness_route": {"port": 5001, "path": "/"},
    "scoring_route": {"port": 5001, "path": "/score"},
}
IMAGE = "127.0.0.1:5000/demo@sha256:" + "0" * 64


def scoring_route(found) -> tuple[int, str]:
    """The route as azure-ai-ml hands it out: a mapping today, an object up to 1.21."""
    config = found.inference_config
    route = config.scoring_route if hasattr(config, "scoring_route") else None
    return (
        (route.port, route.path)
        if route
        else (config["scoringRoute"]["port"], config["scoringRoute"]["path"])
    )


@pytest.fixture
def client(sandbox: Sandbox, through):
    return through(sandbox).ml_client()


def environment(name: str, version: str | None, image: str = IMAGE, **more):
    from azure.ai.ml.entities import Environment

    return Environment(name=name, version=version, image=image, **more)


def test_an_environment_comes_back_as_it_was_registered(client) -> None:
    made = client.environments.create_or_update(
        environment("kept", "abc", tags={"a": "b"}, description="words", inference_config=ROUTES)
    )
    found = client.environments.get("kept", "abc")
    assert (found.image, found.tags, found.description) == (IMAGE, {"a": "b"}, "words")
    assert scoring_route(found) == (5001, "/score")
    assert made.id == found.id


def test_content_cannot_change_under_a_version_but_tags_and_description_can(client) -> None:
    from azure.core.exceptions import ResourceExistsError

    client.environments.create_or_update(environment("fixed", "1", inference_config=ROUTES))
    with pytest.raises(ResourceExistsError, match="fixed with version 1 is already registered"):
        client.environments.create_or_update(environment("fixed", "1", image="other:1"))
    client.environments.create_or_update(
        environment("fixed", "1", tags={"new": "tag"}, inference_config=ROUTES)
    )
    assert client.environments.get("fixed", "1").tags == {"new": "tag"}


def test_without_a_version_the_latest_is_rewritten_or_the_next_made(client) -> None:
    made = [
        client.environments.create_or_update(environment("auto", None, image)).version
        for image in (IMAGE, IMAGE, "other:1")
    ]
    # azure-ai-ml up to 1.21 counts on by itself, whatever is in it.
    assert made in (["1", "1", "2"], ["1", "2", "3"])
    assert client.environments.get("auto", label="latest").version == made[-1]


def test_archived_environments_leave_the_lists_and_come_back(client) -> None:
    client.environments.create_or_update(environment("old", "1", inference_config=ROUTES))
    client.environments.create_or_update(environment("old", "2"))
    client.environments.archive("old", version="1")
    assert [item.version for item in client.environments.list("old")] == ["2"]
    client.environments.restore("old", version="1")
    assert scoring_route(client.environments.get("old", "1")) == (5001, "/score")
    client.environments.archive("old")
    assert "old" not in [item.name for item in client.environments.list()]


def test_a_deleted_environment_is_gone_with_its_versions(client, sandbox: Sandbox) -> None:
    client.environments.create_or_update(environment("gone", "1"))
    path = f"{sandbox.workspace_path}/environments/gone"
    answers = [sandbox.arm("DELETE", path).status_code for _ in range(2)]
    assert answers == [200, 204]
    assert sandbox.arm("GET", f"{path}/versions/1").status_code == 404


def test_a_missing_environment_is_named(client) -> None:
    from azure.core.exceptions import ResourceNotFoundError

    with pytest.raises(ResourceNotFoundError, match="No environment exists for name: nope"):
        client.environments.get("nope", "1")


def test_a_name_that_azure_refuses_is_refused(sandbox: Sandbox) -> None:
    path = f"{sandbox.workspace_path}/environments/bad name/versions/1"
    answer = sandbox.arm("PUT", path, {"properties": {"image": "x"}})
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "UserError")


def test_conda_goes_in_as_yaml_and_comes_out_as_json(sandbox: Sandbox) -> None:
    path = f"{sandbox.workspace_path}/environments/conda/versions/1"
    sent = {"properties": {"image": "x", "condaFile": "name: n\ndependencies:\n- python=3.12\n"}}
    answer = sandbox.arm("PUT", path, sent).json()["properties"]
    assert (
        answer["condaFile"] == '{\n  "name": "n",\n  "dependencies": [\n    "python=3.12"\n  ]\n}'
    )
    assert (answer["environmentType"], answer["osType"], answer["tags"]) == (
        "UserCreated",
        "Linux",
        {},
    )


def test_a_build_context_is_uploaded_once(client, sandbox: Sandbox, tmp_path) -> None:
    from azure.ai.ml.entities import BuildContext, Environment

    (tmp_path / "Dockerfile").write_text("FROM scratch\n")
    for version in ("1", "2"):
        sandbox.arm("DELETE", "/_sandbox/requests")
        build = BuildContext(path=str(tmp_path))
        made = client.environments.create_or_update(
            Environment(name="ctx", version=version, build=build)
        )
        puts = [r for r in sandbox.requests_seen() if r["method"] == "PUT" and "blob" in r["host"]]
        assert len(puts) == (2 if version == "1" else 0)  # the file and its mark
    assert made.build.path.startswith("https://sandboxstorage.blob.core.windows.net/")


def test_nothing_but_azure_is_contacted(sandbox: Sandbox, client) -> None:
    sandbox.set_faults({"fault": "refuse-foreign-hosts"})
    sandbox.arm("DELETE", "/_sandbox/requests")
    client.environments.create_or_update(environment("quiet", "1"))
    assert {entry["host"] for entry in sandbox.requests_seen()} == {"management.azure.com"}
