"""Defects planted into working contexts: each a small change, and the code that must tell it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from benchmarks.check_input import SCORE, SIXTY_LINES
from jupyter_azureml_image.context.manifest import ContextEntry, ContextManifest
from jupyter_azureml_image.dockerfile.parse import parse
from jupyter_azureml_image.lint.check import CheckInput, check
from jupyter_azureml_image.lint.diagnostic import Diagnostic

_SMALL = """FROM mcr.microsoft.com/azureml/minimal-py312-inference:latest
USER root:root
COPY requirements.txt /tmp/requirements.txt
RUN apt-get update && \\
    apt-get install -y --no-install-recommends \\
    libpng-tools \\
    curl && \\
    rm -rf /var/lib/apt/lists/*
RUN pip install --no-cache-dir -r /tmp/requirements.txt
USER dockeruser
COPY code /var/azureml-app
ENV AZUREML_ENTRY_SCRIPT=score.py
COPY model /var/azureml-app/azureml-models
ENV AZUREML_MODEL_DIR=/var/azureml-app/azureml-models
"""
_CURATED = _SMALL.replace(
    "azureml/minimal-py312-inference:latest", "azureml/curated/minimal-py311-inference:12"
)
_FILES = {
    "requirements.txt": "numpy==2.2.3\nscikit-learn==1.6.1\njoblib==1.4.2\n",
    "code/score.py": SCORE,
    "model/model.pkl": "model",
}


@dataclass(frozen=True)
class Case:
    """A Dockerfile and the files of its context."""

    text: str
    files: dict[str, str]


CONTEXTS = tuple(Case(text, _FILES) for text in (SIXTY_LINES, _SMALL, _CURATED))
Plant = Callable[[Case], "Case | None"]


def text(pattern: str, put: str) -> Plant:
    """Changes the text once; None where the pattern is not in it."""

    def plant(case: Case) -> Case | None:
        changed, count = re.subn(pattern, put, case.text, count=1, flags=re.MULTILINE)
        return Case(changed, case.files) if count else None

    return plant


def add(line: str) -> Plant:
    """Adds a line before the last USER."""
    return lambda case: Case(_before_user(case.text, line), case.files)


def end(line: str) -> Plant:
    """Adds a line at the end."""
    return lambda case: Case(case.text + line + "\n", case.files)


def file(path: str, change: Callable[[str], str]) -> Plant:
    """Changes a file of the context."""
    return lambda case: Case(case.text, {**case.files, path: change(case.files.get(path, ""))})


def _before_user(whole: str, line: str) -> str:
    head, _, tail = whole.rpartition("USER dockeruser\n")
    return f"{head}{line}\nUSER dockeruser\n{tail}"


def _prefix(line: str) -> Callable[[str], str]:
    return lambda content: line + content


def _swap(old: str, new: str) -> Callable[[str], str]:
    return lambda content: content.replace(old, new)


_BASE = r"azureml/\S*inference:\S+"
_LISTS = "rm -rf /var/lib/apt/lists/*"
_INSTALL = "apt-get install -y --no-install-recommends wget"
_OLD = "azureml/minimal-ubuntu22.04-py39-cpu-inference:latest"
_RETIRED = "azureml/sklearn-0.24.1-ubuntu18.04-py37-cpu-inference:latest"
_WRITES = "    open('last.json', 'w').write(data)\n    rows ="
_MODELS = "MODEL_DIR=/var/azureml-app/models"
_INDEX = "https://me:secret@example.org/simple"
PLANTED: tuple[tuple[str, Plant], ...] = (
    ("AML001", text(r"--no-cache-dir (?=.*-r /tmp)", "\u2013\u2013no-cache-dir ")),
    ("AML001", text(r" -r /tmp/requirements", " \u2013r /tmp/requirements")),
    ("AML001", text(r"libpng-tools \\$", "libpng-tools \\\\\u00a0")),
    ("AML002", text(r"(?<=FROM mcr.microsoft.com/azureml/)\S+", "<image_name>:<tag>")),
    ("AML002", text(r"COPY code ", "COPY <local_code_directory> ")),
    ("AML003", text(r"libpng-tools \\$", "libpng-tools")),
    ("AML004", text(r"^ENV AZUREML_ENTRY", "EVN AZUREML_ENTRY")),
    ("AML006", lambda case: Case(case.text.replace("\n", "\r\n"), case.files)),
    ("AML007", text(r"^(COPY code .*)$", r"\1 # the code")),
    ("AML010", text(_BASE, _RETIRED)),
    ("AML012", text(_BASE, _OLD)),
    ("AML013", text(r"(?<=inference):\S+", "")),
    ("AML016", text(_BASE, "azureml/openmpi5.0-ubuntu24.04:20250701.v1")),
    ("AML018", text(_BASE, "azureml/curated/mlflow-py312-inference:12")),
    ("AML020", text(r"^USER dockeruser\n", "")),
    ("AML021", text(r"^USER root:root\n", "")),
    ("AML022", end("USER nobody")),
    ("AML025", file("code/score.py", _swap("    rows =", _WRITES))),
    ("AML030", add(f"RUN {_INSTALL} && {_LISTS}")),
    ("AML031", add(f"RUN apt-get update && {_INSTALL.replace(' -y', '')} && {_LISTS}")),
    ("AML032", add(f"RUN apt-get update && {_INSTALL}")),
    ("AML034", text(r"libpng-tools", "python3-numpy")),
    ("AML040", add("RUN pip install --no-cache-dir pandas")),
    ("AML040", file("requirements.txt", _swap("==2.2.3", ""))),
    ("AML042", add("RUN pip install --no-cache-dir pandas>=2")),
    ("AML043", add("RUN conda install -y -n other -c conda-forge numpy=2.2")),
    ("AML045", add("RUN pip install --no-cache-dir /tmp/a-1-cp37-cp37m-manylinux1_x86_64.whl")),
    ("AML046", add("RUN pip install --no-cache-dir flask==1.1.4")),
    ("AML047", add("RUN conda install -y -c anaconda -p /azureml-envs/minimal numpy=2.2")),
    ("AML050", text(r"COPY model ", "COPY modell ")),
    ("AML052", text(r"COPY code ", "COPY . ")),
    ("AML054", text(r"COPY code /", "COPY code ")),
    ("AML060", text(r"ENTRY_SCRIPT=score.py", "ENTRY_SCRIPT=scoring.py")),
    ("AML061", file("code/score.py", _swap("def run(", "def predict("))),
    ("AML061", file("code/score.py", _swap("def init(", "def setup("))),
    ("AML062", file("code/score.py", _swap("def run(data)", "def run(*args)"))),
    ("AML063", file("code/score.py", _swap("def run(", "async def run("))),
    ("AML066", file("code/score.py", _prefix("from azureml.core.model import Model\n"))),
    ("AML067", file("code/score.py", _prefix("import torch\n"))),
    ("AML068", file("code/config.json", lambda _: "[1, 2]")),
    ("AML069", text(r"^ENV AZUREML_ENTRY_SCRIPT.*\n", "")),
    ("AML070", text(r"MODEL_DIR=/var/azureml-app/azureml-models", _MODELS)),
    ("AML070", file("code/score.py", _swap("model.pkl", "other.pkl"))),
    ("AML080", end('CMD ["python", "score.py"]')),
    ("AML081", end('CMD ["serve", "--port", "$PORT"]')),
    ("AML084", end("ENV SERVER_PORT=8080")),
    ("AML090", end("ENV STORAGE_KEY=c2VjcmV0LXZhbHVlLW5vdC1yZWFs")),
    ("AML090", end(f"RUN pip install --no-cache-dir --index-url {_INDEX} x==1")),
    ("AML100", text(r"FROM mcr", "FROM --platform=linux/arm64 mcr")),
)  # fmt: skip


def found(case: Case) -> tuple[Diagnostic, ...]:
    """The findings on a case."""
    folders = {path.rpartition("/")[0] for path in case.files} - {""}
    entries = [ContextEntry(path, "directory", 0o755) for path in folders]
    entries += [ContextEntry(p, "file", 0o644, len(c), "0" * 64) for p, c in case.files.items()]
    manifest = ContextManifest("/context", None, tuple(sorted(entries, key=lambda e: e.path)))

    def read(path: str) -> bytes | None:
        return case.files[path].encode() if path in case.files else None

    return check(CheckInput(parse(case.text), manifest=manifest, read=read))


def planted() -> Iterator[tuple[str, int, bool]]:
    """Every defect that can be planted: its code, the context's number, and whether it is told."""
    for code, plant in PLANTED:
        for number, case in enumerate(CONTEXTS):
            changed = plant(case)
            if changed is not None and changed != case:
                yield code, number, code in {d.code for d in found(changed)}
