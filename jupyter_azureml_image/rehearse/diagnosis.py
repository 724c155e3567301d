"""Why a server did not start or answer, read from its log.

Texts are those of azureml-inference-server-http 1.5.1, gunicorn and runit, as seen on real
containers. The reason stands lines above the end of the log, and some errors are harmless.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from .container import State

_TRACEBACK = "Traceback (most recent call last):"
_CHAIN = (
    "The above exception was the direct cause of the following exception:",
    "During handling of the above exception, another exception occurred:",
)
_FRAME = re.compile(r'\s+File "([^"]+)", line (\d+), in ')
_HARMLESS = re.compile(r"Error while fetching model IDs|Found extra keys in the config file")
_WRAPPER = re.compile(r"^[\w.]*UserScript(Import)?Exception: ")
_LOCK = re.compile(r"unable to open supervise/lock")
_MODULE = re.compile(r"No module named '([\w.]+)'")
_LIBRARY = re.compile(r"ImportError: (lib[\w.+-]+): cannot open shared object file")
_MISSING_SCRIPT = re.compile(r"FileNotFoundError: .*'(/[^']+\.py)'")
_START_SCRIPT = {
    95: "a package of AZUREML_EXTRA_* could not be installed",
    96: "azureml-inference-server-http is missing in the image",
    97: "the folder of AZUREML_EXTRA_PYTHON_LIB_PATH does not exist",
    98: "the file of AZUREML_EXTRA_CONDA_YAML does not exist",
    99: "the file of AZUREML_EXTRA_REQUIREMENTS_TXT does not exist",
    100: "azureml-inference-server-http is missing in the image",
}
_FINISHED = re.compile(r"gunicorn/finish (\d+) ")
_PACKAGES = {
    "cv2": "opencv-python-headless",
    "sklearn": "scikit-learn",
    "PIL": "pillow",
    "yaml": "pyyaml",
    "skimage": "scikit-image",
    "bs4": "beautifulsoup4",
    "dotenv": "python-dotenv",
}


@dataclass(frozen=True, slots=True)
class Cause:
    """Why, in a sentence without a full stop, and what to do about it."""

    text: str
    hint: str | None = None


def cause(log: Sequence[str], state: State | None = None) -> Cause | None:
    """The likeliest cause that the log (and the container's end) tells of, or None."""
    if state is not None and state.out_of_memory:
        return Cause(
            "it was ended for lack of memory",
            "Give Docker more memory, or load a smaller model; on Azure choose a bigger "
            "--instance-type.",
        )
    if locked := locked_out(log):
        return locked
    for chain in reversed(list(_chains(log))):
        if found := _of_traceback(chain):
            return found
    for line in reversed(log):
        match = _FINISHED.search(line)
        if match and int(match[1]) in _START_SCRIPT:
            return Cause(_START_SCRIPT[int(match[1])])
        if "azureml-inference-server-http is missing" in line:
            return Cause(_START_SCRIPT[100], "Install it, or start from an inference image.")
        if "exec format error" in line:
            return Cause(
                "its programs are for another processor",
                "Build with --platform linux/amd64, on a base for it.",
            )
    return None


def locked_out(log: Sequence[str]) -> Cause | None:
    """The one failure that never ends: services that the final user may not start."""
    if not any(_LOCK.search(line) for line in log):
        return None
    return Cause(
        "its services may not write below /var/runit, because the image's last USER is not the "
        "one that owns it",
        "End the Dockerfile with 'USER dockeruser'.",
    )


def of_exit(state: State, command: Sequence[str]) -> Cause:
    """What an end without a word in the log means."""
    words = " ".join(command) or "none"
    if state.exit_code == 0:
        return Cause(
            f"its command ({words}) ended at once",
            'An image that serves ends in CMD ["runsvdir", "/var/runit"]; leave the base\'s '
            "CMD and ENTRYPOINT as they are.",
        )
    return Cause(f"it ended with exit code {state.exit_code}")


@dataclass(frozen=True, slots=True)
class _Raised:
    """One traceback: where it was raised last in code that is not installed, and the error."""

    error: str
    frames: tuple[tuple[str, str], ...]

    @property
    def where(self) -> str:
        own = [f for f in self.frames if "site-packages" not in f[0] and not f[0].startswith("<")]
        return f" ({own[-1][0].rpartition('/')[2]}, line {own[-1][1]})" if own else ""


def _chains(log: Sequence[str]) -> Iterable[list[_Raised]]:
    """The tracebacks of the log, those that were raised from each other together."""
    chain: list[_Raised] = []
    at = 0
    while at < len(log):
        if _TRACEBACK not in log[at]:
            if log[at].strip() and log[at].strip() not in _CHAIN and chain:
                yield chain
                chain = []
            at += 1
            continue
        harmless = _HARMLESS.search(" ".join(log[max(0, at - 1) : at + 1])) is not None
        raised, at = _read(log, at + 1)
        if not harmless:
            chain.append(raised)
    if chain:
        yield chain


def _read(log: Sequence[str], at: int) -> tuple[_Raised, int]:
    frames: list[tuple[str, str]] = []
    while at < len(log) and (log[at].startswith(" ") or not log[at].strip()):
        if match := _FRAME.match(log[at]):
            frames.append((match[1], match[2]))
        at += 1
    error = log[at].strip() if at < len(log) else ""
    return _Raised(error, tuple(frames)), at + 1


def _of_traceback(chain: Sequence[_Raised]) -> Cause | None:
    own = [raised for raised in chain if raised.error and not _WRAPPER.match(raised.error)]
    if not own:
        return None
    raised = own[-1] if not _WRAPPER.match(chain[-1].error) else own[0]
    script = _MISSING_SCRIPT.search(raised.error)
    if script and not raised.where:
        return Cause(
            f"the entry script {script[1]} is not in the image",
            "COPY it there, or set AZUREML_ENTRY_SCRIPT to where it is.",
        )
    error = raised.error.rpartition("user_script.")[2] or raised.error
    return Cause(f"{error.rstrip('.')}{raised.where}", _remedy(raised.error))


def _remedy(error: str) -> str | None:
    if match := _MODULE.search(error):
        name = match[1].partition(".")[0]
        return (
            f"Install it into the serving Python: RUN pip install {_PACKAGES.get(name, name)} "
            "(a package of your own: COPY it beside the entry script)."
        )
    if match := _LIBRARY.search(error):
        if match[1].startswith("libGL"):
            return "Install opencv-python-headless instead of opencv-python."
        return f"Install the system package that holds {match[1]} with apt-get, as root."
    return None
