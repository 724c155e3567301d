"""The sandbox is outside: it shares no code with the package, and nothing there imports it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[2] / "jupyter_azureml_image"
SANDBOX = PACKAGE / "sandbox"


def _imports(file: Path) -> Iterator[tuple[int, str]]:
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            yield from ((0, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.level, node.module or ""


def test_the_sandbox_imports_nothing_of_the_package_outside_itself() -> None:
    strange = [
        f"{file.name}: {'.' * level}{module}"
        for file in SANDBOX.rglob("*.py")
        for level, module in _imports(file)
        if level > 1 or module.startswith("jupyter_azureml_image")
    ]
    assert strange == []


def test_the_package_imports_the_sandbox_only_to_start_its_command() -> None:
    found = {
        file.relative_to(PACKAGE).as_posix()
        for file in PACKAGE.rglob("*.py")
        if SANDBOX not in file.parents
        for level, module in _imports(file)
        if module.split(".")[:1] == ["sandbox"]
        or module.startswith("jupyter_azureml_image.sandbox")
    }
    assert found <= {"__main__.py"}


def test_heavy_libraries_are_imported_inside_functions_only() -> None:
    heavy = {"docker", "cryptography", "requests", "yaml", "azure"}
    eager = [
        f"{file.name}: {name}"
        for file in SANDBOX.rglob("*.py")
        for node in ast.parse(file.read_text()).body
        if isinstance(node, (ast.Import, ast.ImportFrom)) and not getattr(node, "level", 0)
        for name in [getattr(node, "module", None) or node.names[0].name]
        if name.split(".")[0] in heavy
    ]
    assert eager == []
