"""What AML120 advises is true: the base as it is and a folder of packages serve, unbuilt."""

import json
import secrets

import pytest

from jupyter_azureml_image import api
from jupyter_azureml_image.extensibility import make

DOCKERFILE = """\
FROM mcr.microsoft.com/azureml/minimal-py312-inference:latest
USER root:root
RUN pip install --no-cache-dir six==1.17.0
USER dockeruser
COPY code /var/azureml-app
ENV AZUREML_ENTRY_SCRIPT=score.py
"""
SCORE = """\
import json

import six


def init():
    pass


def run(data):
    return [six.__version__, six.__file__, six.ensure_str(json.loads(data)["word"])]
"""


@pytest.fixture
def prepared(tmp_path, inside):
    """The folder that the one call writes, for a Dockerfile that the check says it of."""
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "score.py").write_text(SCORE)
    advice = [d for d in api.check(DOCKERFILE, context=tmp_path) if d.code == "AML120"]
    assert len(advice) == 1
    assert "extensibility.make()" in str(advice[0])
    return make(DOCKERFILE, tmp_path, tmp_path / "serving")


@pytest.fixture
def endpoint(inside):
    from azure.ai.ml.entities import ManagedOnlineEndpoint

    client = inside.ml_client.online_endpoints
    name = f"unbuilt-{secrets.token_hex(3)}"
    client.begin_create_or_update(ManagedOnlineEndpoint(name=name, auth_mode="key")).result()
    yield name
    client.begin_delete(name).result()


def test_the_base_as_it_is_serves_with_a_folder_of_packages(prepared, endpoint, inside, tmp_path):
    from azure.ai.ml.entities import CodeConfiguration, Environment, ManagedOnlineDeployment

    client = inside.ml_client.online_deployments
    made = client.begin_create_or_update(
        ManagedOnlineDeployment(
            name="blue",
            endpoint_name=endpoint,
            environment=Environment(image=prepared.image),
            code_configuration=CodeConfiguration(
                code=str(prepared.code), scoring_script=prepared.scoring_script
            ),
            environment_variables=dict(prepared.variables),
            instance_type="Standard_DS3_v2",
            instance_count=1,
        )
    ).result()
    assert made.provisioning_state == "Succeeded"
    (tmp_path / "sample.json").write_text('{"word": "unbuilt"}')
    answer = inside.ml_client.online_endpoints.invoke(
        endpoint, deployment_name="blue", request_file=tmp_path / "sample.json"
    )
    version, place, word = json.loads(answer)
    assert (version, word) == ("1.17.0", "unbuilt")
    assert place == f"{prepared.variables['PYTHONPATH']}/six.py"
    assert not (prepared.code / "six.py").exists()  # the variable alone makes it importable
    assert "preview" in " ".join(prepared.warnings)
