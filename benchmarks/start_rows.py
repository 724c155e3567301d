"""What `%load_ext` and the first check add to a start of IPython."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from benchmarks.check_input import SIXTY_LINES, make_context
from benchmarks.place import Place
from benchmarks.table import Row
from benchmarks.turns import at_most, in_turn

HEAVY = ("azure", "docker", "ipywidgets", "requests")

OURS = """
import json, sys, time
from IPython.core.interactiveshell import InteractiveShell
folder, text = sys.argv[1:]
shell = InteractiveShell.instance()
before, started = set(sys.modules), time.perf_counter()
shell.run_line_magic("load_ext", "jupyter_azureml_image")
loaded = time.perf_counter()
from jupyter_azureml_image.notebook.glance import Glance
Glance(folder).check(text)
checked = time.perf_counter()
new = {name.partition(".")[0] for name in set(sys.modules) - before}
print(json.dumps({"load": loaded - started, "check": checked - loaded,
                  "modules": len(set(sys.modules) - before),
                  "foreign": sorted(new - sys.stdlib_module_names - {"jupyter_azureml_image"})}))
"""
PEER = """
import json, time
started = time.perf_counter()
import azure.ai.ml
print(json.dumps({"load": time.perf_counter() - started}))
"""


def load(place: Place) -> Iterator[Row]:
    """`%load_ext` and the check while typing, each in a fresh process."""
    root = make_context(place.folder)
    said: list[dict[str, float]] = []

    def ours() -> float:
        said.append(_child(OURS, str(root), SIXTY_LINES))
        return said[-1]["load"] + said[-1]["check"]

    def peer() -> float:
        return _child(PEER)["load"]

    ours()  # the first start of each writes its bytecode
    peer()
    said.clear()
    found = in_turn(place.turns, {"ours": ours, "peer": peer}, {"peer": place.few})
    both, last = found.median("ours") or 0.0, said[-1]
    heavy = sorted(set(HEAVY) & set(map(str, last["foreign"])))  # type: ignore[call-overload]  # JSON
    loads = sorted(each["load"] for each in said)[len(said) // 2]
    yield Row(
        "%load_ext and first check, on top of IPython's start",
        both * 1000,
        (found.median("peer") or 0.0) * 1000,
        "import azure.ai.ml",
        unit="ms",
        goal="at most 30 ms, nothing heavy",
        met=bool(at_most(both, 0.030)) and not heavy,
        turns=place.turns,
        note=f"%load_ext alone {loads * 1000:.1f} ms; {last['modules']} modules, "
        f"heavy ones: {', '.join(heavy) or 'none'}",
    )


def _child(program: str, *words: str) -> dict[str, float]:
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", program, *words],
        stdout=subprocess.PIPE,
        check=True,
        cwd=Path(__file__).parents[1],
    )
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found
