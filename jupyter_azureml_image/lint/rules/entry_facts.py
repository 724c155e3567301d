"""What the entry script needs from the image: packages, folders, its configuration."""

from __future__ import annotations

import json
import posixpath
from collections.abc import Iterator

from ..entry import app_root
from ..links import (
    EXTEND,
    MODULE_ISSUE,
    SERVER_SOURCE,
    TROUBLESHOOT_ENDPOINTS,
    TROUBLESHOOT_IMAGES,
)
from ..places import may_make
from ..provided import may_bring, provided
from ..rule import About, Example, Finding, rule
from ..script import Import, Script
from ..subject import Subject


def _script(subject: Subject) -> Script | None:
    script = subject.entry.script
    return script if script is not None and not script.problem else None


@rule(
    About(
        "AML025",
        "warning",
        "The entry script writes where it may not",
        why="Copied files belong to root and the server runs as dockeruser: writing below "
        "/var/azureml-app, or to a relative path, ends in 'Permission denied'.",
        remedy="Write to /tmp, or COPY with --chown=dockeruser.",
        example=Example(
            "def run(data):\n    open('last.json', 'w').write(data)\n",
            "def run(data):\n    open('/tmp/last.json', 'w').write(data)\n",
        ),
        sources=(TROUBLESHOOT_IMAGES,),
    )
)
def writes_beside_code(subject: Subject) -> Iterator[Finding]:
    """Literal paths that are opened for writing."""
    script = _script(subject)
    if script is None or not subject.serving:
        return
    if any(copy.chown for copy in subject.copies):
        return
    for path, line in script.writes:
        inside = path.startswith(("/var/azureml-app", "AZUREML_MODEL_DIR"))
        if inside or not path.startswith("/"):
            yield Finding(
                subject.entry.span, f"{script.path}, line {line}: {path} is opened for writing"
            )


def _imported(script: Script, *starts: str) -> Import | None:
    for one in script.imports:
        if any(one.module == s or one.module.startswith(s + ".") for s in starts):
            return one
    return None


@rule(
    About(
        "AML065",
        "warning",
        "azureml.contrib.services",
        why="The module exists only as a redirect inside the server: a test that imports the "
        "script outside of it fails.",
        remedy="Import from azureml_inference_server_http.api.",
        example=Example(
            "from azureml.contrib.services.aml_request import AMLRequest, rawhttp\n",
            "from azureml_inference_server_http.api.aml_request import AMLRequest, rawhttp\n",
        ),
        sources=(SERVER_SOURCE,),
    )
)
def contrib_services(subject: Subject) -> Iterator[Finding]:
    """Any import of it."""
    script = _script(subject)
    found = _imported(script, "azureml.contrib.services") if script else None
    if script and found:
        yield Finding(subject.entry.span, f"{script.path}, line {found.line}: {found.module}")


@rule(
    About(
        "AML066",
        "warning",
        "The script uses the Azure ML SDK v1",
        why="SDK v1 lost support on 2026-06-30, and azureml-core is not in the minimal images: "
        "Model.get_model_path is not needed there either.",
        remedy="Take the folder from os.environ['AZUREML_MODEL_DIR'].",
        example=Example(
            "from azureml.core.model import Model\n\npath = Model.get_model_path('m')\n",
            "import os\n\npath = os.path.join(os.environ['AZUREML_MODEL_DIR'], 'model.pkl')\n",
        ),
        sources=(EXTEND,),
    )
)
def sdk_v1(subject: Subject) -> Iterator[Finding]:
    """Imports of azureml.core and its kin."""
    script = _script(subject)
    found = (
        _imported(script, "azureml.core", "azureml.train", "azureml.pipeline", "azureml.data")
        if script
        else None
    )
    if script and found:
        yield Finding(
            subject.entry.span, f"{script.path}, line {found.line}: {found.module} is SDK v1"
        )


@rule(
    About(
        "AML067",
        "error",
        "The script imports what the image does not have",
        why="The server imports the script before it serves: ModuleNotFoundError ends the "
        "container.",
        remedy="Add the package to requirements.txt (or to the pip install).",
        example=Example(
            "FROM mcr.microsoft.com/azureml/minimal-py312-inference:latest\n"
            "# score.py: import sklearn\nCOPY code /var/azureml-app\n"
            "ENV AZUREML_ENTRY_SCRIPT=score.py\n",
            "FROM mcr.microsoft.com/azureml/minimal-py312-inference:latest\n"
            "RUN pip install --no-cache-dir scikit-learn==1.6.1\nCOPY code /var/azureml-app\n"
            "ENV AZUREML_ENTRY_SCRIPT=score.py\n",
        ),
        sources=(TROUBLESHOOT_ENDPOINTS, MODULE_ISSUE),
    )
)
def missing_package(subject: Subject) -> Iterator[Finding]:
    """Only where every package of the image is known and no other can bring the module."""
    script = _script(subject)
    if script is None or subject.mounts.code:
        return
    there = provided(subject)
    if there is None or not subject.places.complete():
        return
    local = _local_modules(subject)
    said: set[str] = set()
    for one in script.imports:
        top = one.module.split(".")[0]
        if one.guarded or top in said or top in there or top in local:
            continue
        said.add(top)
        certain = not may_bring(subject, top) and not may_make(subject, app_root(subject))
        if certain:
            yield Finding(
                subject.entry.span,
                f"{script.path}, line {one.line}: nothing in this image provides {top}",
            )


def _local_modules(subject: Subject) -> set[str]:
    """Modules and packages among the copied code, wherever it lands."""
    found: set[str] = set()
    for path in subject.places.landed:
        parts = path.split("/")
        found |= set(parts[:-1])
        if path.endswith((".py", ".so")):
            found.add(parts[-1].split(".")[0])
    return found


@rule(
    About(
        "AML068",
        "warning",
        "A config.json that the server will read",
        why="The server takes a config.json in the app root or beside the script for its own "
        "configuration: a list, or a text that is no JSON, stops it (exit code 3).",
        remedy="Rename the file, or set AZUREML_CONFIG_FILE to the server's own.",
        example=Example("code/config.json: [1, 2, 3]\n", "code/model_config.json: [1, 2, 3]\n"),
        sources=(SERVER_SOURCE,),
    )
)
def foreign_config(subject: Subject) -> Iterator[Finding]:
    """A config.json that is not a JSON object."""
    if not subject.serving or subject.variable("AZUREML_CONFIG_FILE"):
        return
    folders = {app_root(subject)}
    if subject.entry.image_path:
        folders.add(posixpath.dirname(subject.entry.image_path))
    for folder in sorted(folders):
        path = subject.places.context_path(f"{folder}/config.json")
        text = subject.read_text(path) if path else None
        if text is None:
            continue
        try:
            value = json.loads(text)
        except ValueError:
            value = None
        if not isinstance(value, dict):
            copy = subject.places.landed[f"{folder}/config.json"].copy
            yield Finding(
                subject.dockerfile.instructions[copy.instruction].span,
                f"The server will read {path} as its own configuration, and it is no JSON object",
            )
