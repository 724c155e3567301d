"""On a builder that keeps no layers, what is installed is built once and built upon."""

import io
import secrets
import tarfile

import pytest

from jupyter_azureml_image import api
from jupyter_azureml_image.build.engine import Engine
from jupyter_azureml_image.events import Note, RunEnded, StepStarted


@pytest.fixture
def cell(tmp_path, inside, tiny_image):
    """Build in the sandbox's ACR; gives the result and what was told."""
    mark = secrets.token_hex(3)
    text = (
        f"FROM {tiny_image}\nARG WHO=nobody\nENV A=b\nCOPY requirements.txt /tmp/\n"
        f"RUN echo installed {mark} > /installed\nWORKDIR /app\nUSER 1000\n"
        'COPY code /app\nENV WHO=${WHO}\nCMD ["sh"]\n'
    )
    (tmp_path / "requirements.txt").write_text("six\n")
    (tmp_path / "code").mkdir()

    def run(script, **options):
        (tmp_path / "code" / "score.py").write_text(script)
        told = []
        build = api.build(
            f"deps-{mark}",
            text,
            context=tmp_path,
            build="acr",
            until="build",
            build_arg={"WHO": "me"},
            ignore="AML067,AML061",
            on_event=told.append,
            **options,
        )
        return build, told

    return run


def contents(archive):
    with tarfile.open(fileobj=io.BytesIO(archive)) as image:
        return {
            member.name: (member.mode, member.size, member.linkname)
            for member in image
            if not member.name.startswith(("dev", "etc/host", "etc/resolv", "proc", "sys"))
        }


def steps(told):
    return [event.title for event in told if isinstance(event, StepStarted)]


def test_a_changed_script_builds_only_what_follows_the_dependencies(cell):
    _, first = cell("one = 1\n")
    _, second = cell("one = 2\n")
    assert any(title.startswith("RUN echo installed") for title in steps(first))
    assert not any(title.startswith("RUN echo installed") for title in steps(second))
    assert any(title.startswith("COPY code") for title in steps(second))
    notes = [event.text for event in second if isinstance(event, Note)]
    assert any("which holds the dependencies" in text for text in notes)
    (end,) = [event for event in second if isinstance(event, RunEnded)]
    assert "is pushed; it is not registered" in end.sentence


def test_the_image_has_the_same_files_and_settings_as_without(cell, inside):
    upon, _ = cell("one = 1\n")
    version = upon.plan.version
    alone, told = cell("one = 1\n", no_dependency_image=True, no_cache=True)
    assert alone.plan.version == version
    assert not any(event.text.startswith("Built upon") for event in told if isinstance(event, Note))
    engine = Engine.connect()
    engine.sign_in = lambda server: inside.registry(server).sign_in()
    kept = []
    for build in (upon, alone):
        engine.pull(build.reference, lambda event: None)
        settings = engine.inspect(build.reference)["Config"]
        made = engine.client.create_container(
            build.reference, labels={"azureml-image.test": "spine"}
        )
        files = contents(b"".join(engine.client.export(made["Id"])))
        engine.client.remove_container(made["Id"])
        names = ("User", "WorkingDir", "Env", "Cmd", "Entrypoint")
        kept.append(({name: settings[name] for name in names}, files))
        engine.remove(build.reference)
    engine.close()
    assert kept[0] == kept[1]
    assert "WHO=me" in kept[0][0]["Env"]
