"""Engines, ways and jobs for the tests of the builders."""

import io
import json
import os
import tarfile
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import docker.errors

from jupyter_azureml_image.build.engine import Engine
from jupyter_azureml_image.build.local import local_builders
from jupyter_azureml_image.build.ports import BuildJob
from jupyter_azureml_image.context.manifest import resolve_context
from jupyter_azureml_image.dockerfile.evaluate import evaluate
from jupyter_azureml_image.dockerfile.parse import parse
from jupyter_azureml_image.events import LogLine, StepEnded, StepStarted, Transfer
from jupyter_azureml_image.plan.request import Recipe

LABEL = "azureml-image.test"
WAYS = ("buildx", "engine-api", "classic")


@contextmanager
def connected(host):
    engine = Engine.connect({**os.environ, "DOCKER_HOST": host})
    try:
        yield engine
    finally:
        _tidy(engine)
        engine.close()


def _tidy(engine):
    """Remove what lost its name to a later build of the same one: no test can remove it."""
    ours = {"dangling": True, "label": f"{LABEL}=build"}
    for image in engine.client.images(filters=ours):
        with suppress(docker.errors.APIError):  # in use by another run of the tests
            engine.client.remove_image(image["Id"])


def docker_config(folder: Path, plugin: Path, **more) -> Path:
    """A docker configuration that knows the buildx plugin, and nothing of the user's."""
    folder.mkdir(parents=True, exist_ok=True)
    settings = {"cliPluginsExtraDirs": [str(plugin.parent)], **more}
    (folder / "config.json").write_text(json.dumps(settings))
    return folder


def builder(engine, way):
    found = local_builders(engine, way)
    assert found, f"the way '{way}' is not there"
    return found[0]


@dataclass
class Heard:
    """All events of a run, in order."""

    events: list = field(default_factory=list)

    def __call__(self, event):
        self.events.append(event)

    def of(self, kind):
        return [event for event in self.events if isinstance(event, kind)]

    @property
    def steps(self):
        """(title, line, outcome) of the Dockerfile's own steps, in the order they began."""
        ended = {event.step: event.outcome for event in self.of(StepEnded)}
        return [
            (event.title, event.line, ended.get(event.step))
            for event in self.of(StepStarted)
            if event.line is not None
        ]

    @property
    def open_steps(self):
        ended = {event.step for event in self.of(StepEnded)}
        return [event for event in self.of(StepStarted) if event.step not in ended]

    def said(self, title):
        """The output of the step with this title."""
        step = next(event.step for event in self.of(StepStarted) if event.title == title)
        return [event.text for event in self.of(LogLine) if event.step == step]

    def moved(self, what):
        return [event.done for event in self.of(Transfer) if event.what == what]


def write(folder: Path, files: dict) -> Path:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def make_job(
    folder: Path, text: str, files=(), *, reference="azureml-image-test/built:1", **recipe
):
    """A job for `text` in a context of `files`, resolved as the pipeline does."""
    context = write(folder / "context", dict(files))
    dockerfile = parse(text)
    reach = None
    if not dockerfile.faults:
        reach = evaluate(dockerfile, build_args=recipe.get("build_args", ())).context_sources
    manifest = resolve_context(context, dockerfile=recipe.get("path"), reach=reach)
    return BuildJob(
        run_id="test-run",
        folder=folder / "run",
        recipe=Recipe(text, **recipe),
        manifest=manifest,
        reference=reference,
        labels={LABEL: "build"},
    )


def listing(engine, image, path):
    """Paths below `path` in an image, with the contents of files."""
    made = engine.client.create_container(image, command=["-"], labels={LABEL: "build"})["Id"]
    try:
        stream, _ = engine.client.get_archive(made, path)
        with tarfile.open(fileobj=io.BytesIO(b"".join(stream))) as archive:
            found = {}
            for member in archive:
                name = member.name.partition("/")[2]
                if name:
                    held = archive.extractfile(member) if member.isfile() else None
                    found[name] = held.read() if held else member.linkname or None
            return found
    finally:
        engine.client.remove_container(made, force=True)


def traces(engine, marker, since=600):
    """Containers and images, named or not, that a build of commands with `marker` left."""
    containers = [
        each["Id"]
        for each in engine.client.containers(all=True)
        if marker in str(each.get("Command"))
    ]
    images = [
        each["Id"]
        for each in engine.client.images(all=True)
        if each["Created"] > time.time() - since and marker in _last_command(engine, each["Id"])
    ]
    return containers, images


def _last_command(engine, image):
    try:
        return str((engine.client.history(image) or [{}])[0].get("CreatedBy"))
    except docker.errors.APIError:  # somebody else's image, gone meanwhile
        return ""
