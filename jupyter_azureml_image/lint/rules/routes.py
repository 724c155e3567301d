"""Inference routes: the port and the paths under which the platform looks for the server."""

from __future__ import annotations

from collections.abc import Iterator

from ..links import CUSTOM_CONTAINER, ENVIRONMENT_YAML, SDK, SERVER
from ..rule import About, Example, Finding, rule
from ..subject import Subject

_NAMES = ("liveness_route", "readiness_route", "scoring_route")


@rule(
    About(
        "AML082",
        "error",
        "The routes name another port than the server's",
        why="Azure ML's images listen on 5001; probes and requests to any other port find "
        "nothing, and the deployment fails after its probes' time.",
        remedy="Leave --port out, or give the port that the image really listens on.",
        example=Example(
            "%%azureml_dockerfile scorer --port 8080\n", "%%azureml_dockerfile scorer\n"
        ),
        sources=(SERVER, CUSTOM_CONTAINER),
    )
)
def other_port(subject: Subject) -> Iterator[Finding]:
    """Certain for an image that starts Azure ML's own server; else measured by EXPOSE."""
    port = subject.routes.port
    if subject.serving and not subject.own_start:
        if port != 5001:
            yield Finding(subject.start_span, f"The routes say {port}, the image listens on 5001")
        return
    if subject.final is None or not subject.own_routes:
        return
    exposed = [p.partition("/")[0] for p in subject.final.exposed]
    if exposed and not any(_holds(p, port) for p in exposed):
        yield Finding(
            subject.start_span,
            f"The routes say {port}, the image exposes {', '.join(exposed)}",
            severity="warning",
        )


def _holds(exposed: str, port: int) -> bool:
    low, _, high = exposed.partition("-")
    if not low.isdigit() or (high and not high.isdigit()):
        return True
    return int(low) <= port <= int(high or low)


@rule(
    About(
        "AML083",
        "error",
        "An inference route is incomplete",
        why="All three routes need a path and a port. The Python class lets a partial dictionary "
        "through, the service does not.",
        remedy="Give liveness, readiness and scoring, each with a path that begins with / and a "
        "port.",
        example=Example("--scoring-route score\n", "--scoring-route /score\n"),
        sources=(ENVIRONMENT_YAML, SDK),
    )
)
def incomplete_routes(subject: Subject) -> Iterator[Finding]:
    """The run's routes, and the definition's where there is one."""
    routes = subject.routes
    for name, path in (
        ("liveness", routes.liveness),
        ("readiness", routes.readiness),
        ("scoring", routes.scoring),
    ):
        if not path.startswith("/"):
            yield Finding(subject.start_span, f"The {name} route '{path}' does not begin with /")
    definition = subject.plans.definition
    config = definition.inference_config if definition else None
    if config is None:
        return
    missing = [name for name in _NAMES if name not in config]
    if missing:
        yield Finding(subject.start_span, f"inference_config lacks {' and '.join(missing)}")
    for name, route in config.items():
        given = route.get("path")
        if not isinstance(given, str) or not given.startswith("/") or "port" not in route:
            yield Finding(subject.start_span, f"{name} needs a path that begins with / and a port")


@rule(
    About(
        "AML085",
        "info",
        "No EXPOSE on an image of your own",
        why="The port of a server on a custom base cannot be guessed: the routes take 5001.",
        remedy="Write EXPOSE, or give --port.",
        example=Example(
            'FROM python:3.12-slim\nCMD ["uvicorn", "app:app"]\n',
            'FROM python:3.12-slim\nEXPOSE 8000\nCMD ["uvicorn", "app:app"]\n',
        ),
        sources=(CUSTOM_CONTAINER,),
    )
)
def no_port(subject: Subject) -> Iterator[Finding]:
    """Where the image has an own start command that looks like a server's."""
    final = subject.final
    if final is None or subject.base is not None or final.exposed or subject.own_routes:
        return
    command = " ".join((*(final.entrypoint or ()), *(final.cmd or ())))
    servers = (
        "uvicorn",
        "gunicorn",
        "azmlinfsrv",
        "waitress",
        "flask",
        "tritonserver",
        "torchserve",
    )
    if subject.own_start and any(name in command for name in servers):
        yield Finding(subject.start_span, "Nothing says which port this image listens on")


@rule(
    About(
        "AML115",
        "error",
        "A custom container without routes",
        why="A managed endpoint cannot probe or call your own container without the environment's "
        "inference_config.",
        remedy="Add the three routes to the environment.",
        example=Example(
            "Environment(name='mine', image='...')\n",
            "Environment(name='mine', image='...', inference_config={...})\n",
        ),
        sources=(CUSTOM_CONTAINER,),
    )
)
def no_routes(subject: Subject) -> Iterator[Finding]:
    """For a definition with an image that is no Azure ML base, and a managed deployment."""
    definition, wish = subject.plans.definition, subject.plans.deployment
    if definition is None or wish is None or not wish.managed or definition.image is None:
        return
    if definition.inference_config is None and not subject.serving:
        yield Finding(subject.start_span, "The environment has no inference_config")
