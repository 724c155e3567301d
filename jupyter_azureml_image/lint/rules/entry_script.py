"""The entry script's own shape: init and run, and how the server calls them."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from ..diagnostic import Fix
from ..entry import app_root
from ..links import EXTEND, SERVER_SOURCE, START_SCRIPT, TROUBLESHOOT_ENDPOINTS
from ..places import may_make, missing_sources
from ..rule import About, Example, Finding, insert, replace, rule
from ..script import Script
from ..spelling import nearest
from ..subject import Subject

_IMAGE = (
    "FROM mcr.microsoft.com/azureml/minimal-py312-inference:latest\n"
    "COPY code /var/azureml-app\nENV AZUREML_ENTRY_SCRIPT=score.py\n"
)


@rule(
    About(
        "AML060",
        "error",
        "The entry script is not in the image",
        why="The server imports AZUREML_ENTRY_SCRIPT below AML_APP_ROOT (/var/azureml-app): "
        "where it is missing, the server ends with 3 and the container with 111.",
        remedy="Name a file that a COPY puts there.",
        example=Example(_IMAGE.replace("score.py", "main.py"), _IMAGE),
        sources=(EXTEND, SERVER_SOURCE),
    )
)
def script_missing(subject: Subject) -> Iterator[Finding]:
    """An error where every file of the app root is known, quiet where something else may come."""
    entry = subject.entry
    if entry.image_path is None or entry.mounted or entry.named is None:
        return
    if "<" in entry.named or "{" in entry.named or subject.mounts.code:
        return
    if not subject.places.complete(app_root(subject)) or entry.context_path is not None:
        return
    root = app_root(subject)
    if may_make(subject, root) or _copy_missing(subject):
        return
    placed = sorted(one.image_path for one in subject.places.below(root))
    scripts = [p[len(root) + 1 :] for p in placed if p.endswith(".py")]
    there = (
        f"COPY puts {', '.join(scripts[:4])} there" if scripts else "no COPY puts a script there"
    )
    meant = nearest(entry.named, scripts) or (scripts[0] if len(scripts) == 1 else None)
    fixes: tuple[Fix, ...] = ()
    if meant is not None and (span := subject.span_of(re.escape(entry.named), entry.span)):
        fixes = (replace(f"Name {meant}", span, meant, certain=False),)
    yield Finding(entry.span, f"{entry.image_path} will not exist: {there}", fixes=fixes)


def _copy_missing(subject: Subject) -> bool:
    """Whether a COPY to the app root lacks its source: that is said by AML050."""
    return missing_sources(subject)


def _readable(subject: Subject) -> Script | None:
    script = subject.entry.script
    return script if script is not None and not script.problem else None


@rule(
    About(
        "AML061",
        "error",
        "The entry script has no init or run",
        why="The server calls init() once and run(data) for each request; without one of them "
        "it stops before it serves.",
        remedy="Define both at the top level of the script.",
        example=Example(
            "# score.py\ndef init():\n    ...\n\n\ndef predict(data):\n    return data\n",
            "# score.py\ndef init():\n    ...\n\n\ndef run(data):\n    return data\n",
        ),
        sources=(SERVER_SOURCE, TROUBLESHOOT_ENDPOINTS),
    )
)
def init_and_run(subject: Subject) -> Iterator[Finding]:
    """A definition, an assignment or an import counts."""
    script = subject.entry.script
    if script is None:
        return
    if script.problem:
        yield Finding(subject.entry.span, f"{script.path} is not valid Python: {script.problem}")
        return
    if "*" in script.names:
        return
    missing = [name for name in ("init", "run") if name not in script.names]
    if missing:
        said = " and no ".join(f"{name}()" for name in missing)
        yield Finding(subject.entry.span, f"{script.path} has no {said}")


@rule(
    About(
        "AML062",
        "error",
        "run() cannot be called by the server",
        why="The server hands the request over by name or position: it refuses *args, **kwargs, "
        "positional-only parameters and a run() that takes no data.",
        remedy="Write 'def run(data):' (and 'request_headers' beside it where they are needed).",
        example=Example("def run(*args):\n    ...\n", "def run(data):\n    ...\n"),
        sources=(SERVER_SOURCE,),
    )
)
def run_signature(subject: Subject) -> Iterator[Finding]:
    """Decorators other than the server's own may change the signature: then it is quiet."""
    script = _readable(subject)
    function = script.function("run") if script else None
    if script is None or function is None or not _known_decorators(function):
        return
    given = function.args
    problem = None
    if given.vararg is not None:
        problem = f"*{given.vararg.arg}"
    elif given.kwarg is not None:
        problem = f"**{given.kwarg.arg}"
    elif given.posonlyargs:
        problem = "positional-only parameters"
    if problem is not None:
        yield Finding(
            subject.entry.span,
            f"{script.path}, line {function.lineno}: run() cannot take {problem}",
        )
    elif not [a for a in (*given.args, *given.kwonlyargs) if a.arg != "request_headers"]:
        yield Finding(
            subject.entry.span,
            f"{script.path}, line {function.lineno}: run() has no parameter for the request's data",
        )


