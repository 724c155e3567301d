"""Arrows point inward: read from the imports themselves."""

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "jupyter_azureml_image"
NAME = "jupyter_azureml_image"

CORE = {
    "errors", "events", "patterns", "records", "wire", "stages", "state", "cancellation", "journal",
    "recording", "spec", "options", "dockerfile", "lint", "context", "plan", "view", "explain",
    "catalog", "result", "outside", "gather", "registering", "inspection", "existing", "planning",
    "pipeline", "run", "endings", "paths",
}  # fmt: skip
PORTS = {"build.ports", "rehearse.verdict"}
OUTSIDE_WORLD = {
    "build": {"docker", "grpclib", "requests", "urllib3"},
    "rehearse": {"docker"},
    "azure": {"azure", "requests", "docker"},
    "notebook": {"IPython", "traitlets", "ipykernel", "comm"},
    "labextension": {"jupyter_core"},
    "widgets": {"ipywidgets", "IPython", "traitlets"},
    "context": {"isal", "zlib_ng"},
    "catalog": {"requests"},
    "settings": {"traitlets", "tomli"},
    "__init__": {"IPython"},
}  # room: the outside packages it may name


def modules():
    return sorted(PACKAGE.rglob("*.py"))


def room(path):
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return parts[0]


def imports(path):
    """(dotted name inside the package or outside, whether it is ours) of every import."""
    here = (NAME, *path.relative_to(PACKAGE).with_suffix("").parts)
    package = here[:-1]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((alias.name, False) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            if node.level == 0:
                yield node.module, False
                continue
            base = package[: len(package) - node.level + 1]
            inside = ".".join([*base[1:], *(node.module or "").split(".")]).strip(".")
            names = (
                [inside] if node.module else [f"{inside}.{a.name}".strip(".") for a in node.names]
            )
            yield from ((name, True) for name in names)


@pytest.mark.parametrize("path", modules(), ids=lambda p: str(p.relative_to(PACKAGE)))
def test_a_module_names_only_the_outside_packages_of_its_room(path):
    if room(path) == "sandbox":
        return
    allowed = sys.stdlib_module_names | OUTSIDE_WORLD.get(room(path), set()) | {NAME, "__future__"}
    typing_only = _type_checking_imports(path)
    named = {name.partition(".")[0] for name, ours in imports(path) if not ours}
    assert named - allowed - typing_only == set()


def _type_checking_imports(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    found = set()
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.If)
            and isinstance(node.test, ast.Name)
            and node.test.id == "TYPE_CHECKING"
        ):
            for inner in ast.walk(node):
                if isinstance(inner, ast.ImportFrom) and inner.level == 0:
                    found.add(inner.module.partition(".")[0])
    return found


@pytest.mark.parametrize(
    "path", [p for p in modules() if room(p) in CORE], ids=lambda p: str(p.relative_to(PACKAGE))
)
def test_the_core_imports_itself_and_ports_only(path):
    ours = {name for name, inside in imports(path) if inside and name}
    rooms = {name for name in ours if name.partition(".")[0] not in CORE and name not in PORTS}
    rooms -= {"build", "rehearse", "api"} if path.name == "result.py" else set()
    assert rooms == set()


def test_nothing_imports_the_sandbox_and_it_imports_nothing_of_ours():
    for path in modules():
        ours = {name for name, inside in imports(path) if inside}
        absolute = {name for name, inside in imports(path) if not inside and name.startswith(NAME)}
        if room(path) == "sandbox":
            assert all(name.startswith("sandbox") for name in ours), path
            assert absolute == set(), path
        else:
            assert not any(name.startswith("sandbox") for name in ours), path


def test_neither_loading_the_extension_nor_the_first_check_imports_anything_heavy(tmp_path):
    """What is heavy, not how long it took: the figures are those of `make bench`."""
    (tmp_path / "score.py").write_text("import json\n")
    found = _in_a_fresh_kernel(
        "from jupyter_azureml_image.notebook.glance import Glance\n"
        f"Glance({str(tmp_path)!r}).check('FROM python:3.12\\nCOPY score.py /\\nRUN pip install x')"
    )
    outside = {"azure", "docker", "ipywidgets", "requests", "yaml", "jinja2", "rich"}
    # OpenSSL, zip files, difference tables and databases: milliseconds each, and of no use here.
    dear = {"_hashlib", "zipfile", "importlib.resources", "difflib", "http", "ssl", "asyncio"}
    for when in ("loaded", "checked"):
        new = {part for name in found[when] for part in (name, name.partition(".")[0])}
        assert new & (outside | dear) == set(), when
    loaded = {name.split(".")[1] for name in found["loaded"] if name.startswith(f"{NAME}.")}
    assert loaded == {"errors", "notebook", "patterns", "records", "settings"}
    assert f"{NAME}.context.mounts" not in found["checked"]
    rooms = {name.split(".")[1] for name in found["checked"] if name.startswith(f"{NAME}.")}
    assert rooms & {"pipeline", "journal", "build", "azure", "rehearse", "view", "widgets"} == set()


def test_the_first_check_writes_no_methods_that_it_does_not_need(tmp_path):
    found = _in_a_fresh_kernel(
        "import dataclasses\nstandard = dataclasses.dataclass\n"
        "def counted(*classes, **wishes):\n"
        "    if wishes.get('init', True):\n"
        "        made.append(sys._getframe(1).f_globals['__name__'])\n"
        "    return standard(*classes, **wishes)\n"
        "dataclasses.dataclass = counted\n"
        "from jupyter_azureml_image.notebook.glance import Glance\n"
        f"Glance({str(tmp_path)!r}).check('FROM scratch')"
    )
    assert [name for name in found["made"] if name.startswith(NAME)] == []


def _in_a_fresh_kernel(check):
    """The modules that `%load_ext` and `check` bring, and the standard dataclasses made."""
    code = (
        "import json, sys\nfrom IPython.core.interactiveshell import InteractiveShell\n"
        "made = []\nshell = InteractiveShell.instance()\nbefore = set(sys.modules)\n"
        f"shell.run_line_magic('load_ext', '{NAME}')\nloaded = set(sys.modules) - before\n"
        f"{check}\nchecked = set(sys.modules) - before\n"
        "print(json.dumps({'loaded': [*loaded], 'checked': [*checked], 'made': made}))"
    )
    out = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    return json.loads(out.stdout.splitlines()[-1])
