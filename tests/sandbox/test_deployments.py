from __future__ import annotations

import io
import random
import string
from collections.abc import Iterator
from pathlib import Path

import docker
import pytest
import requests

from tests.sandbox.process import Sandbox, image_names

ROUTES = {
    "liveness_route": {"port": 5001, "path": "/"},
    "readiness_route": {"port": 5001, "path": "/"},
    "scoring_route": {"port": 5001, "path": "/score"},
}
LABEL = "azureml-image.sandbox"
OPENERS: dict[str, tuple[str, str]] = {}


@pytest.fixture
def client(sandbox: Sandbox, through):
    return through(sandbox).ml_client()


@pytest.fixture
def endpoint(client) -> Iterator[str]:
    from azure.ai.ml.entities import ManagedOnlineEndpoint

    name = "ep-" + "".join(random.choices(string.ascii_lowercase, k=8))
    client.online_endpoints.begin_create_or_update(ManagedOnlineEndpoint(name=name)).result()
    yield name
    client.online_endpoints.begin_delete(name).result()


def environment(client, image: str):
    from azure.ai.ml.entities import Environment

    name, _, digest = image.rpartition("/")[2].partition("@")
    wanted = Environment(
        name=name, version=digest[7:19] or "1", image=image, inference_config=ROUTES
    )
    return client.environments.create_or_update(wanted)


def deploy(client, endpoint: str, name: str, image: str, **more):
    from azure.ai.ml.entities import ManagedOnlineDeployment

    wanted = ManagedOnlineDeployment(
        name=name,
        endpoint_name=endpoint,
        environment=environment(client, image),
        instance_type="Standard_DS3_v2",
        instance_count=1,
        **more,
    )
    return client.online_deployments.begin_create_or_update(wanted).result()


def set_traffic(client, endpoint: str, **traffic: int):
    found = client.online_endpoints.get(endpoint)
    found.traffic = traffic
    return client.online_endpoints.begin_create_or_update(found).result()


def score(client, endpoint: str, **headers: str) -> requests.Response:
    if endpoint not in OPENERS:
        uri = client.online_endpoints.get(endpoint).scoring_uri
        OPENERS[endpoint] = uri, client.online_endpoints.get_keys(endpoint).primary_key
    uri, key = OPENERS[endpoint]
    return requests.get(uri, headers={"Authorization": f"Bearer {key}", **headers})


def test_two_deployments_share_traffic_as_set(client, endpoint: str, web_images) -> None:
    for name, word in (("blue", "one"), ("green", "two")):
        made = deploy(client, endpoint, name, web_images[word])
        assert made.provisioning_state == "Succeeded"
    assert score(client, endpoint).status_code == 404  # no traffic yet
    set_traffic(client, endpoint, blue=100, green=0)
    answers = [score(client, endpoint) for _ in range(3)]
    assert {a.text for a in answers} == {"one\n"}
    assert {a.headers["azureml-model-deployment"] for a in answers} == {"blue"}
    picked = score(client, endpoint, **{"azureml-model-deployment": "green"})
    assert picked.text == "two\n"
    set_traffic(client, endpoint, blue=50, green=50)
    words: set[str] = set()
    while words != {"one\n", "two\n"}:
        words.add(score(client, endpoint).text)


def test_the_scoring_url_asks_for_the_key(client, endpoint: str, web_images) -> None:
    deploy(client, endpoint, "blue", web_images["one"])
    set_traffic(client, endpoint, blue=100)
    uri = client.online_endpoints.get(endpoint).scoring_uri
    assert uri == f"https://{endpoint}.eastus.inference.ml.azure.com/score"
    for headers in ({}, {"Authorization": "Bearer wrong"}):
        assert requests.get(uri, headers=headers).status_code == 401
    keys = client.online_endpoints.get_keys(endpoint)
    for key in (keys.primary_key, keys.secondary_key):
        assert requests.get(uri, headers={"Authorization": f"Bearer {key}"}).status_code == 200


def test_a_regenerated_key_is_another_one(client, endpoint: str) -> None:
    before = client.online_endpoints.get_keys(endpoint)
    client.online_endpoints.begin_regenerate_keys(endpoint, key_type="primary").result()
    after = client.online_endpoints.get_keys(endpoint)
    assert after.primary_key != before.primary_key
    assert after.secondary_key == before.secondary_key


