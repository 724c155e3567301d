"""The verbs that open something: a workspace, the panel."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .. import options as opt
from ..errors import BadUsage
from ..view.table import Table

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

Given = dict[str, Any]

CLIENT = "ml_client"


def workspace(shell: InteractiveShell, given: Given) -> Table | None:
    """Connect, bind `ml_client`, and say who signed in."""
    from .. import state
    from ..azure import connection

    if given.get("disconnect"):
        connection.disconnect()
        shell.user_ns.pop(CLIENT, None)
        print("No workspace is connected any more.")  # noqa: T201  # the answer
        return None
    attached = given.get("attach_registry")
    current = connection.current()
    if current is None or set(given) - {"attach_registry", "traceback"} or not attached:
        current = connection.connect(_options(given), tell=print)
    if attached:
        current.attach_registry(attached)
    shell.user_ns[CLIENT] = current.ml_client
    facts = current.facts
    rows = [
        ("Workspace", f"{facts.name} · SANDBOX" if facts.sandbox else facts.name),
        ("Resource group", facts.resource_group),
        ("Subscription", facts.subscription_id),
        ("Location", facts.location),
        ("Registry", facts.login_server or "none yet"),
        ("Signed in as", facts.signed_in_as),
        ("Bound", f"{CLIENT} is an azure.ai.ml.MLClient"),
        ("Journal", str(state.folder())),
    ]
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


def _options(given: Given) -> Any:
    from ..azure.connection import ConnectOptions

    named = {
        "file": given.get("file"),
        "subscription_id": given.get("subscription"),
        "resource_group": given.get("resource_group"),
        "workspace": given.get("workspace_name"),
    }
    sandbox = bool(given.get("sandbox"))
    if sandbox and any(named.values()):
        raise BadUsage(
            "--sandbox is the offline workspace; it has no other name.",
            hint="Leave out -f, --subscription, -g and -w, or leave out --sandbox.",
        )
    if not sandbox and not any(named.values()):
        sandbox = _named_by_environment()
    return ConnectOptions(sandbox=sandbox, credential=given.get("credential", "auto"), **named)


def _named_by_environment() -> bool:
    """Whether `AZUREML_IMAGE_WORKSPACE=sandbox`, which lets a notebook run unchanged here and
    on Azure."""
    from .. import settings

    return any(v.setting.name == "workspace" and v.value == "sandbox" for v in settings.values())
