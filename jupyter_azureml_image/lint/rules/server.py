"""What the container starts, and what the server is told."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ...dockerfile.model import Instruction, Span
from ...patterns import pattern
from ..diagnostic import Fix
from ..links import (
    DEPLOYMENT_YAML,
    EXAMPLES,
    SERVER_SOURCE,
    TROUBLESHOOT_ENDPOINTS,
    TROUBLESHOOT_IMAGES,
)
from ..rule import About, Example, Finding, replace, rule
from ..steps import Step
from ..subject import Subject

_BASE = "FROM mcr.microsoft.com/azureml/minimal-py312-inference:latest\n"
_SERVERS = (
    r"runsvdir|runsv\b|gunicorn|uvicorn|azmlinfsrv|azureml_inference_server_http|waitress|hypercorn"
    r"|supervisord|tritonserver|torchserve|mlflow|tensorflow_model_server|nginx|vllm|serve\b|http"
    r"|flask|fastapi|streamlit|\bray\b|jupyter|api_server|entry\w*\.sh|start\w*\.sh|\.sh\b|\binit\b"
)
_INERT = r"^(?:/\S*/)?(?:bash|sh|zsh|python3?(?:\.\d+)?|echo|true|sleep|tail|cat|ls)$"
_SHELL = pattern(r"(?:/\S*/)?(?:(?:ba|da|z|a|k|fi|pw)?sh|powershell|su)", needs=("sh", "su"))
_INITS = frozenset(("tini", "tini-static", "dumb-init", "catatonit", "env"))
"""Programs that start what their arguments name, in their own place or below them."""
_VARIABLE = pattern(r"\$\{?[A-Za-z_]", needs=("$",))
_BIG_MODEL = 1_000_000_000


@rule(
    About(
        "AML080",
        "error",
        "Another start command",
        why="The prebuilt images start 'runsvdir /var/runit', which starts nginx and the server. "
        "With another CMD or ENTRYPOINT neither runs: the probes find nothing.",
        remedy="Take it out, or let it end in 'exec runsvdir /var/runit'. A server of your own "
        "needs its port and routes (--port, --scoring-route, ...).",
        example=Example(
            _BASE + 'CMD ["python", "score.py"]\n', _BASE + 'CMD ["runsvdir", "/var/runit"]\n'
        ),
        sources=(TROUBLESHOOT_IMAGES,),
    )
)
def other_start(subject: Subject) -> Iterator[Finding]:
    """An error for a command that certainly is no server and starts none; for a script or a
    program that may be one, a warning."""
    if not subject.serving or subject.own_routes:
        return
    steps = [s for s in subject.result_steps if s.instruction.keyword in ("CMD", "ENTRYPOINT")]
    for step in _effective(steps):
        text = step.instruction.text
        words = [w.value for w in step.instruction.words] if step.instruction.json else text.split()
        joined = " ".join(words)
        if "runsvdir" in joined or not words or _script_ends_so(subject, words):
            continue
        keyword = step.instruction.keyword
        end = subject.end_of(step.instruction)
        certain = not re.search(_SERVERS, joined) and bool(re.match(_INERT, words[0]))
        yield Finding(
            Span(step.instruction.span.start, end),
            f"{keyword} {words[0]} takes runsvdir's place: nothing starts nginx and the server",
            severity=None if certain and not _starts_port(joined) else "warning",
        )


def _script_ends_so(subject: Subject, words: list[str]) -> bool:
    """Whether a script of the context that the command names starts runsvdir itself."""
    for word in words[:3]:
        name = word.rsplit("/", 1)[-1]
        if not name.endswith(".sh"):
            continue
        for path, landed in subject.places.landed.items():
            if path.rsplit("/", 1)[-1] == name:
                text = subject.read_text(landed.context_path)
                return text is not None and "runsvdir" in text
    return False


def _effective(steps: list[Step]) -> list[Step]:
    """The last ENTRYPOINT and the last CMD; an own ENTRYPOINT takes the CMD along as words."""
    last = {step.instruction.keyword: step for step in steps}
    if "ENTRYPOINT" in last and "CMD" in last:
        cmd = last["CMD"]
        entry = last["ENTRYPOINT"]
        if "runsvdir" in cmd.instruction.text and _hands_on(entry.instruction, cmd.instruction):
            return []
        return [entry]
    return list(last.values())


def _hands_on(entry: Instruction, cmd: Instruction) -> bool:
    """Whether an ENTRYPOINT starts what CMD says."""
    if "exec" in entry.text:
        return True
    first, *others = [word.value.rsplit("/", 1)[-1] for word in entry.words] or [""]
    if not entry.json:
        return False
    if first in _INITS:
        return all(o.startswith("-") or "=" in o or o in _INITS for o in others)
    # A shell takes only the first word for its command.
    reads = bool(_SHELL.fullmatch(first) and others and re.fullmatch(r"-\w*c", others[-1]))
    return reads and cmd.json and "runsvdir " in cmd.words[0].value


def _starts_port(joined: str) -> bool:
    return bool(re.search(r"--?p(?:ort)?\b|5001", joined))


@rule(
    About(
        "AML081",
        "warning",
        "A variable in an exec-form command",
        why="Exec form starts the program without a shell: $NAME stays as it is written, unless "
        "the image's entrypoint evaluates it.",
        remedy='Use the shell form, or ["sh", "-c", "..."].',
        example=Example(
            'FROM python:3.12-slim\nCMD ["uvicorn", "app:app", "--port", "$PORT"]\n',
            "FROM python:3.12-slim\nCMD exec uvicorn app:app --port $PORT\n",
        ),
        sources=(EXAMPLES,),
    )
)
def variable_in_exec_form(subject: Subject) -> Iterator[Finding]:
    """JSON arrays in which no shell stands before the variable."""
    for step in subject.result_steps:
        instruction = step.instruction
        if instruction.keyword not in ("CMD", "ENTRYPOINT") or not instruction.json:
            continue
        entry = subject.final.entrypoint if subject.final else None
        before = (entry or ()) if instruction.keyword == "CMD" else ()
        if any(_SHELL.fullmatch(word) for word in before):
            continue
        for word in instruction.words:
            if _SHELL.fullmatch(word.value):
                break
            if _VARIABLE.search(word.value):
                yield Finding(word.span, f"{word.value} is not expanded in exec form")
                break


@rule(
    About(
        "AML084",
        "warning",
        "A route or port that the server does not have",
        why="The Azure ML server overwrites SERVER_PORT and serves /, /score and /swagger.json "
        "only: any other scoring route answers 404.",
        remedy="Leave the port and routes as they are: 5001, /, / and /score.",
        example=Example(_BASE + "ENV SERVER_PORT=8080\n", _BASE),
        sources=(SERVER_SOURCE,),
    )
)
def server_settings(subject: Subject) -> Iterator[Finding]:
    """SERVER_PORT in the image; another scoring route for an image that starts the server."""
    if not subject.serving:
        return
    if "SERVER_PORT" in subject.environment:
        assignment, step = subject.environment["SERVER_PORT"]
        start = step.instruction.span.start
        end = subject.end_of(step.instruction)
        alone = len(step.instruction.words) == 1
        following = (
            len(subject.newline) if subject.text[end : end + 2].startswith(subject.newline) else 0
        )
        fixes: tuple[Fix, ...] = ()
        if alone:
            fixes = (replace("Take it out", Span(start, end + following), "", certain=False),)
        yield Finding(assignment.span, "The server overwrites SERVER_PORT", fixes=fixes)
    if subject.routes.scoring.rstrip("/") != "/score" and not subject.own_start:
        yield Finding(
            subject.start_span, f"The server answers /score, not {subject.routes.scoring}"
        )


@rule(
    About(
        "AML086",
        "warning",
        "Workers and requests do not fit",
        why="Each worker loads the model for itself; and without WORKER_COUNT one worker serves "
        "one request at a time, so that concurrent ones are answered with 429.",
        remedy="Set WORKER_COUNT to what memory allows, and max_concurrent_requests_per_instance "
        "to the same number.",
        example=Example(_BASE + "ENV WORKER_COUNT=16\n", _BASE + "ENV WORKER_COUNT=2\n"),
        sources=(DEPLOYMENT_YAML, TROUBLESHOOT_ENDPOINTS),
    )
)
def workers(subject: Subject) -> Iterator[Finding]:
    """Several workers with a model over 1 GB; concurrency without workers."""
    count = subject.variable("WORKER_COUNT")
    folder = subject.variable("AZUREML_MODEL_DIR")
    if (
        count
        and count.isdigit()
        and int(count) > 1
        and folder
        and "WORKER_COUNT" in subject.environment
    ):
        size = sum(one.size for one in subject.places.below(folder))
        if size > _BIG_MODEL:
            yield Finding(
                subject.environment["WORKER_COUNT"][0].span,
                f"{count} workers load {size / 1e9:.1f} GB each",
            )
    wish = subject.plans.deployment
    concurrent = wish.max_concurrent_requests if wish else None
    given = count or (wish.variables.get("WORKER_COUNT") if wish else None)
    if concurrent and concurrent > 1 and not given:
        yield Finding(
            subject.start_span,
            f"{concurrent} concurrent requests, but one worker: WORKER_COUNT is 1",
        )


@rule(
    About(
        "AML087",
        "warning",
        "The default probes may give up too early",
        why="Readiness is tried for about 310 seconds (10 s delay, every 10 s, 30 failures). A "
        "big model or packages that are installed at start take longer.",
        remedy="Raise initial_delay or failure_threshold of the deployment's probes.",
        example=Example("# a 5 GB model and the default probes\n", "# initial_delay: 300\n"),
        sources=(DEPLOYMENT_YAML, TROUBLESHOOT_ENDPOINTS),
    )
)
def early_probes(subject: Subject) -> Iterator[Finding]:
    """Where a deployment is planned with the default probes."""
    wish = subject.plans.deployment
    if wish is None or wish.probe_seconds is not None:
        return
    folder = subject.variable("AZUREML_MODEL_DIR")
    size = sum(one.size for one in subject.places.below(folder)) if folder else 0
    dynamic = {"AZUREML_EXTRA_REQUIREMENTS_TXT", "AZUREML_EXTRA_CONDA_YAML"} & (
        wish.variables.keys() | subject.environment.keys()
    )
    if size > 2 * _BIG_MODEL:
        yield Finding(subject.start_span, f"init() has {size / 1e9:.1f} GB to load")
    elif dynamic:
        yield Finding(subject.start_span, f"{min(dynamic)} installs packages at every start")
