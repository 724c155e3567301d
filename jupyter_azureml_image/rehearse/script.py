"""The entry script mounted where an image has none: starts, and imports what was installed.

It runs inside the image, on any Python from 3.7 on, and reports as its scoring answer which
of the packages that somebody asked pip for cannot be imported.
"""

from __future__ import annotations

SCRIPT = """\
import importlib
import json

try:
    from importlib import metadata
except ImportError:
    metadata = None

tools = ("pip", "setuptools", "wheel", "pkg_resources")
trouble = {}


def names(dist):
    for file in dist.files or ():
        parts = file.parts
        if len(parts) == 2 and parts[1] == "__init__.py":
            yield parts[0]
        elif len(parts) == 1 and parts[0].endswith(".py"):
            yield parts[0][:-3]


def wanted():
    for dist in metadata.distributions() if metadata else ():
        if dist.read_text("REQUESTED") is not None:
            for name in names(dist):
                if name.isidentifier() and name[0] != "_" and name not in tools:
                    yield name


def init():
    for name in sorted(set(wanted())):
        try:
            importlib.import_module(name)
        except BaseException as error:
            trouble[name] = "%s: %s" % (type(error).__name__, error)


def run(data):
    return json.dumps(trouble)
"""
