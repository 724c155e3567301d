"""`%azureml_image VERB ...`: the words taken apart, and the verb that is meant done."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from .. import options as opt
from ..errors import BadUsage
from .failures import failures

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

PROG = "%azureml_image"

# Where each verb's function is: it takes the shell and what was given.
_HOMES = {
    **dict.fromkeys(("doctor", "settings", "bases", "explain"), "looking"),
    **dict.fromkeys(("runs", "attach", "cancel", "logs"), "running"),
    **dict.fromkeys(("workspace", "panel"), "opening"),
    **dict.fromkeys(("deploy", "rollback", "delete", "resources", "prune"), "serving"),
}


def run(shell: InteractiveShell, line: str) -> Any:
    """Do what the line asks. Raises ImageError."""
    with failures(shell, full="--traceback" in line.split()):
        words = opt.split(line, PROG)
        if not words or words[0] in ("-h", "--help", "help"):
            print(opt.overview())  # noqa: T201  # what help is for
            return None
        command = opt.verb(words[0])
        if command is None:
            known = [c.verb for c in opt.VERBS]
            raise BadUsage(
                f"{PROG} has no verb '{words[0]}'.",
                hint=opt.nearest(words[0], known) or f"There are {', '.join(known)}.",
            )
        if {"-h", "--help"} & set(words[1:]):
            print(opt.help_text(command))  # noqa: T201  # as above
            return None
        given = opt.parse(command, opt.expand(command, words[1:], shell.user_ns))
        room = importlib.import_module(f".{_HOMES[command.verb]}", __package__)
        return getattr(room, command.verb)(shell, opt.read_all(command, given))