def test_an_endpoint_can_ask_for_tokens_instead_of_keys(
    client, sandbox: Sandbox, web_images
) -> None:
    from azure.ai.ml.entities import ManagedOnlineEndpoint

    for mode in ("aml_token", "aad_token"):
        name = f"ep-{mode.replace('_', '-')}"
        made = ManagedOnlineEndpoint(name=name, auth_mode=mode)
        client.online_endpoints.begin_create_or_update(made).result()
        deploy(client, name, "blue", web_images["one"])
        uri = client.online_endpoints.get(name).scoring_uri
        key = sandbox.addresses["token"]
        if mode == "aml_token":
            key = client.online_endpoints.get_keys(name).access_token
        answers = []
        for token in (key, "wrong", "a.b.c"):
            headers = {"Authorization": f"Bearer {token}", "azureml-model-deployment": "blue"}
            answers.append(requests.get(uri, headers=headers).status_code)
        client.online_endpoints.begin_delete(name).result()
        assert answers == [200, 401, 401]


def test_code_and_model_are_mounted_where_azure_mounts_them(
    client, endpoint: str, tiny_image: str, tmp_path: Path, engine: docker.DockerClient
) -> None:
    from azure.ai.ml.entities import CodeConfiguration, Model

    code, model = tmp_path / "onlinescoring", tmp_path / "weights"
    for folder, file in ((code, "score.py"), (model, "model.bin")):
        folder.mkdir()
        (folder / file).write_text("x")
    dockerfile = (
        f"FROM {tiny_image}\n"
        "RUN mkdir -p /var/azureml-app && chown 1000 /var/azureml-app\n"
        "RUN mkdir /www && echo > /www/index.html\n"
        "CMD env > /www/score; find /var/azureml-app >> /www/score; stat -c %u /var/azureml-"
        "app >> /www/score;"
        " exec httpd -f -p 5001 -h /www\n"
    )
    context = tmp_path / "context"
    context.mkdir()
    (context / "Dockerfile").write_text(dockerfile)
    engine.images.build(path=str(context), tag="azureml-image-test/mounts", rm=True)
    try:
        made = deploy(
            client,
            endpoint,
            "blue",
            "azureml-image-test/mounts",
            model=Model(name="weighty", version="7", path=str(model)),
            code_configuration=CodeConfiguration(code=str(code), scoring_script="score.py"),
            environment_variables={"WORKER_COUNT": "2"},
        )
    finally:
        engine.api.remove_image("azureml-image-test/mounts", force=True)
    assert made.provisioning_state == "Succeeded"
    seen = score(client, endpoint, **{"azureml-model-deployment": "blue"}).text.splitlines()
    expected = {
        "AZUREML_MODEL_DIR=/var/azureml-app/azureml-models/weighty/7",
        "AML_APP_ROOT=/var/azureml-app/onlinescoring",
        "AZUREML_ENTRY_SCRIPT=score.py",
        "WORKER_COUNT=2",
        "/var/azureml-app/onlinescoring/score.py",
        "/var/azureml-app/azureml-models/weighty/7/weights/model.bin",
        "1000",  # the owner that the image gave to the folder
    }
    assert expected <= set(seen), seen


def test_an_environment_of_a_build_context_is_built_on_first_use(
    client, endpoint: str, tiny_image: str, tmp_path: Path, sandbox: Sandbox, engine
) -> None:
    from azure.ai.ml.entities import BuildContext, Environment, ManagedOnlineDeployment

    (tmp_path / "score").write_text("built by the service")
    (tmp_path / "Dockerfile").write_text(
        f'FROM {tiny_image}\nCOPY . /www/\nCMD ["httpd", "-f", "-p", "5001", "-h", "/www"]\n'
    )
    (tmp_path / "index.html").write_text("ok")
    wanted = ManagedOnlineDeployment(
        name="blue",
        endpoint_name=endpoint,
        environment=Environment(
            name="context", build=BuildContext(path=str(tmp_path)), inference_config=ROUTES
        ),
        instance_type="Standard_DS3_v2",
        instance_count=1,
    )
    client.online_deployments.begin_create_or_update(wanted).result()
    answer = score(client, endpoint, **{"azureml-model-deployment": "blue"})
    assert answer.text == "built by the service"
    client.online_deployments.begin_delete("blue", endpoint).result()
    left = image_names(engine)
    assert not [name for name in left if name.startswith(f"{sandbox.login_server}/azureml/")]


