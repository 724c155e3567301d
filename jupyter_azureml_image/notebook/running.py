"""The verbs of runs: runs, attach, cancel, logs."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from ..errors import BadUsage
from ..view.table import Table
from ..view.words import log_line, seconds
from .cells import show

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from ..result import ImageBuild

SHOWN = 1000
"""How many lines of a log `logs` prints; the file has them all."""

Given = dict[str, Any]


def runs(shell: InteractiveShell, given: Given) -> Table:
    """The journal, newest first."""
    from .. import api

    rows = [
        (
            row.run_id,
            row.name,
            row.status,
            time.strftime("%Y-%m-%d %H:%M", time.localtime(row.started)),
            seconds(row.ended - row.started) if row.ended else "",
            row.sentence,
        )
        for row in api.runs()
    ]
    return Table(
        "Runs", ("Run", "Name", "State", "Started", "Took", "What came of it"), tuple(rows)
    )


def attach(shell: InteractiveShell, given: Given) -> ImageBuild:
    """A run again from its first event, and on to its end."""
    from .. import api

    return show(shell, api.attach(_named(given)))


def cancel(shell: InteractiveShell, given: Given) -> None:
    """Stop a run where it runs."""
    from .. import api

    print(api.cancel(given["run"]))  # noqa: T201  # the sentence that says what was done


def logs(shell: InteractiveShell, given: Given) -> None:
    """The log of a run; of a long one the end, and where all of it is."""
    from .. import api

    path = api.log_path(_named(given))
    text = path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""
    if not text:
        raise BadUsage("This run has no log.", hint="It ended before anything was built.")
    lines = text.rstrip("\n").split("\n")
    hidden = max(len(lines) - SHOWN, 0)
    head = [f"({hidden:,} earlier lines are in {path})"] if hidden else []
    print("\n".join([*head, *map(log_line, lines[hidden:])]))  # noqa: T201  # what was asked for


def _named(given: Given) -> str:
    """The run that is meant: without a word the latest."""
    from .. import api

    if "run" in given:
        return str(given["run"])
    latest = api.runs(1)
    if not latest:
        raise BadUsage("There is no run yet.", hint="A %%azureml_dockerfile cell makes one.")
    return latest[0].run_id
