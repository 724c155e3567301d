"""The commands of `python -m jupyter_azureml_image`: the same options, and a few words more."""

from __future__ import annotations

from .catalog import IMAGES, REFRESH
from .cell import OPTIONS
from .table import HELP, TRACEBACK, Command, Option, Word

PROG = "python -m jupyter_azureml_image"

_FORMAT = Option(
    ("--format",), "How it is printed.", "choice", choices=("text", "json"), default="text"
)
_RUN_OPTIONS = tuple(option for option in OPTIONS if "command" in option.faces)

_FILE = Word("dockerfile", "DOCKERFILE", "The file (default: Dockerfile in the context).", False)
_NAME = Word("name", "NAME[:VERSION]", "The environment's name, and its version.")


def _command(
    verb: str, summary: str, words: tuple[Word, ...] = (), options: tuple[Option, ...] = ()
) -> Command:
    return Command(verb, f"{PROG} {verb}", summary, words, options)


COMMANDS: tuple[Command, ...] = (
    _command(
        "check",
        "Print the findings. Exit code 1 when one at or above --fail-on exists, 2 on wrong usage.",
        (_FILE,),
        _RUN_OPTIONS,
    ),
    _command("plan", "Print what build would do; nothing is built.", (_NAME, _FILE), _RUN_OPTIONS),
    _command(
        "build",
        "Check, build, rehearse, push and register.",
        (_NAME, _FILE),
        _RUN_OPTIONS,
    ),
    _command(
        "run",
        "Run the image cells of a notebook, in order.",
        (Word("notebook", "NOTEBOOK", "The .ipynb file."),),
        (TRACEBACK, HELP),
    ),
    _command(
        "bases",
        "The catalog of base images.",
        (IMAGES,),
        (
            REFRESH,
            _FORMAT,
            TRACEBACK,
            HELP,
        ),
    ),
    _command(
        "doctor",
        "Examine engine, disk, identity, workspace and registry; changes nothing. Exit code 1 "
        "when something is bad.",
        (),
        (_FORMAT, TRACEBACK, HELP),
    ),
    _command(
        "sandbox",
        "The offline workspace, in the foreground: --port-file F, --stop, --reset; see sandbox "
        "--help.",
    ),
    _command(
        "labextension",
        "Colours and findings in JupyterLab's cells: install copies the files where a server of "
        "any Python finds them.",
        (Word("action", "install|uninstall|path", "What to do."),),
        (
            Option(("--user",), "For this user (the default).", "switch"),
            Option(("--sys-prefix",), "For this Python environment.", "switch"),
            Option(("--to",), "Into this labextensions folder.", "path", "DIR"),
            TRACEBACK,
            HELP,
        ),
    ),
)


def command(name: str) -> Command | None:
    """The command of that name, or None."""
    return next((c for c in COMMANDS if c.verb == name), None)


def overview() -> str:
    """What `--help` prints."""
    lines = [f"usage: {PROG} COMMAND ...", ""]
    lines += [f"  {c.verb:<13} {c.summary}" for c in COMMANDS]
    return "\n".join([*lines, "", f"{PROG} COMMAND --help shows what it takes."])