def test_a_container_that_ends_fails_the_deployment_in_azures_words(
    client, endpoint: str, tiny_image: str, engine: docker.DockerClient, tmp_path: Path
) -> None:
    from azure.core.exceptions import HttpResponseError

    (tmp_path / "Dockerfile").write_text(f"FROM {tiny_image}\nCMD echo the cause; exit 3\n")
    engine.images.build(path=str(tmp_path), tag="azureml-image-test/ends", rm=True)
    try:
        with pytest.raises(HttpResponseError, match="ResourceNotReady: User container has crashed"):
            deploy(client, endpoint, "red", "azureml-image-test/ends")
    finally:
        engine.api.remove_image("azureml-image-test/ends", force=True)
    assert client.online_deployments.get("red", endpoint).provisioning_state == "Failed"
    log = client.online_deployments.get_logs("red", endpoint, lines=10)
    assert log.startswith("Instance status:")
    assert log.endswith("the cause\n")
    assert (
        engine.containers.list(
            all=True, ignore_removed=True, filters={"label": f"{LABEL}.deployment", "name": "red"}
        )
        == []
    )


def test_a_container_that_never_serves_fails_after_its_own_patience(
    client, endpoint: str, tiny_image: str, engine: docker.DockerClient, tmp_path: Path
) -> None:
    from azure.ai.ml.entities import ProbeSettings
    from azure.core.exceptions import HttpResponseError

    (tmp_path / "Dockerfile").write_text(f"FROM {tiny_image}\nCMD exec sleep 600\n")
    engine.images.build(path=str(tmp_path), tag="azureml-image-test/sleeps", rm=True)
    probe = ProbeSettings(initial_delay=1, period=1, failure_threshold=1, timeout=1)
    try:
        with pytest.raises(HttpResponseError, match="Liveness probe failed: HTTP probe failed"):
            deploy(client, endpoint, "red", "azureml-image-test/sleeps", liveness_probe=probe)
    finally:
        engine.api.remove_image("azureml-image-test/sleeps", force=True)


def test_an_image_that_cannot_be_pulled_is_named(client, endpoint: str, sandbox: Sandbox) -> None:
    from azure.core.exceptions import HttpResponseError

    image = f"{sandbox.login_server}/not/there@sha256:{'1' * 64}"
    with pytest.raises(HttpResponseError, match="not/there"):
        deploy(client, endpoint, "red", image)


def test_a_failed_update_leaves_the_old_container_serving(
    client, endpoint: str, sandbox: Sandbox, web_images
) -> None:
    from azure.core.exceptions import HttpResponseError

    deploy(client, endpoint, "blue", web_images["one"])
    with pytest.raises(HttpResponseError):
        deploy(client, endpoint, "blue", f"{sandbox.login_server}/not/there@sha256:{'2' * 64}")
    assert score(client, endpoint, **{"azureml-model-deployment": "blue"}).text == "one\n"
    deploy(client, endpoint, "blue", web_images["two"])
    assert score(client, endpoint, **{"azureml-model-deployment": "blue"}).text == "two\n"


def test_what_the_model_answers_badly_comes_as_424(client, endpoint: str, web_images) -> None:
    deploy(client, endpoint, "blue", web_images["one"])
    set_traffic(client, endpoint, blue=100)
    uri = client.online_endpoints.get(endpoint).scoring_uri.replace("/score", "/nothing")
    key = client.online_endpoints.get_keys(endpoint).primary_key
    answer = requests.get(uri, headers={"Authorization": f"Bearer {key}"})
    assert answer.status_code == 424
    assert answer.headers["ms-azureml-model-error-statuscode"] == "404"


def test_a_deployment_with_traffic_cannot_be_deleted(client, endpoint: str, web_images) -> None:
    from azure.core.exceptions import HttpResponseError

    deploy(client, endpoint, "blue", web_images["one"])
    set_traffic(client, endpoint, blue=100)
    with pytest.raises(HttpResponseError, match="100% of the traffic"):
        client.online_deployments.begin_delete("blue", endpoint).result()
    with pytest.raises(HttpResponseError, match="100% of the traffic"):  # ids know no case
        client.online_deployments.begin_delete("BLUE", endpoint).result()
    set_traffic(client, endpoint)
    client.online_deployments.begin_delete("blue", endpoint).result()
    assert list(client.online_deployments.list(endpoint)) == []


