"""The blocks of a canonical Azure ML Dockerfile, one function to write each of them."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterable

from ..errors import BadUsage
from .blanks import SPACES

ROOT = "root:root"
CODE_DIR = "/var/azureml-app"
MODEL_DIR = "/var/azureml-app/azureml-models"
REQUIREMENTS = "/tmp/requirements.txt"  # noqa: S108  a path inside the image
CONDA = "/tmp/conda.yml"  # noqa: S108  a path inside the image
APT_LISTS = "/var/lib/apt/lists/*"
CONDA_UPDATE = f"conda env update -p $AZUREML_CONDA_ENVIRONMENT_PATH -f {CONDA}"
"""The one environment that an inference image serves from; a named one would stay unused."""

_PLAIN_PATH = re.compile(r"[\w./@%+=:,~{}$-]+", re.ASCII)
_PLAIN_VALUE = re.compile(r"[^'\"\\]+")
VARIABLE = re.compile(r"[^\s='\"\\$]+")
BASE = re.compile(r"[^\s'\"\\`]+")
_INDENT = "    "


def from_line(base: str, platform: str, name: str) -> str:
    """FROM."""
    if not all(BASE.fullmatch(word) for word in (base, platform or "-", name or "-")):
        raise BadUsage(
            f"{base!r} cannot be the name of a base image.",
            hint="Give a reference such as mcr.microsoft.com/azureml/NAME:TAG.",
        )
    flag = f"--platform={platform} " if platform else ""
    return f"FROM {flag}{base}" + (f" AS {name}" if name else "")


def user(name: str) -> str:
    """USER."""
    return f"USER {_value(name)}"


def apt(packages: Iterable[str], *, recommends: bool) -> str:
    """Update, install and clean up in one layer, so that no layer keeps the package lists."""
    less = "" if recommends else " --no-install-recommends"
    names = "".join(f"{_INDENT * 2}{shlex.quote(one_line(name))} \\\n" for name in packages)
    return (
        f"RUN apt-get update && \\\n{_INDENT}apt-get install -y{less} \\\n{names[:-3]} && \\\n"
        f"{_INDENT}apt-get clean && \\\n{_INDENT}rm -rf {APT_LISTS}"
    )


def pip(requirements: Iterable[str]) -> str:
    """Packages by name; the cache stays out of the layer."""
    names = " \\\n".join(_INDENT + shlex.quote(one_line(name)) for name in requirements)
    return f"RUN pip install --no-cache-dir \\\n{names}"


def requirements_file(path: str) -> str:
    """Packages from a requirements file of the context."""
    return f"{copy(path, REQUIREMENTS)}\nRUN pip install --no-cache-dir -r {REQUIREMENTS}"


def conda_file(path: str) -> str:
    """Packages from a conda file of the context."""
    return f"{copy(path, CONDA)}\nRUN {CONDA_UPDATE}"


def env(name: str, value: str) -> str:
    """ENV with one variable. A `$NAME` in the value is replaced, a `\\$` is a dollar."""
    if not VARIABLE.fullmatch(name):
        raise BadUsage(
            f"{name!r} cannot be the name of an environment variable.",
            hint="Use letters, digits and underscores.",
        )
    return f"ENV {name}={_value(value)}"


def model(path: str, folder: str) -> str:
    """The model's files, and the variable that tells the entry script where they are."""
    folder = folder.rstrip("/")
    return f"{copy(path, folder + '/')}\n{env('AZUREML_MODEL_DIR', folder)}"


def code(path: str) -> str:
    """The code folder's files."""
    return copy(path, CODE_DIR + "/")


def copy(source: str, destination: str) -> str:
    """COPY; as a JSON array where a path holds a blank or another character that means something.

    A source may be a glob.
    """
    paths = (one_line(source), one_line(destination))
    if all(_PLAIN_PATH.fullmatch(path) for path in paths) and not source.startswith("--"):
        return f"COPY {paths[0]} {paths[1]}"
    escaped = [re.sub(r"\\(?!\$)|['\"]", lambda m: "\\" + m.group(), path) for path in paths]
    return f"COPY {json.dumps(escaped, ensure_ascii=False)}"


def one_line(text: str) -> str:
    """`text`, if it can stand on a line of a Dockerfile; raises BadUsage if it cannot."""
    if "\n" in text or "\r" in text or "\0" in text or not text.strip(SPACES):
        raise BadUsage(
            f"{text!r} cannot stand in a Dockerfile.", hint="Give one line of text, not empty."
        )
    return text


def _value(value: str) -> str:
    """A value as a Dockerfile word, in double quotes where it needs them."""
    if value:
        one_line(value if value.strip(SPACES) else value + ".")
    if value and _PLAIN_VALUE.fullmatch(value) and not any(c in SPACES for c in value):
        return value
    escaped = re.sub(r"\\(?!\$)|\"", lambda match: "\\" + match.group(), value)
    return f'"{escaped}"'
