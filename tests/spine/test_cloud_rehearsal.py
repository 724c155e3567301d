"""An image that the cloud built is rehearsed where an engine can pull it; a failure ends there."""

import secrets

import pytest

from jupyter_azureml_image import api
from jupyter_azureml_image.errors import RehearsalFailed

TEXT = """\
FROM mcr.microsoft.com/azureml/minimal-py312-inference:latest
COPY code /var/azureml-app
ENV AZUREML_ENTRY_SCRIPT=score.py
"""


def test_an_image_of_the_cloud_that_fails_its_rehearsal_is_not_registered(tmp_path, inside):
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "score.py").write_text("import nothing_of_this_name\n")
    name = f"unserved-{secrets.token_hex(3)}"
    with pytest.raises(RehearsalFailed, match="nothing_of_this_name"):
        api.build(name, TEXT, context=tmp_path, build="acr", fail_on="never")
    assert name not in [each.name for each in inside.ml_client.environments.list()]
    (row,) = [row for row in api.runs() if row.name == name]
    assert row.status == "failed"
    assert "image" in row.facts
