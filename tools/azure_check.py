"""Run the quickstart notebook against a real workspace, and take everything it made down again.

    make azure-check                      with a config.json in or above this folder
    python -m tools.azure_check --subscription ID -g GROUP -w NAME [--instance-type T] [--yes]

It signs in as you are signed in (`az login`), says who and where, what will bill, and asks. Its
endpoint, environment and image have names of this one check, so nothing of anybody else's is
touched. An environment version cannot be deleted in Azure ML: it is archived.
"""

from __future__ import annotations

import argparse
import json
import os
import secrets
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import nbformat

from jupyter_azureml_image.azure import connection as connections
from jupyter_azureml_image.azure import environments, upkeep
from jupyter_azureml_image.azure.connection import Connection, ConnectOptions
from jupyter_azureml_image.azure.translate import translated
from jupyter_azureml_image.build.engine import Engine
from jupyter_azureml_image.errors import ImageError
from tools import base_image, demo
from tools.places import ROOT

NOTEBOOK = ROOT / "example_notebooks" / "01_quickstart.ipynb"
MACHINE = "Standard_DS3_v2"


def main(arguments: Sequence[str] | None = None) -> int:
    """Connect, ask, run, take down; the exit code."""
    options = _parser().parse_args(arguments)
    if options.sandbox:
        os.environ.update(demo.surroundings(), DOCKER_HOST=base_image.provide()[0])
    try:
        connection = connections.connect(
            ConnectOptions(
                file=options.file,
                subscription_id=options.subscription,
                resource_group=options.group,
                workspace=options.workspace,
                sandbox=options.sandbox,
            )
        )
        name = f"check-{secrets.token_hex(4)}"
        if not _agreed(connection, name, options):
            return 1
        return _check(connection, name, options)
    except ImageError as error:
        print(error, file=sys.stderr)
        return 1
    finally:
        connections.disconnect()
        if options.sandbox:
            demo.stop()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tools.azure_check", description=__doc__)
    parser.add_argument("-f", "--file", help="a config.json")
    parser.add_argument("--subscription")
    parser.add_argument("-g", "--group")
    parser.add_argument("-w", "--workspace")
    parser.add_argument("--instance-type", default=MACHINE)
    parser.add_argument("--yes", action="store_true", help="do not ask")
    parser.add_argument("--sandbox", action="store_true", help="try this check itself, offline")
    return parser


def _agreed(connection: Connection, name: str, options: argparse.Namespace) -> bool:
    facts = connection.facts
    print(f"Workspace {facts.name} ({facts.location}), signed in as {facts.signed_in_as}.")
    print(f"Registry  {connection.login_server()}")
    print(f"Makes     endpoint {name} with 1 × {options.instance_type}, which bills for about 15")
    print(f"          minutes, environment {name} and image {name}; all are taken down again.")
    return options.yes or input("Go on? [y/N] ").strip().lower() == "y"


def _check(connection: Connection, name: str, options: argparse.Namespace) -> int:
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="azure-check-") as folder:
        notebook = _prepared(Path(folder), name, options.instance_type)
        try:
            with _surroundings(connection):
                target = demo.run(notebook)
            print(f"\nThe notebook ran through in {time.monotonic() - began:.0f} s: {target}")
            code = 0
        except SystemExit as failed:
            print(failed, file=sys.stderr)
            code = 1
        finally:
            left = take_down(connection, name)
    return 1 if left else code


def _prepared(folder: Path, name: str, machine: str) -> Path:
    """The notebook with names of this check."""
    document = nbformat.read(NOTEBOOK, as_version=4)
    for cell in document.cells:
        if "secrets.token_hex" in cell.source:
            cell.source = f"endpoint = {name!r}"
        cell.source = cell.source.replace("iris-server", name).replace(MACHINE, machine)
    path = folder / f"azure_{NOTEBOOK.name}"
    nbformat.write(document, path)
    return path


@contextmanager
def _surroundings(connection: Connection) -> Iterator[None]:
    """What the notebook's kernel finds: the workspace by a config.json beside it."""
    if connection.facts.sandbox:
        yield
        return
    facts = connection.facts
    named = {
        "subscription_id": facts.subscription_id,
        "resource_group": facts.resource_group,
        "workspace_name": facts.name,
    }
    os.environ.pop("AZUREML_IMAGE_WORKSPACE", None)
    config = demo.EXECUTED / ".azureml" / "config.json"
    config.parent.mkdir(parents=True, exist_ok=True)
    config.write_text(json.dumps(named), encoding="utf-8")
    try:
        yield
    finally:
        config.unlink()


def take_down(connection: Connection, name: str) -> list[str]:
    """Delete what the check made, as far as it exists; what could not be, in words."""
    left: list[str] = []
    for what, delete in (
        ("endpoint", _delete_endpoint),
        ("image", _delete_image),
        ("local image", _delete_local),
        ("environment", _archive),
    ):
        try:
            print(delete(connection, name))
        except ImageError as error:
            left.append(what)
            print(f"The {what} {name} is still there: {error}", file=sys.stderr)
    return left


def _delete_endpoint(connection: Connection, name: str) -> str:
    try:
        return upkeep.delete(connection, name, None, lambda _: None)
    except ImageError as error:
        if error.code != "not-found":
            raise
        return f"There is no endpoint {name} to delete."


def _delete_image(connection: Connection, name: str) -> str:
    registry = connection.registry(connection.login_server())
    versions = environments.versions(connection, name)
    digests = {
        found.image.rpartition("@")[2]
        for version in versions
        if (found := connection.find_environment(name, version)) and found.image
    }
    for digest in digests:
        registry.delete(name, digest)
    return f"Deleted {len(digests)} image(s) {name} from {registry.login_server}."


def _delete_local(connection: Connection, name: str) -> str:
    engine = Engine.connect()
    server = connection.login_server()
    for version in environments.versions(connection, name):
        engine.remove(f"{server}/{name}:{version}")
        engine.remove(f"{name}:{version}")
    engine.close()
    return f"Deleted {name} from the local engine."


def _archive(connection: Connection, name: str) -> str:
    versions = environments.versions(connection, name)
    for version in versions:
        with translated(f"archiving environment {name}:{version}"):
            connection.ml_client.environments.archive(name, version)
    return f"Archived {len(versions)} version(s) of environment {name}; Azure ML deletes none."


if __name__ == "__main__":
    sys.exit(main())
