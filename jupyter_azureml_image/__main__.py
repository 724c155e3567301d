"""The command line: `python -m jupyter_azureml_image`, the same verbs and options, for CI.

Exit codes: 0 well, 1 a finding at or above `--fail-on` or a failure, 2 wrong usage, 130
interrupted.
"""

from __future__ import annotations

import errno
import io
import json
import os
import runpy
import stat
import sys
import traceback
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import options as opt
from .errors import BadSettings, BadUsage, Cancelled, CheckFailed, ImageError
from .options.commands import COMMANDS, PROG, command, overview

if TYPE_CHECKING:
    from .lint.diagnostic import Diagnostic
    from .plan.request import BuildRequest, Recipe

Given = dict[str, Any]


def main(words: Sequence[str] | None = None) -> int:
    """Do what the words ask; the exit code."""
    words = list(sys.argv[1:] if words is None else words)
    try:
        return _run(words)
    except ImageError as error:
        if "--traceback" in words:
            traceback.print_exception(error)
        else:
            print("\n".join(error._render_traceback_()), file=sys.stderr)
        if isinstance(error, Cancelled):
            return 130
        return 2 if isinstance(error, (BadUsage, BadSettings)) else 1
    except KeyboardInterrupt:
        print("Interrupted.", file=sys.stderr)
        return 130


def _run(words: list[str]) -> int:
    if not words or words[0] in ("-h", "--help", "help"):
        print(overview(), file=sys.stdout if words else sys.stderr)
        return 0 if words else 2
    if words[0] == "--version":
        from . import __version__

        print(__version__)
        return 0
    chosen = command(words[0])
    if chosen is None:
        known = [c.verb for c in COMMANDS]
        hint = opt.nearest(words[0], known) or f"There are {', '.join(known)}."
        raise BadUsage(f"There is no command '{words[0]}'.", hint=hint)
    if chosen.verb == "sandbox":
        return _sandbox(words[1:])
    given = opt.parse(chosen, words[1:])
    if "help" in given:
        print(opt.help_text(chosen), end="")
        return 0
    _check_folder()
    return _DO[chosen.verb](opt.read_all(chosen, given))


def _check_folder() -> None:
    """Every relative path, and every setting, is looked for from the working directory."""
    try:
        Path.cwd()
    except FileNotFoundError:
        raise BadUsage(
            "The working directory was deleted.", hint="Change to a folder that exists."
        ) from None


def _sandbox(words: list[str]) -> int:
    """The sandbox shares nothing with this package: it is started as a program of its own."""
    ending = [word for word in words if word in ("--stop", "--reset")]
    if ending and not any(word.startswith("--state") for word in words):
        from . import state

        # The one that a notebook started keeps its state beside the journal.
        code = _start_sandbox(["--state", str(state.folder() / "sandbox"), *ending])
        if code:
            return code
    return _start_sandbox(words)


def _start_sandbox(words: list[str]) -> int:
    sys.argv = [f"{PROG} sandbox", *words]
    try:
        runpy.run_module(f"{__package__}.sandbox", run_name="__main__", alter_sys=True)
    except SystemExit as ended:
        if ended.code is None or isinstance(ended.code, int):
            return ended.code or 0
        print(ended.code, file=sys.stderr)
        return 1
    except ModuleNotFoundError as error:
        if error.name != "cryptography":
            raise
        raise BadUsage(
            "The sandbox needs the package cryptography.",
            hint="pip install 'jupyter-azureml-image[sandbox]'",
        ) from None
    return 0


def _check(given: Given) -> int:
    from . import api
    from .lint.diagnostic import at_least

    asked = _asked(given)
    if given.get("fix"):
        asked = _fixed(asked)
    found = api.findings(asked)
    _print_findings(found, asked.recipe, given)
    level = asked.check.fail_on
    return 1 if level != "never" and at_least(found, level) else 0


def _plan(given: Given) -> int:
    return _build({**given, "until": "plan"})


def _build(given: Given) -> int:
    from . import api
    from .events import Findings
    from .notebook.follow import follow
    from .notebook.screen import Keeper, Printer

    if "detach" in given:
        raise BadUsage("--detach is for notebooks.", hint="Let the shell do it: add & to the line.")
    given = _named(given)
    asked = _asked(given)
    live = api.start(asked)
    if given.get("format", "text") == "text":
        build = follow(live, Printer())
        print("\n".join(_result(build)))
        return 0
    kept = Keeper(Findings)
    result: Given = {}
    try:
        result = _result_json(follow(live, kept))
    finally:
        for event in kept.events:
            _print_findings(event.diagnostics, asked.recipe, given, result)
    return 0


def _result(build: Any) -> list[str]:
    from .view.text import result_lines

    return result_lines(build)


def _result_json(build: Any) -> Given:
    """What a program wants to know of a result."""
    from . import wire

    fields = ("name", "version", "reference", "local_reference", "image_id", "digest", "run_id")
    result = {field: getattr(build, field) for field in fields}
    plan = wire.dump(build.plan) if build.plan else None
    return {"build": {**result, "verdict": build.verdict and build.verdict.outcome}, "plan": plan}


def _named(given: Given) -> Given:
    """`plan Dockerfile`, as `check` is written, is understood: a plan makes nothing, and its
    name is then that of the folder."""
    name = given.get("name", "")
    if "dockerfile" in given or not _is_readable(name):
        return given
    if given.get("until") != "plan":
        raise BadUsage(
            f"'{name}' is a file; the environment has no name.",
            hint=f"{PROG} build NAME[:VERSION] {name}",
        )
    folder = Path(given.get("context") or ".").resolve().name
    fitting = "".join(c if c.isascii() and c.isalnum() else "-" for c in folder).strip("-")
    return {**given, "name": fitting or "image", "dockerfile": name}


