"""Run a command, and stop afterwards the engines that were started for it.

An engine that ``make engine`` started is left to the one who asked for it, and one that another
run is using is left to that run, which stops it at its own end.
"""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
from pathlib import Path

from tools import daemon
from tools.places import cache, say

VARIABLE = "AZUREML_IMAGE_DURING"
_ENGINES = (daemon.DISTRIBUTION, daemon.MODERN)


def mark(engine: daemon.Engine) -> None:
    """Note that *engine* was started for a run and ends with it, if that is so."""
    if os.environ.get(VARIABLE):
        _marker(engine).touch()


def keep(engine: daemon.Engine) -> None:
    """Note that somebody asked for *engine* to stay."""
    _marker(engine).unlink(missing_ok=True)


def main() -> int:
    """Run the command of the arguments; return its exit code."""
    with (cache() / "in-use.lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_SH)
        environment = {**os.environ, VARIABLE: "1"}
        try:
            code = subprocess.run(sys.argv[1:], env=environment, check=False).returncode
        except KeyboardInterrupt:
            code = 130
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return code
        for engine in _ENGINES:
            if _marker(engine).exists():
                _marker(engine).unlink()
                if daemon.stop(engine):
                    say(f"Stopped the project's own {engine.title}.")
    return code


def _marker(engine: daemon.Engine) -> Path:
    return engine.folder / "only-during"


if __name__ == "__main__":
    sys.exit(main())
