"""What one `%%azureml_dockerfile` cell, or its line form, does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .. import options as opt
from ..errors import BadUsage
from . import frontend
from .failures import failures

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from ..plan.request import BuildRequest
    from ..result import ImageBuild
    from ..run import LiveRun
    from .screen import Screen


@dataclass(frozen=True, slots=True)
class Cell:
    """An executed magic: its line as typed, its body (None for the line form), the folder that
    is the context where nothing else says so, and what stands above it in its cell."""

    line: str
    body: str | None
    folder: str
    above: str = ""


def run(shell: InteractiveShell, cell: Cell) -> ImageBuild | None:
    """Do what the cell asks; None for `--help`, `--fix` and `--detach`. Raises ImageError."""
    with failures(shell, full="--traceback" in cell.line.split()):
        if cell.above.strip():  # --fix would replace the whole cell, and marks count its lines
            raise BadUsage(
                f"{opt.CELL.prog} stands below a comment.",
                hint="Make it the first line of its cell.",
            )
        words = opt.split(cell.line, opt.CELL.prog)
        if {"-h", "--help"} & set(words):
            print(opt.help_text(opt.CELL))  # noqa: T201  # the one thing --help is for
            return None
        given = opt.parse(opt.CELL, opt.expand(opt.CELL, words, shell.user_ns))
        asked = _request(shell, cell, given)
        if "save" in given:
            opt.write_text(opt.by_name("save", given["save"]), asked.recipe.text)
        if given.get("fix"):
            from .fixing import fix

            fix(shell, cell, asked)
            return None
        return _build(shell, asked, given)


def screen(shell: InteractiveShell, progress: str, log_file: str) -> Screen:
    """Where a run is shown, as `--progress` and the front end have it."""
    from .screen import Printer, Slot

    if progress == "plain" or (progress == "auto" and not frontend.has_kernel(shell)):
        return Printer()
    return Slot(log_file)


def show(shell: InteractiveShell, live: LiveRun, progress: str = "auto") -> ImageBuild:
    """Follow a run on the screen that suits; raises ImageError."""
    from .. import api
    from .follow import follow

    return follow(live, screen(shell, progress, str(api.log_path(live.run_id))))


def _build(
    shell: InteractiveShell, asked: BuildRequest, given: Mapping[str, Any]
) -> ImageBuild | None:
    from .. import api

    live = api.start(asked)
    if asked.detach:
        back = f"%azureml_image attach {live.run_id}"
        shows = (
            f"{given['as']} = {back} shows it and binds it" if "as" in given else f"{back} shows it"
        )
        print(  # noqa: T201  # a sentence of the cell itself
            f"Run {live.run_id} goes on in the background; {shows}. Without buildx a local build "
            "ends with this kernel."
        )
        return None
    if given.get("format", "text") != "text":
        build = _document(live, given["format"])
    else:
        build = show(shell, live, given.get("progress", "auto"))
    if "as" in given:
        shell.user_ns[given["as"]] = build
    return build


def _document(live: LiveRun, form: str) -> ImageBuild:
    """Print the findings for a program to read, whether the run went well or not."""
    from ..events import Findings
    from .documents import document
    from .follow import follow
    from .screen import Keeper

    kept = Keeper(Findings)
    try:
        return follow(live, kept)
    finally:
        for event in kept.events:
            written = document(event.diagnostics, form, event.text)
            print(written)  # noqa: T201  # the document asked for


def _request(shell: InteractiveShell, cell: Cell, given: dict[str, Any]) -> BuildRequest:
    from .. import settings

    beside = _sample(given, shell.user_ns)
    text, path = _text(cell, given, shell.user_ns)
    notebook = frontend.notebook(shell.user_ns)
    folder = str(Path(notebook).parent) if notebook else cell.folder
    asked = {k: v for k, v in given.items() if k not in ("name", "spec")} | beside
    asked.setdefault("context", folder)
    if "spec" in given:
        asked = _of_spec(_spec(given["spec"], shell.user_ns), asked)
    filled = settings.fill(asked)
    given.setdefault("progress", filled.get("progress", "auto"))
    place = {"path": path, "first_line": 1 if cell.body is None else _first_line(cell)}
    return opt.request_from(given["name"], text, notebook=notebook, **place, **filled)


def _first_line(cell: Cell) -> int:
    """The number of the body's first line in its cell."""
    return cell.above.count("\n") + 2


def _text(cell: Cell, given: Mapping[str, Any], names: Mapping[str, Any]) -> tuple[str, str | None]:
    """The Dockerfile text and the path it was read from."""
    sources = [flag for flag in ("file", "spec") if flag in given]
    if cell.body is not None and sources:
        raise BadUsage(
            f"--{sources[0]} and a cell body are two texts.",
            hint="Empty the cell's body, or leave the option out.",
        )
    if len(sources) > 1:
        raise BadUsage("--file and --spec are two texts.", hint="Keep one of them.")
    if cell.body is not None:
        return cell.body, None
    if "spec" in given:
        return str(_spec(given["spec"], names).to_dockerfile()), None
    if "file" in given:
        path = str(opt.by_name("file", given["file"]))
        return opt.read_text(path), path
    raise BadUsage(
        "There is no Dockerfile text.",
        hint="Write it below a %%azureml_dockerfile line, or name it with --file PATH or "
        "--spec VAR.",
    )


def _spec(variable: str, names: Mapping[str, Any]) -> Any:
    value = opt.look_up(variable, names, "--spec")
    value = getattr(value, "value", value)  # a panel hands out its spec
    if not hasattr(value, "to_dockerfile"):
        raise BadUsage(
            f"--spec: '{variable}' holds a {type(value).__name__}, not an ImageSpec.",
            hint="%azureml_image panel makes one.",
        )
    return value


def _of_spec(spec: Any, asked: dict[str, Any]) -> dict[str, Any]:
    from ..spec import ImageSpec

    return spec.fill(asked) if isinstance(spec, ImageSpec) else asked


def _sample(given: dict[str, Any], names: Mapping[str, Any]) -> dict[str, Any]:
    """`--request-file @var` as the sample itself."""
    place = given.get("request_file", "")
    if not place.startswith("@"):
        return {}
    del given["request_file"]
    return {"sample": opt.look_up(place[1:], names, "--request-file")}
