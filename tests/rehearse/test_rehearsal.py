"""Real images are started as Azure ML would start them, judged, and removed."""

import json
import os
import shutil
import subprocess
import sys
import threading
import time

import pytest

from jupyter_azureml_image import api
from jupyter_azureml_image.build import leaving
from jupyter_azureml_image.build.owner import OWNER_LABEL, owner, sweep
from jupyter_azureml_image.errors import BadUsage, BuilderUnavailable, Cancelled
from jupyter_azureml_image.events import LogLine, Note, StepEnded
from jupyter_azureml_image.plan.request import Mounts, Rehearsal, Routes
from jupyter_azureml_image.rehearse import rehearse
from tests.build.engines import Heard

SAMPLE = '{"data": [1, 2]}'


def judged(engine, image, **wanted):
    heard = Heard()
    verdict = rehearse(engine, image, Rehearsal(**wanted), heard)
    assert not heard.open_steps
    leaving.all_gone()
    assert left_of(engine, image) == []
    return verdict, heard


def left_of(engine, image):
    """The containers of an image, but for those that another process of this machine works with."""
    found = [each for each in engine.client.containers(all=True) if each["Image"] == image]
    return [each for each in found if each["Labels"].get(OWNER_LABEL) in (None, owner())]


def test_an_answered_sample_is_served(engine, baked):
    verdict, heard = judged(engine, baked, sample=SAMPLE)
    assert verdict.outcome == "served"
    assert verdict.sentence.startswith("The sample was answered with 200 in ")
    answer = json.loads(verdict.answer)
    assert answer == {"got": {"data": [1, 2]}, "model": "a model", "in": "/var/azureml-app"}
    assert verdict.status == 200
    assert verdict.ready_seconds > 0
    assert verdict.score_seconds > 0
    assert [event.outcome for event in heard.of(StepEnded)] == ["done", "done"]


def test_without_a_sample_the_sentence_says_that_none_was_posted(engine, baked):
    verdict, _ = judged(engine, baked)
    assert verdict.outcome == "served"
    assert "describes its interface; no sample was posted to /score" in verdict.sentence


def test_an_image_without_an_entry_script_is_started_with_a_built_in_one(engine, base_image):
    verdict, heard = judged(engine, base_image, sample=SAMPLE)
    assert verdict.outcome == "started"
    assert "holds no entry script, so a built-in one was mounted" in verdict.sentence
    assert verdict.cause is None
    assert heard.of(Note) == []


def test_a_package_that_was_asked_for_and_does_not_import_is_named(engine, image):
    broken = image(
        "USER root\n"
        "RUN d=$(dirname $(dirname $(python -c 'import gunicorn; print(gunicorn.__file__)'))) "
        "&& mkdir $d/odd_thing $d/odd_thing-1.dist-info "
        "&& echo 'import no_such_library' > $d/odd_thing/__init__.py "
        "&& printf 'Name: odd-thing\\nVersion: 1\\n' > $d/odd_thing-1.dist-info/METADATA "
        "&& touch $d/odd_thing-1.dist-info/REQUESTED "
        "&& echo odd_thing/__init__.py,, > $d/odd_thing-1.dist-info/RECORD\n"
        "USER dockeruser"
    )
    verdict, heard = judged(engine, broken)
    assert verdict.outcome == "started"
    assert "odd_thing (ModuleNotFoundError: No module named 'no_such_library')" in verdict.sentence
    assert heard.of(Note)[0].level == "warning"


def test_mounted_code_and_model_lie_where_the_platform_puts_them(engine, base_image, code):
    mounts = Mounts(str(code / "my code"), "score.py", str(code / "m"))
    verdict, _ = judged(engine, base_image, sample=SAMPLE, mounts=mounts)
    assert verdict.outcome == "served"
    answer = json.loads(verdict.answer)
    assert answer["model"] == "mounted model"
    assert answer["in"] == "/var/azureml-app/my-code"
    verdict, _ = judged(engine, base_image, mounts=mounts)
    assert verdict.outcome == "started"
    assert f"with the code of {code / 'my code'}" in verdict.sentence


def test_mounted_files_that_only_their_owner_may_read_are_the_servers_to_read(
    engine, base_image, code, tmp_path
):
    shutil.copytree(code, tmp_path / "closed")
    for path in (tmp_path / "closed").rglob("*"):
        path.chmod(0o700 if path.is_dir() else 0o600)
    mounts = Mounts(f"{tmp_path}/closed/my code", "score.py", f"{tmp_path}/closed/m")
    verdict, _ = judged(engine, base_image, sample=SAMPLE, mounts=mounts)
    assert verdict.outcome == "served"
    assert "mounted model" in verdict.answer


