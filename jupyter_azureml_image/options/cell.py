"""The options of `%%azureml_dockerfile`, of `check`, `plan` and `build` on the command line,
and the keyword arguments of the Python functions: all of them, once.
"""

from __future__ import annotations

from ..stages import STAGES
from .table import HELP, TRACEBACK, Command, Option, Word

NAME = Word("name", "NAME[:VERSION]", "The environment's name, and its version if you choose it.")

SOURCE = "Source"
RUN = "Where and how far"
BUILD = "As in docker build"
TASKS = "ACR Tasks"
REHEARSAL = "Rehearsal"
REGISTRATION = "Push and registration"
FINDINGS = "Findings"
SHOWING = "Showing"

_SOURCE = (
    Option(
        ("--context",),
        "Build context folder.",
        "path",
        "DIR",
        default="the notebook's folder where the front end tells it, else the working directory "
        "when the extension was loaded; on the command line the working directory",
    ),
    Option(("--file",), "Take the Dockerfile text from this file.", "path", "PATH"),
    Option(
        ("--spec",),
        "Take the text from a variable that holds an ImageSpec (on the command line: from its "
        "JSON file).",
        "variable",
        "VAR",
    ),
    Option(("--save",), "Also write the Dockerfile text to this file.", "path", "PATH"),
)

_RUN = (
    Option(
        ("--build",),
        "Where to build: the local engine, ACR Tasks, or Azure ML itself; 'auto' is the local "
        "engine that can do what this Dockerfile needs, and ACR Tasks only where there is none.",
        "choice",
        choices=("auto", "local", "acr", "azureml"),
        default="auto",
    ),
    Option(
        ("--until",),
        "The last stage to run; 'plan' is the dry run.",
        "choice",
        choices=STAGES,
        default="register",
    ),
    Option(
        ("--as",),
        "Bind the resulting ImageBuild to this variable.",
        "new variable",
        "VAR",
        faces=("magic",),
    ),
    Option(
        ("--detach",),
        "Return at once; '%azureml_image attach RUN' shows the run again.",
        "switch",
    ),
)

_BUILD = (
    Option(("--build-arg",), "Build argument.", "pair", "K=V", many=True),
    Option(
        ("--secret",),
        "BuildKit secret; its value never enters a hash, log, journal or image.",
        "secret",
        "id=ID,src=PATH|env=NAME",
        many=True,
    ),
    Option(("--target",), "Build up to this stage of the Dockerfile.", "text", "STAGE"),
    Option(
        ("--platform",),
        "Platform of the image.",
        "text",
        "OS/ARCH",
        default="linux/amd64",
    ),
    Option(("--network",), "Network mode of RUN instructions.", "text", "MODE"),
    Option(("--no-cache",), "Use no cached layer.", "switch"),
    Option(("--pull",), "Look for a newer base image.", "switch"),
)

_TASKS = (
    Option(("--agent-pool",), "Agent pool of the registry.", "text", "NAME"),
    Option(("--cpu",), "Cores of the agent.", "number", "N"),
    Option(
        ("--timeout",),
        "Longest time of the ACR run, in seconds.",
        "number",
        "SECONDS",
    ),
    Option(
        ("--no-dependency-image",),
        "Build everything anew: ACR keeps no layers, so what is installed before code or model "
        "comes in is else kept as an image of its own.",
        "switch",
    ),
)

_REHEARSAL = (
    Option(("--code",), "Code folder that a deployment would mount.", "path", "DIR"),
    Option(("--scoring-script",), "Entry script in that folder.", "text", "FILE"),
    Option(("--model",), "Model file or folder that a deployment would mount.", "path", "PATH"),
    Option(
        ("--request-file",),
        "Sample request that the rehearsal posts: a file, or a variable as @var.",
        "text",
        "PATH|@var",
    ),
    Option(("--no-rehearse",), "Leave the rehearsal out.", "switch"),
    Option(("--port",), "Port of the inference server.", "number", "N", default="5001"),
    Option(("--liveness-route",), "Route of the liveness probe.", "text", "ROUTE", default="/"),
    Option(("--readiness-route",), "Route of the readiness probe.", "text", "ROUTE", default="/"),
    Option(("--scoring-route",), "Route that is scored.", "text", "ROUTE", default="/score"),
)

_REGISTRATION = (
    Option(
        ("--registry-name",),
        "Registry to push to.",
        "text",
        "NAME|LOGIN_SERVER|ID",
        default="the workspace's own",
    ),
    Option(("--env-tag",), "Tag stored on the environment.", "pair", "K=V", many=True),
    Option(("--description",), "Description stored on the environment.", "text", "TEXT"),
)

_FINDINGS = (
    Option(
        ("--fix",),
        "Apply every certain fix, show the diff and replace the text; build nothing.",
        "switch",
    ),
    Option(
        ("--fail-on",),
        "Which findings stop the run.",
        "choice",
        choices=("error", "warning", "never"),
        default="error",
    ),
    Option(("--ignore",), "Findings to leave out.", "codes", "CODE,...", many=True),
    Option(
        ("--allow-file",),
        "Let a credential-looking file that matches into the context.",
        "text",
        "PATTERN",
        many=True,
    ),
)

_SHOWING = (
    Option(
        ("--progress",),
        "How progress is shown.",
        "choice",
        choices=("auto", "panel", "plain"),
        default="auto",
    ),
    Option(
        ("--format",),
        "How findings are shown.",
        "choice",
        choices=("text", "json", "sarif"),
        default="text",
    ),
    TRACEBACK,
    HELP,
)

_GROUPS = (
    (SOURCE, _SOURCE),
    (RUN, _RUN),
    (BUILD, _BUILD),
    (TASKS, _TASKS),
    (REHEARSAL, _REHEARSAL),
    (REGISTRATION, _REGISTRATION),
    (FINDINGS, _FINDINGS),
    (SHOWING, _SHOWING),
)


OPTIONS: tuple[Option, ...] = tuple(o.under(title) for title, options in _GROUPS for o in options)
"""Every option of a run."""

CELL = Command(
    "azureml_dockerfile",
    "%%azureml_dockerfile",
    "Check, build, rehearse, push and register the Azure ML image that this cell describes.\n\n"
    "The cell body is Dockerfile text, byte for byte. On this line {name} and {name.attribute} "
    "take a Python value; $ is left alone. The line form %azureml_dockerfile takes the text from "
    "--file or --spec.",
    (NAME,),
    tuple(o for o in OPTIONS if "magic" in o.faces),
)


def by_dest(dest: str) -> Option | None:
    """The option with that Python name, or None."""
    return next((o for o in OPTIONS if o.dest == dest), None)