def _is_readable(name: str) -> bool:
    """Whether that is a file, or a pipe that one comes from."""
    try:
        return not stat.S_ISDIR(Path(name).stat().st_mode)
    except (OSError, ValueError):
        return False


def _notebook(given: Given) -> int:
    from .notebook.image_cells import run_notebook

    count = run_notebook(Path(given["notebook"]))
    print(f"{count} image cell{'s' if count > 1 else ''} of {given['notebook']} ran.")
    return 0


def _bases(given: Given) -> int:
    from .notebook.looking import bases

    return _table(bases(None, given), given)


def _doctor(given: Given) -> int:
    from .notebook.looking import doctor

    table = doctor(None, given)
    _table(table, given)
    return 1 if any(row[0] == "bad" for row in table.rows) else 0


def _labextension(given: Given) -> int:
    from .labextension.install import do

    print(do(given["action"], sys_prefix=bool(given.get("sys_prefix")), to=given.get("to")))
    return 0


_DO: dict[str, Callable[[Given], int]] = {
    "check": _check,
    "plan": _plan,
    "build": _build,
    "run": _notebook,
    "bases": _bases,
    "doctor": _doctor,
    "labextension": _labextension,
}


def _asked(given: Given) -> BuildRequest:
    """The run that is asked for, settings filled in; its text is saved where that is asked. The
    text is read here and nowhere again: from a pipe it comes once."""
    from . import settings

    own = ("name", "dockerfile", "file", "spec")
    options = {key: value for key, value in given.items() if key not in own}
    options.setdefault("context", str(Path.cwd()))
    named = [key for key in ("dockerfile", "file", "spec") if key in given]
    if len(named) > 1:
        raise BadUsage("More than one Dockerfile is named.", hint="Give the file once.")
    if named == ["spec"]:
        spec = _spec(given["spec"])
        text, path, options = spec.to_dockerfile(), None, spec.fill(options)
    else:
        place = given[named[0]] if named else Path(options["context"], "Dockerfile")
        text, path = opt.read_text(place), os.path.abspath(place)  # noqa: PTH100  # links stay as the user named them
    asked = opt.request_from(given.get("name", "image"), text, path=path, **settings.fill(options))
    if "save" in given:
        opt.write_text(given["save"], text)
    return asked


def _spec(path: str) -> Any:
    from .spec import ImageSpec

    try:
        return ImageSpec.from_json(json.loads(Path(path).read_text(encoding="utf-8")))
    except BadUsage as error:
        why = " ".join(filter(None, (error.message, error.hint)))
    except UnicodeDecodeError:
        why = "It is no UTF-8 text."
    except (ValueError, RecursionError) as error:
        why = f"It is no JSON: {error}."
    except OSError as error:
        why = f"{error.strerror}."
    raise BadUsage(f"--spec: {path} holds no ImageSpec as JSON.", hint=why)


def _fixed(asked: BuildRequest) -> BuildRequest:
    """The same with every certain fix in its file; raises CheckFailed where there is none."""
    from . import api

    fixed = api.fix(asked)
    for shown in filter(None, (fixed.diff, fixed.offers)):
        print(shown, file=sys.stderr)
    if not fixed.applied:
        return asked
    path = asked.recipe.path
    if path is None or not Path(path).is_file():
        count = len(fixed.applied)
        raise CheckFailed(
            f"{count} fix{'es' if count > 1 else ''} to apply, and no file to put the text into.",
            hint="--save FILE makes one; then name it.",
        )
    opt.write_text(path, fixed.text, flag="--fix", hint="Change the text by the diff above.")
    return replace(asked, recipe=replace(asked.recipe, text=fixed.text))


def _print_findings(
    found: Sequence[Diagnostic], recipe: Recipe, given: Given, beside: Given | None = None
) -> None:
    form = given.get("format", "text")
    if form != "text":
        from .notebook.documents import document

        written = document(tuple(found), form, recipe.text, _place(recipe))
        if form == "json" and beside:
            written = json.dumps({**json.loads(written), **beside}, indent=2)
        print(written)
        return
    from .lint.render import render
    from .view.words import clean

    print("\n".join(map(clean, render(recipe.text, found).split("\n"))))


def _place(recipe: Recipe) -> str:
    """The file as CI looks it up: by its name in the working directory, where it is below."""
    if recipe.path is None:
        return "Dockerfile"
    path, folder = Path(recipe.path), Path.cwd()
    return str(path.relative_to(folder) if path.is_relative_to(folder) else path)


def _table(table: Any, given: Given) -> int:
    if given.get("format") == "json":
        names = [column.lower().replace(" ", "_") for column in table.columns]
        rows = [dict(zip(names, row, strict=True)) for row in table.rows]
        print(json.dumps({table.title.lower().replace(" ", "_"): rows}, indent=2))
    else:
        print("\n".join(table.lines()))
    return 0


_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)


def program() -> int:
    """`main` with what it printed written out; a reader that has seen enough (`| head`) is no
    failure: 141, as a shell tells of a program that its pipe ended."""
    _mend_output()
    try:
        code = main()
        sys.stdout.flush()
    except BrokenPipeError:
        _drop_output()
        return 141
    except OSError as error:
        if error.errno not in _FULL or "--traceback" in sys.argv:
            raise
        _drop_output()
        print(f"Nothing more can be written: {error.strerror}.", file=sys.stderr)
        return 1
    return code


def _mend_output() -> None:
    """A closed output is read by nobody; one without our signs shows question marks."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, Path(os.devnull).open("w", encoding="utf-8"))  # noqa: SIM115  # it is the stream
        elif isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


def _drop_output() -> None:
    """What is left to write goes nowhere, else Python complains of it at its end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


if __name__ == "__main__":
    sys.exit(program())