def test_mirrored_traffic_reaches_its_deployment_and_its_answer_is_nobodys(
    client,
    endpoint: str,
    sandbox: Sandbox,
    engine: docker.DockerClient,
    web_images,
    tiny_image: str,
) -> None:
    lines = (
        f"FROM {tiny_image}",
        "RUN mkdir /www && echo ok > /www/index.html && echo shadow > /www/score",
        'CMD ["httpd", "-f", "-v", "-p", "5001", "-h", "/www"]',
    )
    tag = f"{sandbox.login_server}/web/shadow:1"
    engine.images.build(fileobj=io.BytesIO("\n".join(lines).encode()), tag=tag, rm=True)
    deploy(client, endpoint, "blue", web_images["one"])
    shadow = sandbox.push(engine, tag)
    engine.api.remove_image(tag)
    deploy(client, endpoint, "shadow", shadow)
    found = client.online_endpoints.get(endpoint)
    found.traffic, found.mirror_traffic = {"blue": 100}, {"shadow": 50}
    client.online_endpoints.begin_create_or_update(found).result()
    quiet = client.online_deployments.get_logs("shadow", endpoint, 5000)
    for _ in range(200):  # a coin is thrown for each
        assert score(client, endpoint).text == "one\n"
        if client.online_deployments.get_logs("shadow", endpoint, 5000) != quiet:
            break
    else:
        pytest.fail("nothing was mirrored")


def test_mirrored_traffic_is_at_most_half_and_to_one_that_exists(
    sandbox: Sandbox, endpoint: str
) -> None:
    path = f"{sandbox.workspace_path}/onlineEndpoints/{endpoint}"
    for mirror in ({"nobody": 10}, {"a": 60}, {"a": "x"}):
        body = {"location": "eastus", "properties": {"authMode": "Key", "mirrorTraffic": mirror}}
        assert sandbox.arm("PUT", path, body).status_code == 400


def test_a_deleted_deployment_is_in_no_traffic_any_more(
    client, sandbox: Sandbox, endpoint: str, web_images
) -> None:
    deploy(client, endpoint, "blue", web_images["one"])
    path = f"{sandbox.workspace_path}/onlineEndpoints/{endpoint}"
    split = {"traffic": {"blue": 0}, "mirrorTraffic": {"blue": 10}}
    assert sandbox.arm("PATCH", path, {"properties": split}).status_code == 200
    client.online_deployments.begin_delete("blue", endpoint).result()
    left = sandbox.arm("GET", path).json()
    assert (left["properties"]["traffic"], left["properties"]["mirrorTraffic"]) == ({}, {})
    assert sandbox.arm("PUT", path, left).status_code == 200


def test_an_endpoint_on_kubernetes_is_refused_with_what_there_is(client, sandbox: Sandbox) -> None:
    from azure.ai.ml.entities import KubernetesOnlineEndpoint
    from azure.core.exceptions import HttpResponseError

    wanted = KubernetesOnlineEndpoint(name="on-kubernetes", compute="cluster")
    with pytest.raises(HttpResponseError, match="The sandbox has no Kubernetes"):
        client.online_endpoints.begin_create_or_update(wanted).result()


def test_traffic_goes_only_to_what_exists_and_sums_to_a_hundred(
    client, endpoint: str, web_images
) -> None:
    from azure.core.exceptions import HttpResponseError

    deploy(client, endpoint, "blue", web_images["one"])
    with pytest.raises(HttpResponseError, match="green does not exist"):
        set_traffic(client, endpoint, green=100)
    with pytest.raises(HttpResponseError, match="sums up to 30%"):
        set_traffic(client, endpoint, blue=30)


def test_what_azure_sends_while_it_works_is_sent_here(sandbox: Sandbox, endpoint: str) -> None:
    path = f"{sandbox.workspace_path}/onlineEndpoints/{endpoint}"
    sandbox.set_faults({"fault": "azure-pace"})
    body = {"location": "eastus", "properties": {"authMode": "Key"}}
    answer = sandbox.arm("PUT", path, body)
    assert answer.json()["properties"]["provisioningState"] == "Updating"
    assert answer.headers["x-ms-async-operation-timeout"] == "PT30M"
    assert not [name for name in answer.headers if "retry-after" in name.lower()]
    assert len(answer.headers["Azure-AsyncOperation"]) > 4000
    with sandbox.session() as session:
        status = session.get(answer.headers["Azure-AsyncOperation"])
    assert status.status_code == 200
    assert status.json()["status"] in ("Updating", "Succeeded")
