"""Names: of an environment, of its repository in a registry, of its image in the engine."""

from __future__ import annotations

import re

from ..errors import BadUsage

# azure-ai-ml's own rule for environment names (facts of its REST layer, 1.35.2).
_ENVIRONMENT = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9\-_]{0,254}")
_RESERVED = ("azureml", "microsoft")
# What Docker takes as a tag, and as a part of a repository name (distribution reference grammar).
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.\-]{0,127}")


def check_name(name: str) -> str:
    """`name` if Azure ML takes it for an environment; else BadUsage that says why."""
    if not _ENVIRONMENT.fullmatch(name):
        raise BadUsage(
            f"'{name}' cannot be the name of an Azure ML environment.",
            hint="Use letters, digits, '-' and '_', beginning with a letter or digit, at most 255 "
            "characters; a version goes behind a colon (NAME:VERSION).",
        )
    if name.lower().startswith(_RESERVED):
        raise BadUsage(
            f"'{name}' begins with a word Azure ML keeps for its own environments.",
            hint="Choose a name that begins neither with 'AzureML' nor with 'Microsoft'.",
        )
    return name


def check_version(version: str) -> str:
    """`version` if it can be an environment version and an image tag; else BadUsage."""
    if not _TAG.fullmatch(version) or version == "latest":
        raise BadUsage(
            f"'{version}' cannot be a version.",
            hint="Use letters, digits, '.', '-' and '_', at most 128 characters; 'latest' is a "
            "label that moves, a version does not.",
        )
    return version


def repository_of(name: str) -> str:
    """The repository name for an environment name: lower-cased, with '-' for what Docker
    refuses (a run of separators, or one at the end)."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")


def local_reference(name: str, version: str) -> str:
    """The image's NAME:VERSION in the engine."""
    return f"{repository_of(name)}:{version}"
