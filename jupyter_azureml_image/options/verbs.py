"""The verbs of `%azureml_image` and what each takes."""

from __future__ import annotations

from .catalog import IMAGES, REFRESH
from .table import HELP, TRACEBACK, Command, Option, Word

_RUN = Word("run", "RUN", "The run's id, or how it begins.")
_LAST_RUN = Word(
    "run", "RUN", "The run's id, or how it begins; without it the latest.", needed=False
)


def _verb(
    verb: str, summary: str, words: tuple[Word, ...] = (), options: tuple[Option, ...] = ()
) -> Command:
    return Command(verb, f"%azureml_image {verb}", summary, words, (*options, TRACEBACK, HELP))


_WORKSPACE = (
    Option(("-f", "--file"), "The workspace's config.json.", "path", "FILE"),
    Option(("--subscription",), "Subscription id.", "text", "ID"),
    Option(("-g", "--resource-group"), "Resource group.", "text", "NAME"),
    Option(("-w", "--workspace-name"), "Workspace.", "text", "NAME"),
    Option(("--sandbox",), "The offline workspace on this machine.", "switch"),
    Option(
        ("--credential",),
        "Who signs in.",
        "choice",
        choices=("auto", "cli", "managed"),
        default="auto",
    ),
    Option(("--attach-registry",), "Give the workspace this registry.", "text", "ID"),
    Option(("--disconnect",), "Forget the workspace.", "switch"),
)

_DEPLOY = (
    Option(("--endpoint",), "Online endpoint; made where missing.", "text", "NAME"),
    Option(("--deployment",), "Name of the deployment.", "text", "NAME"),
    Option(("--instance-type",), "Machine size; no default on Azure.", "text", "T"),
    Option(("--instance-count",), "How many machines.", "number", "N", default="1"),
    Option(("--model",), "Model: a path, or NAME:VERSION of a registered one.", "text", "MODEL"),
    Option(("--code",), "Code folder.", "path", "DIR"),
    Option(("--scoring-script",), "Entry script in the code folder.", "text", "FILE"),
    Option(
        ("--traffic",),
        "Share of the endpoint's requests, in percent.",
        "percent",
        "N",
        default="100 on the endpoint's first deployment, else 0",
    ),
    Option(("--request-file",), "Sample request, posted when it runs.", "text", "PATH|@var"),
    Option(("--local",), "Run it in the local engine instead.", "switch"),
    Option(("--as",), "Bind the Deployment to this variable.", "new variable", "VAR"),
)

_DELETE = (Option(("--deployment",), "Only this deployment.", "text", "NAME"),)

VERBS: tuple[Command, ...] = (
    _verb(
        "doctor",
        "Examine kernel, engine, disk, identity, workspace, registry and rights; changes nothing.",
    ),
    _verb("workspace", "Connect a workspace and bind ml_client.", (), _WORKSPACE),
    _verb(
        "panel",
        "The widget panel; its value is an ImageSpec.",
        (),
        (
            Option(("--from",), "Begin with the ImageSpec in this variable.", "variable", "VAR"),
            Option(("--file",), "Begin with this Dockerfile.", "path", "PATH"),
        ),
    ),
    _verb(
        "bases",
        "The catalog of base images: status, Python, accelerator, successor.",
        (IMAGES,),
        (REFRESH,),
    ),
    _verb("runs", "The runs of this machine, the newest first."),
    _verb("attach", "Show a run again, and go on with it where its kernel ended.", (_LAST_RUN,)),
    _verb("cancel", "Stop a run where it runs.", (_RUN,)),
    _verb("logs", "The full log of a run.", (_LAST_RUN,)),
    _verb(
        "deploy",
        "Deploy a registered environment to a managed online endpoint.",
        (Word("env", "ENV", "NAME:VERSION, or a variable that holds an ImageBuild."),),
        _DEPLOY,
    ),
    _verb(
        "rollback",
        "Give the traffic back to the last deployment whose image passed its rehearsal.",
        (Word("endpoint", "ENDPOINT", "The endpoint."),),
    ),
    _verb(
        "delete",
        "Delete an endpoint, or one deployment of it.",
        (Word("endpoint", "ENDPOINT", "The endpoint."),),
        _DELETE,
    ),
    _verb("resources", "Everything this made and left running."),
    _verb("prune", "Remove our images, containers and old runs."),
    _verb(
        "explain",
        "What a finding or a failure cause means, why it matters, an example.",
        (Word("code", "CODE", "The finding's or the cause's code."),),
    ),
    _verb("settings", "Every setting, its value and where it came from; versions."),
)


def verb(name: str) -> Command | None:
    """The verb of that name, or None."""
    return next((command for command in VERBS if command.verb == name), None)


def overview() -> str:
    """What `%azureml_image` alone prints; also its docstring."""
    lines = ["usage: %azureml_image VERB ...", ""]
    lines += [f"  {command.verb:<10} {command.summary}" for command in VERBS]
    return "\n".join([*lines, "", "%azureml_image VERB --help shows what a verb takes.", ""])