def _decorators(function: ast.FunctionDef | ast.AsyncFunctionDef) -> list[str]:
    names = []
    for node in function.decorator_list:
        called = node.func if isinstance(node, ast.Call) else node
        names.append(getattr(called, "id", getattr(called, "attr", "")))
    return names


def _known_decorators(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    return set(_decorators(function)) <= {"rawhttp", "input_schema", "output_schema"}


@rule(
    About(
        "AML063",
        "error",
        "run() is async",
        why="The server does not await it: a coroutine is no JSON, and every request is "
        "answered with 500.",
        remedy="Make it a plain 'def run(data):'.",
        example=Example("async def run(data):\n    ...\n", "def run(data):\n    ...\n"),
        sources=(SERVER_SOURCE,),
    )
)
def run_is_async(subject: Subject) -> Iterator[Finding]:
    """`async def run` without a decorator that may wrap it."""
    script = _readable(subject)
    function = script.function("run") if script else None
    if script and isinstance(function, ast.AsyncFunctionDef) and _known_decorators(function):
        yield Finding(
            subject.entry.span,
            f"{script.path}, line {function.lineno}: run() is async, and nothing awaits it",
        )


@rule(
    About(
        "AML064",
        "error",
        "@rawhttp and @input_schema on one run()",
        why="The server refuses both at once: one hands the raw request over, the other a "
        "parsed one.",
        remedy="Keep one of the two.",
        example=Example(
            "@rawhttp\n@input_schema('data', sample)\ndef run(data):\n    ...\n",
            "@input_schema('data', sample)\ndef run(data):\n    ...\n",
        ),
        sources=(SERVER_SOURCE,),
    )
)
def raw_and_schema(subject: Subject) -> Iterator[Finding]:
    """Both decorators on the same function."""
    script = _readable(subject)
    function = script.function("run") if script else None
    if script and function and {"rawhttp", "input_schema"} <= set(_decorators(function)):
        yield Finding(
            subject.entry.span,
            f"{script.path}, line {function.lineno}: run() has @rawhttp and @input_schema",
        )


@rule(
    About(
        "AML069",
        "info",
        "Code, but no AZUREML_ENTRY_SCRIPT",
        why="Without the variable the server looks for main.py, unless the deployment brings "
        "its own code_configuration.",
        remedy="Set AZUREML_ENTRY_SCRIPT to the script's name.",
        example=Example(_IMAGE.replace("ENV AZUREML_ENTRY_SCRIPT=score.py\n", ""), _IMAGE),
        sources=(START_SCRIPT,),
    )
)
def script_not_named(subject: Subject) -> Iterator[Finding]:
    """Where Python files land below the app root and main.py is not among them."""
    if not subject.serving or subject.variable("AZUREML_ENTRY_SCRIPT") or subject.mounts.code:
        return
    root = app_root(subject)
    files = [one for one in subject.places.below(root) if one.image_path.endswith(".py")]
    names = [one.image_path[len(root) + 1 :] for one in files]
    if not files or "main.py" in names or subject.own_start:
        return
    likely = [n for n in names if "/" not in n and "score" in n] or (
        names if len(names) == 1 else []
    )
    instruction = subject.dockerfile.instructions[files[0].copy.instruction]
    end = subject.end_of(instruction)
    fixes: tuple[Fix, ...] = ()
    if likely:
        line = f"{subject.newline}ENV AZUREML_ENTRY_SCRIPT={likely[0]}"
        fixes = (insert(f"Name {likely[0]}", end, line, certain=False),)
    yield Finding(
        instruction.span, "The server will look for main.py: no entry script is named", fixes=fixes
    )