def test_a_training_image_is_not_rehearsed(engine, training_image):
    verdict, heard = judged(engine, training_image, sample=SAMPLE)
    assert verdict.outcome == "not applicable"
    assert "There is no inference server in the image" in verdict.sentence
    assert heard.events == []


@pytest.mark.parametrize(
    ("lines", "script", "cause", "hint"),
    [
        (
            "COPY score.py /var/azureml-app/score.py\nENV AZUREML_ENTRY_SCRIPT=score.py",
            "import cv2\ndef init(): pass\ndef run(data): pass\n",
            "ModuleNotFoundError: No module named 'cv2' (score.py, line 1)",
            "RUN pip install opencv-python-headless",
        ),
        (
            "COPY score.py /var/azureml-app/score.py\nENV AZUREML_ENTRY_SCRIPT=score.py",
            "def init():\n    raise RuntimeError('no luck')\ndef run(data): pass\n",
            "RuntimeError: no luck (score.py, line 2)",
            None,
        ),
        (
            "ENV AZUREML_ENTRY_SCRIPT=gone.py",
            "",
            "the entry script /var/azureml-app/gone.py is not in the image",
            "COPY it there",
        ),
        (
            "COPY score.py /var/azureml-app/score.py\nENV AZUREML_ENTRY_SCRIPT=score.py\n"
            "USER nobody",
            "def init(): pass\ndef run(data): pass\n",
            "its services may not write below /var/runit",
            "USER dockeruser",
        ),
        (
            'ENV AZUREML_ENTRY_SCRIPT=score.py\nCMD ["echo", "hello"]',
            "",
            "its command (echo hello) ended at once",
            'CMD ["runsvdir", "/var/runit"]',
        ),
        (
            'ENV AZUREML_ENTRY_SCRIPT=score.py\nENTRYPOINT ["/not/there"]',
            "",
            "",
            None,
        ),
    ],
    ids=["import", "init", "script", "user", "command", "program"],
)
def test_a_server_that_does_not_start_is_failed_with_its_cause(
    engine, image, lines, script, cause, hint
):
    verdict, _ = judged(engine, image(lines, script), sample=SAMPLE)
    assert verdict.outcome == "failed"
    assert cause in verdict.sentence
    if hint:
        assert hint in verdict.hint


def test_an_error_while_scoring_is_failed_with_the_answer_and_the_cause(engine, image):
    script = "def init(): pass\ndef run(data):\n    raise ValueError('bad row')\n"
    lines = "COPY score.py /var/azureml-app/score.py\nENV AZUREML_ENTRY_SCRIPT=score.py"
    verdict, heard = judged(engine, image(lines, script), sample=SAMPLE)
    assert verdict.outcome == "failed"
    assert verdict.sentence == (
        "/score answered 500 to the sample: ValueError: bad row (score.py, line 3)."
    )
    assert verdict.status == 500
    assert "unexpected error occurred in scoring script" in verdict.answer
    assert any("ValueError: bad row" in line for line in verdict.log)
    assert any("ValueError: bad row" in event.text for event in heard.of(LogLine))


def test_a_server_that_listens_elsewhere_is_given_up_after_the_limit(engine, baked):
    routes = Routes(port=5002)
    verdict, _ = judged(engine, baked, routes=routes, seconds=1.5)
    assert verdict.outcome == "failed"
    assert "nothing answered GET / on port 5002 within 2 s" in verdict.sentence
    assert "--port" in verdict.hint


@pytest.mark.parametrize("command", ["CMD", "HEALTHCHECK CMD false\nVOLUME /data\nCMD"])
def test_a_probe_that_is_answered_badly_is_told_with_its_status(engine, image, tiny_image, command):
    own = image(f'EXPOSE 8080\n{command} ["httpd", "-f", "-p", "8080"]', base=tiny_image)
    routes = Routes(port=8080, liveness="/livez", readiness="/readyz")
    verdict, _ = judged(engine, own, routes=routes, seconds=1.0)
    assert verdict.outcome == "failed"
    assert verdict.sentence == (
        "The server did not become ready: GET /livez on port 8080 still answered 404 after 1 s."
    )
    assert "--liveness-route" in verdict.hint
    assert "0.0.0.0" not in verdict.hint


def test_a_sample_that_cannot_be_written_as_utf_8_is_still_posted(engine, baked):
    verdict, _ = judged(engine, baked, sample='{"name": "\ud800"}')
    assert verdict.outcome == "served"
    assert '"name"' in verdict.answer


def test_a_route_may_hold_any_character(engine, image, tiny_image):
    own = image(
        "RUN mkdir -p '/www/lebt es' && echo alive > '/www/lebt es/größe'\n"
        'EXPOSE 8080\nCMD ["httpd", "-f", "-p", "8080", "-h", "/www"]',
        base=tiny_image,
    )
    routes = Routes(
        port=8080, liveness="/lebt es/größe", readiness="/lebt%20es/gr%C3%B6%C3%9Fe?a=b"
    )
    verdict, _ = judged(engine, own, routes=routes, seconds=20.0)
    assert verdict.outcome == "served"


