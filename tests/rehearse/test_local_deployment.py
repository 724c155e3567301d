"""`deploy --local`: a container that stays, behind a health gate."""

import http.client
import json
import urllib.parse

import pytest

from jupyter_azureml_image.errors import BadUsage, Cancelled, DeploymentFailed
from jupyter_azureml_image.events import Note, StepStarted
from jupyter_azureml_image.plan.deployment import DeployRequest
from jupyter_azureml_image.plan.request import Mounts
from jupyter_azureml_image.rehearse.local_deployment import (
    ENDPOINT_LABEL,
    delete_locally,
    deploy_locally,
    local_resources,
    prune_locally,
)
from tests.build.engines import Heard

ENDPOINT = "local-test"


@pytest.fixture(autouse=True)
def taken_down(engine):
    yield
    delete_locally(engine, ENDPOINT)


def asked(**more):
    return DeployRequest("thing:7", ENDPOINT, **more)


def score(deployment, body):
    place = urllib.parse.urlsplit(deployment.scoring_uri)
    connection = http.client.HTTPConnection(place.hostname, place.port, timeout=30)
    try:
        connection.request("POST", place.path, body, {"Content-Type": "application/json"})
        return json.loads(connection.getresponse().read())
    finally:
        connection.close()


def here(engine):
    found = engine.client.containers(all=True, filters={"label": f"{ENDPOINT_LABEL}={ENDPOINT}"})
    return [name for each in found for name in each["Names"]]


def test_a_deployment_stays_answers_is_listed_and_deleted(engine, baked):
    deployment = deploy_locally(engine, baked, asked(sample='{"a": 1}'), Heard())
    assert (deployment.name, deployment.traffic, deployment.local) == ("v-7", 100, True)
    assert deployment.bills == "runs on this machine and costs nothing"
    assert deployment.status == 200
    assert score(deployment, '{"b": 2}')["got"] == {"b": 2}
    assert here(engine) == [f"/azureml-{ENDPOINT}-v-7"]
    listed = [each for each in local_resources(engine) if each.name == f"{ENDPOINT}/v-7"]
    assert [(each.kind, each.state) for each in listed] == [("container", "running")]
    assert listed[0].delete_line == deployment.delete_line == f"%azureml_image delete {ENDPOINT}"
    assert delete_locally(engine, ENDPOINT)
    assert here(engine) == []
    assert not delete_locally(engine, ENDPOINT)


def test_a_newer_one_replaces_the_old_only_when_it_serves(engine, baked, image):
    first = deploy_locally(engine, baked, asked(), Heard())
    broken = image("ENV AZUREML_ENTRY_SCRIPT=gone.py")
    with pytest.raises(DeploymentFailed) as failed:
        deploy_locally(engine, broken, asked(), Heard())
    assert "the entry script /var/azureml-app/gone.py is not in the image" in failed.value.message
    assert len(here(engine)) == 1
    assert score(first, "{}")["model"] == "a model"
    second = deploy_locally(engine, baked, asked(), Heard())
    assert second.scoring_uri != first.scoring_uri
    assert here(engine) == [f"/azureml-{ENDPOINT}-v-7"]


def test_code_and_model_are_mounted_and_their_lack_is_told(engine, base_image, code):
    with pytest.raises(BadUsage) as failed:
        deploy_locally(engine, base_image, asked(), Heard())
    assert "holds no entry script" in failed.value.message
    assert "--code DIR --scoring-script FILE" in failed.value.hint
    mounts = Mounts(str(code / "my code"), "score.py", str(code / "m"))
    deployment = deploy_locally(engine, base_image, asked(mounts=mounts, sample="{}"), Heard())
    assert json.loads(deployment.answer)["model"] == "mounted model"


def test_two_deployments_of_an_endpoint_are_deleted_one_by_one(engine, baked):
    deploy_locally(engine, baked, asked(deployment="blue"), Heard())
    deploy_locally(engine, baked, asked(deployment="green"), Heard())
    assert delete_locally(engine, ENDPOINT, "blue")
    assert here(engine) == [f"/azureml-{ENDPOINT}-green"]


def test_a_sample_that_is_refused_is_a_warning(engine, image):
    script = "def init(): pass\ndef run(data):\n    raise ValueError('bad row')\n"
    lines = "COPY score.py /var/azureml-app/score.py\nENV AZUREML_ENTRY_SCRIPT=score.py"
    heard = Heard()
    deployment = deploy_locally(engine, image(lines, script), asked(sample="{}"), heard)
    assert deployment.status == 500
    assert heard.of(Note) == [
        Note("The deployment runs, but answered 500 to the sample.", "warning")
    ]


def test_an_image_that_is_gone_is_a_sentence(engine):
    with pytest.raises(DeploymentFailed) as failed:
        deploy_locally(engine, "azureml-image-test/never:1", asked(), Heard())
    assert "does not hold 'azureml-image-test/never:1'" in failed.value.message


def test_pruning_leaves_what_runs(engine, image):
    running = image("ENV A=running AZUREML_ENTRY_SCRIPT=score.py\nCOPY score.py /var/azureml-app/")
    idle = image("ENV A=idle")
    deploy_locally(engine, running, asked(), Heard())
    removed = prune_locally(engine, [running, idle])
    assert f"image {idle}" in removed
    assert f"image {running}" not in removed
    assert engine.inspect(idle) is None
    assert len(here(engine)) == 1


def test_one_that_is_stopped_while_it_starts_leaves_the_earlier_one_alone(engine, baked):
    earlier = deploy_locally(engine, baked, asked(), Heard())
    heard = Heard()
    with pytest.raises(Cancelled):
        deploy_locally(engine, baked, asked(), heard, lambda: bool(heard.of(StepStarted)))
    assert not heard.open_steps
    assert here(engine) == [f"/azureml-{ENDPOINT}-v-7"]
    assert score(earlier, '{"b": 2}')["got"] == {"b": 2}
