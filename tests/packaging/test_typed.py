"""A program that uses the package is checked by its own type checker, as `py.typed` promises."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import jupyter_azureml_image

ROOT = Path(__file__).resolve().parents[2]

PROGRAM = """
built = build("iris", spec.to_dockerfile(), context=".", until="plan")
text: str | None = built.reference
planned: str = plan("iris", "Dockerfile").version
lines: list[int] = [found.line for found in check("Dockerfile")]
endpoint: str = built.name
rollback(endpoint)
panel(spec)
try:
    register(built)
except CheckFailed as error:
    lines = [found.line for found in error.diagnostics]
"""

MISTAKES = """
build()
panel(3)
chek = jupyter_azureml_image.chek
"""


def _findings(program: str, folder: Path) -> list[str]:
    """What mypy says of it, with the rules that the package is held to itself."""
    file = folder / "program.py"
    file.write_text(program)
    line = [sys.executable, "-m", "mypy", "--cache-dir", str(folder / "cache"), "--no-pretty"]
    done = subprocess.run([*line, str(file)], cwd=ROOT, capture_output=True, text=True, check=False)
    assert not done.stderr, done.stderr
    return [line for line in done.stdout.splitlines() if "program.py" in line]


def test_every_public_name_is_known_to_a_type_checker_as_what_it_is(tmp_path: Path) -> None:
    names = ", ".join(jupyter_azureml_image.__all__)
    head = f"import jupyter_azureml_image\nfrom jupyter_azureml_image import {names}\n"
    right = f'{head}spec = ImageSpec(base="python:3.12-slim")\n{PROGRAM}'
    assert _findings(right, tmp_path) == []
    wrong = "\n".join(_findings(head + MISTAKES, tmp_path))
    assert "Missing positional arguments" in wrong
    assert 'Argument 1 to "panel" has incompatible type "int"' in wrong
    assert 'has no attribute "chek"' in wrong
