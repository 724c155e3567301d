"""The verbs after the registration: deploy, rollback, delete, resources, prune."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .. import options as opt
from ..errors import BadUsage
from ..result import ImageBuild
from ..view.table import Table
from .calls import Call, as_run
from .cells import screen
from .follow import follow

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

Given = dict[str, Any]


def deploy(shell: InteractiveShell, given: Given) -> Any:
    """Deploy an environment; the Deployment, also bound where `--as` says so."""
    from .. import api

    known = {k: v for k, v in given.items() if k not in ("env", "as", "traceback")}
    if "endpoint" not in known:
        raise BadUsage("deploy needs --endpoint NAME.", hint="It is made where it is missing.")
    place = known.get("request_file", "")
    if place.startswith("@"):
        del known["request_file"]
        known["sample"] = opt.look_up(place[1:], shell.user_ns, "--request-file")
    environment = _environment(shell, given["env"])
    made = _watched(
        shell,
        f"deploy {given['env']}",
        lambda emit, stopped: api.deploy(environment, on_event=emit, stopped=stopped, **known),
    )
    if "as" in given:
        shell.user_ns[given["as"]] = made
    return made


def rollback(shell: InteractiveShell, given: Given) -> None:
    """Traffic back to the last rehearsed deployment."""
    from .. import api

    name = _watched(
        shell,
        f"roll back {given['endpoint']}",
        lambda emit, stopped: api.rollback(given["endpoint"], on_event=emit, stopped=stopped),
    )
    print(f"{name} takes all requests of {given['endpoint']}.")  # noqa: T201  # the answer


def delete(shell: InteractiveShell, given: Given) -> None:
    """Take an endpoint or a deployment down."""
    from .. import api

    said = _watched(
        shell,
        f"delete {given['endpoint']}",
        lambda emit, stopped: api.delete(
            given["endpoint"], given.get("deployment"), on_event=emit, stopped=stopped
        ),
    )
    print(said)  # noqa: T201  # the answer


def resources(shell: InteractiveShell, given: Given) -> Table:
    """What was made and still is there."""
    from .. import api

    told: list[Any] = []
    found = api.resources(on_event=told.append)
    rows = [(r.kind, r.name, r.state, r.bills, r.delete_line) for r in found]
    note = " ".join(event.text for event in told)
    columns = ("Kind", "Name", "State", "Bills", "To delete it")
    return Table("Resources", columns, tuple(rows), note)


def prune(shell: InteractiveShell, given: Given) -> Table:
    """Remove what is ours and not in use."""
    from .. import api

    return Table("Removed", ("What",), tuple((line,) for line in api.prune()))


def _environment(shell: InteractiveShell, word: str) -> Any:
    """NAME:VERSION, or the ImageBuild in a variable of that name."""
    value = shell.user_ns.get(word)
    return value if isinstance(value, ImageBuild) else word


def _watched(shell: InteractiveShell, title: str, call: Call) -> Any:
    """Do `call` in the background and show its events; raises ImageError."""
    return follow(as_run(title, call), screen(shell, "auto", ""))
