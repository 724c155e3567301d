"""Failures made for real, in the engine and on the base image, are explained."""

import io
import uuid
import zipfile

import pytest

from jupyter_azureml_image.errors import BuildFailed
from jupyter_azureml_image.plan.request import Mounts, Rehearsal
from jupyter_azureml_image.rehearse import rehearse
from tests.build.engines import Heard, builder, make_job

SCRIPT = "def init():\n    pass\n\ndef run(data):\n    return data\n"


def wheel(name, version, *needs, python=">=3.7"):
    """A wheel that holds nothing but its own description."""
    about = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\nRequires-Python: {python}\n"
    about += "".join(f"Requires-Dist: {need}\n" for need in needs)
    kind = "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        for file, text in (("METADATA", about), ("WHEEL", kind), ("RECORD", "")):
            archive.writestr(f"{name}-{version}.dist-info/{file}", text)
    return {f"wheels/{name}-{version}-py3-none-any.whl": held.getvalue()}


WHEELS = {
    **wheel("shared", "1.0"),
    **wheel("shared", "2.0"),
    **wheel("left", "1.0", "shared==1.0"),
    **wheel("right", "1.0", "shared==2.0"),
    **wheel("olden", "1.0", python="<3.8"),
}
PIP = "RUN pip install --no-index --find-links /w"
COPY = "COPY wheels /w"


@pytest.fixture
def failure(engine, base_image, tmp_path):
    """The error of a build on the base image, of further lines."""

    def built(lines, files=()):
        job = make_job(tmp_path, f"FROM {base_image}\n{lines}\n", files, no_cache=True)
        with pytest.raises(BuildFailed) as failed:
            builder(engine, "engine-api").start(job, Heard()).wait()
        return failed.value

    return built


@pytest.mark.parametrize(
    ("lines", "code", "words"),
    [
        ("RUN apt-get update", "apt-not-root", "(line 2) ended with exit code 100: apt needs root"),
        (f"{COPY}\n{PIP} left right", "pip-conflict", "left==1.0 and right==1.0"),
        (f"{COPY}\n{PIP} olden", "pip-python-version", "The package olden needs Python <3.8"),
        (f"{COPY}\nRUN pip install –r /w/r.txt", "pip-en-dash", "'–r' begins with a dash"),
        ("RUN gcc --version", "command-not-found", "the command gcc is not in the image"),
        ("COPY gone.txt /", "copy-source-missing", "'gone.txt' is not in the build context"),
        ('SHELL ["/not/there"]\nRUN true', "program-missing", "the program /not/there"),
    ],
)
def test_a_failed_build_is_explained(failure, lines, code, words):
    error = failure(lines, {**WHEELS, "a.txt": ""})
    assert error.code == code
    assert words.lower() in error.message.lower()
    assert error.hint.endswith(f"%azureml_image explain {code}")


def test_a_build_that_fails_for_its_own_reason_says_that_the_cause_is_not_known(failure):
    error = failure("RUN echo something odd; exit 7")
    assert error.code == "run-failed"
    assert "something odd\nThe cause is not a known one" in error.hint


@pytest.fixture
def judged(engine, base_image, tmp_path):
    """The verdict on the base image with a script mounted, or with further lines."""
    made = []

    def rehearsed(script=SCRIPT, lines=None, **files):
        folder = tmp_path / "code"
        folder.mkdir()
        for name, text in {"score.py": script, **files}.items():
            (folder / name.replace("_", ".")).write_text(text)
        image = base_image
        if lines is not None:
            image = f"azureml-image-test/explain-{uuid.uuid4().hex[:8]}:1"
            made.append(image)
            job = make_job(tmp_path, f"FROM {base_image}\n{lines}\n", reference=image)
            builder(engine, "engine-api").start(job, Heard()).wait()
        mounts = Mounts(str(folder), "score.py")
        return rehearse(engine, image, Rehearsal(sample="{}", mounts=mounts), lambda event: None)

    yield rehearsed
    for name in made:
        engine.remove(name)


def is_explained(verdict, code, words):
    assert verdict.outcome == "failed"
    assert words in verdict.sentence
    assert verdict.hint.endswith(f"%azureml_image explain {code}")


def test_a_final_user_that_may_not_start_the_services_is_explained(judged):
    is_explained(judged(lines="USER nobody"), "wrong-user", "may not write below /var/runit")


def test_a_missing_server_is_explained(judged):
    verdict = judged(lines="USER root\nRUN rm $(command -v azmlinfsrv)\nUSER dockeruser")
    is_explained(verdict, "server-missing", "azureml-inference-server-http is missing")


@pytest.mark.parametrize(
    ("script", "code", "words"),
    [
        (
            "def init():\n    raise RuntimeError('no luck')\ndef run(data): pass\n",
            "init-raised",
            "RuntimeError: no luck (score.py, line 2)",
        ),
        ("def init(): pass\n", "run-missing", "does not have a run() function"),
        (
            "def init():\n    open('/etc/x', 'w')\ndef run(data): pass\n",
            "not-writable",
            "Permission denied: '/etc/x' (score.py, line 2)",
        ),
    ],
)
def test_an_error_of_the_script_is_told_in_its_own_words_and_explained(judged, script, code, words):
    is_explained(judged(script), code, words)


def test_a_config_file_that_is_not_the_servers_is_explained(judged):
    verdict = judged(config_json="{bad")
    is_explained(verdict, "bad-config", "is no JSON that the server can read")
