"""The kernel's half of the squiggles: a comm on which the front end asks about a cell's text.

The kernel opens it, so that a front end without our labextension is asked nothing (it closes
the comm, and that is that). The front end's half is `labextension/files/static/remoteEntry.js`.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import frontend
from .body import MAGIC

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from ..plan.request import BuildRequest
    from .glance import Glance

TARGET = "azureml_image.lint"

_open: list[Any] = []


def open_comm(shell: InteractiveShell) -> None:
    """Offer the conversation to the front end, where there may be one."""
    if not frontend.has_kernel(shell):
        return
    from comm import create_comm

    comm = create_comm(target_name=TARGET)
    answers = _Answers(shell, comm)
    comm.on_msg(answers.on_message)
    comm.on_close(lambda message: _forget(comm))
    _open.append(comm)


def close_comms() -> None:
    """End every conversation."""
    while _open:
        _open.pop().close()


def insert_cell(text: str) -> bool:
    """Ask the front end to put a cell below the active one; whether one is there to ask."""
    for comm in _open:
        comm.send({"op": "insert", "text": text})
    return bool(_open)


def _forget(comm: Any) -> None:
    if comm in _open:
        _open.remove(comm)


class _Answers:
    def __init__(self, shell: InteractiveShell, comm: Any) -> None:
        self._shell = shell
        self._comm = comm
        self._glance: Glance | None = None

    def on_message(self, message: Any) -> None:
        data = message["content"]["data"]
        if data.get("op") == "lint":
            items = self.findings(str(data.get("text", "")))
            self._comm.send({"op": "findings", "id": data.get("id"), "items": items})

    def findings(self, cell: str) -> list[dict[str, Any]]:
        """The findings on a whole cell, its magic line included, lines and columns from 1."""
        from .glance import Glance

        lines = cell.split("\n")
        first = next((i for i, line in enumerate(lines) if line.strip()), 0)
        if not lines[first].startswith(f"%%{MAGIC}"):
            return []
        request, trouble = _request(self._shell, lines[first].removeprefix(f"%%{MAGIC}"))
        items = [_item_of_line(first + 1, lines[first], trouble)] if trouble else []
        folder = request.context if request else str(_folder(self._shell))
        if self._glance is None or self._glance.folder != folder:
            self._glance = Glance(folder)
        body = "\n".join(lines[first + 1 :])
        if body.strip():
            found = self._glance.check(body, request)
            items += [_item(d, first + 1) for d in found]
        return items


def _item(found: Any, above: int) -> dict[str, Any]:
    return {
        "line": found.line + above,
        "column": found.column,
        "end_line": (found.end_line or found.line) + above,
        "end_column": found.end_column,
        "severity": found.severity,
        "code": found.code,
        "message": found.message,
        "remedy": found.remedy,
    }


def _item_of_line(number: int, line: str, trouble: tuple[str, str]) -> dict[str, Any]:
    message, hint = trouble
    place = {"line": number, "column": 1, "end_line": number, "end_column": len(line) + 1}
    said = {"severity": "error", "code": "bad-usage", "message": message, "remedy": hint}
    return {**place, **said}


def _request(
    shell: InteractiveShell, line: str
) -> tuple[BuildRequest | None, tuple[str, str] | None]:
    """What the magic line asks, or what is wrong with it. A variable may come to exist before
    the cell is run, so an unknown one is no finding."""
    from .. import options as opt
    from .. import settings
    from ..errors import BadUsage, ImageError

    try:
        given = opt.parse(opt.CELL, opt.split(line, opt.CELL.prog))
    except BadUsage as error:
        return None, (error.message, error.hint or "")
    try:
        words = opt.expand(opt.CELL, opt.split(line, opt.CELL.prog), shell.user_ns)
        given = opt.parse(opt.CELL, words)
        if "help" in given:  # nothing is run, and nothing need be named
            return None, None
        asked = {k: v for k, v in given.items() if k not in ("name", "spec", "request_file")}
        asked.setdefault("context", str(_folder(shell)))
        return opt.request_from(given["name"], "", **settings.fill(asked)), None
    except ImageError:
        return None, None


def _folder(shell: InteractiveShell) -> Path:
    notebook = frontend.notebook(shell.user_ns)
    return Path(notebook).parent if notebook else Path.cwd()
