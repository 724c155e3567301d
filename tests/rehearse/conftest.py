"""Images to rehearse, built once on the base image."""

import uuid

import pytest

from tests.build.engines import Heard, builder, connected, make_job

SCRIPT = """\
import json, os

def init():
    global model
    path = os.path.join(os.environ.get("AZUREML_MODEL_DIR", "/"), "model.txt")
    model = open(path).read() if os.path.exists(path) else "no model"

def run(data):
    return {"got": json.loads(data), "model": model, "in": os.getcwd()}
"""


@pytest.fixture(autouse=True)
def own_notes(tmp_path_factory, monkeypatch):
    """Tests keep no notes on images where whoever runs them keeps theirs."""
    monkeypatch.setenv("AZUREML_IMAGE_STATE", str(tmp_path_factory.getbasetemp() / "state"))


@pytest.fixture(scope="session")
def engine(engine_host):
    with connected(engine_host) as found:
        yield found


@pytest.fixture(scope="session")
def image(engine, base_image, tmp_path_factory):
    """A function that builds an image on the base: further lines, and the entry script."""
    made = []

    def build(lines, script=SCRIPT, base=base_image):
        name = f"azureml-image-test/rehearse-{uuid.uuid4().hex[:8]}:1"
        folder = tmp_path_factory.mktemp("image")
        files = {"score.py": script, "model.txt": "a model"}
        job = make_job(folder, f"FROM {base}\n{lines}\n", files, reference=name)
        builder(engine, "engine-api").start(job, Heard()).wait()
        made.append(name)
        return name

    yield build
    for name in made:
        engine.remove(name)


BAKED = """\
COPY score.py /var/azureml-app/score.py
COPY model.txt /var/azureml-app/model/model.txt
ENV AZUREML_ENTRY_SCRIPT=score.py AZUREML_MODEL_DIR=/var/azureml-app/model"""


@pytest.fixture(scope="session")
def baked(image):
    """An image that holds its code and its model."""
    return image(BAKED)


@pytest.fixture(scope="session")
def code(tmp_path_factory):
    """A folder with an entry script and one with a model, as a deployment would mount them."""
    folder = tmp_path_factory.mktemp("mounted")
    (folder / "my code").mkdir()
    (folder / "my code" / "score.py").write_text(SCRIPT.replace('"model.txt"', '"m", "model.txt"'))
    (folder / "m").mkdir()
    (folder / "m" / "model.txt").write_text("mounted model")
    return folder
