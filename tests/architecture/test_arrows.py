"""Arrows point inward: read from the imports themselves."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "jupyter_azureml_image"
NAME = "jupyter_azureml_image"

CORE = {
    "errors", "events", "records", "wire", "stages", "state", "cancellation", "journal", "spec",
    "options", "dockerfile", "lint", "context", "plan", "view", "explain", "catalog", "result",
    "outside", "gather", "registering", "inspection", "existing", "planning", "pipeline", "run",
}  # fmt: skip
PORTS = {"build.ports", "rehearse.verdict"}
OUTSIDE_WORLD = {
    "build": {"docker", "requests", "urllib3"},
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


def test_loading_the_extension_imports_nothing_heavy():
    code = (
        "import sys; from IPython.core.interactiveshell import InteractiveShell;"
        "shell = InteractiveShell.instance(); before = set(sys.modules);"
        f"shell.run_line_magic('load_ext', '{NAME}');"
        "new = {name.partition('.')[0] for name in set(sys.modules) - before};"
        "heavy = {'azure', 'docker', 'ipywidgets', 'requests', 'yaml', 'jinja2', 'rich'};"
        "print(sorted(new & heavy))"
    )
    out = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert out.stdout.strip() == "[]"
