"""The verbs that open something: a workspace, the panel."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .. import connecting
from .. import options as opt
from ..errors import BadUsage
from ..view.table import Table

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from ..azure.connection import Connection

Given = dict[str, Any]

CLIENT = "ml_client"


def workspace(shell: InteractiveShell, given: Given) -> Table | None:
    """Connect, bind `ml_client`, and say who signed in."""
    if given.get("disconnect"):
        connecting.disconnect()
        shell.user_ns.pop(CLIENT, None)
        print("No workspace is connected any more.")  # noqa: T201  # the answer
        return None
    attached = given.get("attach_registry")
    current = connecting.connected()
    if current is None or set(given) - {"attach_registry", "traceback"} or not attached:
        current = connecting.connect(
            file=given.get("file"),
            workspace=(
                given.get("subscription"),
                given.get("resource_group"),
                given.get("workspace_name"),
            ),
            sandbox=True if given.get("sandbox") else None,
            credential=given.get("credential"),
            tell=print,
        )
    if attached:
        current.attach_registry(attached)
    shell.user_ns[CLIENT] = current.ml_client
    return _card(current)


def _card(current: Connection) -> Table:
    facts = current.facts
    rows = (
        ("Workspace", f"{facts.name} · SANDBOX" if facts.sandbox else facts.name),
        ("Resource group", facts.resource_group),
        ("Subscription", facts.subscription_id),
        ("Location", facts.location),
        ("Registry", facts.login_server or "none yet"),
        ("Signed in as", facts.signed_in_as),
        ("Bound", f"{CLIENT} is an azure.ai.ml.MLClient"),
    )
    return Table("Workspace", (), tuple(row for row in rows if row[1]))


def panel(shell: InteractiveShell, given: Given) -> Any:
    """The widget panel."""
    from ..widgets import panel as made

    if "from" in given and "file" in given:
        raise BadUsage("--from and --file are two beginnings.", hint="Keep one of them.")
    if "from" in given:
        return made(opt.look_up(given["from"], shell.user_ns, "--from"))
    if "file" in given:
        return made(opt.read_text(given["file"]))
    return made()