def test_a_server_of_ones_own_is_judged_by_its_own_routes(engine, image, tiny_image):
    own = image(
        "RUN mkdir -p /www && echo fine > /www/index.html && echo alive > /www/alive\n"
        'EXPOSE 8080\nCMD ["httpd", "-f", "-p", "8080", "-h", "/www"]',
        base=tiny_image,
    )
    routes = Routes(port=8080, liveness="/alive", readiness="/")
    verdict, _ = judged(engine, own, routes=routes)
    assert verdict.outcome == "served"


def test_several_run_at_once(engine, baked):
    verdicts = []
    threads = [
        threading.Thread(
            target=lambda: verdicts.append(
                rehearse(engine, baked, Rehearsal(sample=SAMPLE), lambda event: None)
            )
        )
        for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [verdict.outcome for verdict in verdicts] == ["served"] * 3


@pytest.mark.parametrize("when", ["starting", "scoring"])
def test_a_cancelled_rehearsal_leaves_no_container(engine, image, when):
    script = "import time\ndef init(): pass\ndef run(data):\n    time.sleep(600)\n"
    lines = "COPY score.py /var/azureml-app/score.py\nENV AZUREML_ENTRY_SCRIPT=score.py"
    name = image(lines, script)
    heard = Heard()

    def cancelled():
        wanted = "rehearse-start" if when == "starting" else "rehearse-score"
        return any(getattr(event, "step", "") == wanted for event in heard.events)

    with pytest.raises(Cancelled):
        rehearse(engine, name, Rehearsal(sample=SAMPLE), heard, cancelled)
    assert not heard.open_steps
    assert left_of(engine, name) == []


def test_an_interrupt_leaves_no_container(engine, baked):
    def interrupted():
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        rehearse(engine, baked, Rehearsal(), lambda event: None, interrupted)
    assert left_of(engine, baked) == []


def test_what_a_killed_kernel_left_is_swept_by_the_next_rehearsal(engine, engine_host, baked):
    kernel = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import sys\n"
            "from jupyter_azureml_image.plan.request import *\n"
            "from jupyter_azureml_image.rehearse import rehearse\n"
            "from tests.build.engines import connected\n"
            "say = lambda event: print(event, flush=True)\n"
            "with connected(sys.argv[1]) as engine:\n"
            "    rehearse(engine, sys.argv[2], Rehearsal(routes=Routes(port=5002)), say)\n",
            engine_host,
            baked,
        ],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.getcwd()},  # noqa: PTH109
    )
    kernel.stdout.readline()

    def orphans():
        found = engine.client.containers(all=True, filters={"label": OWNER_LABEL})
        return [each for each in found if each["Image"] == baked]

    deadline = time.monotonic() + 60
    while not orphans() and time.monotonic() < deadline:
        time.sleep(0.05)
    sweep(engine)
    assert len(orphans()) == 1
    kernel.kill()
    kernel.communicate()
    sweep(engine)
    assert orphans() == []


def test_a_run_that_is_over_has_left_no_container(
    engine, engine_host, baked, tmp_path, monkeypatch
):
    monkeypatch.setenv("DOCKER_HOST", engine_host)
    made = api.build("over", f"FROM {baked}\n", context=tmp_path, until="rehearse", build="local")
    left = engine.client.containers(all=True, filters={"ancestor": made.local_reference})
    leaving.all_gone()
    engine.remove(made.local_reference)
    assert made.verdict.outcome == "served"
    assert left == []


def test_an_image_that_is_gone_is_a_sentence(engine):
    with pytest.raises(BuilderUnavailable) as failed:
        rehearse(engine, "azureml-image-test/never:1", Rehearsal(), lambda event: None)
    assert "does not hold the image 'azureml-image-test/never:1'" in failed.value.message


def test_what_cannot_be_mounted_is_told_before_anything_starts(engine, base_image, tmp_path):
    for mounts, words in (
        (Mounts(code="/not/there", scoring_script="s.py"), "--code /not/there is not a folder"),
        (Mounts(code=str(tmp_path), scoring_script="s.py"), "--scoring-script s.py is not in"),
        (Mounts(code=str(tmp_path)), "not which script in it is the entry"),
        (Mounts(model="/not/there"), "--model /not/there is not a file or folder"),
    ):
        with pytest.raises(BadUsage) as failed:
            rehearse(engine, base_image, Rehearsal(mounts=mounts), lambda event: None)
        assert words in failed.value.message
