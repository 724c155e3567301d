"""One run's events, with everything in them that a view has to show or to keep from acting."""

from __future__ import annotations

from jupyter_azureml_image import events as e
from jupyter_azureml_image.lint.diagnostic import Diagnostic

HOSTILE = "<img src=x onerror=\"alert('x')\"> & </pre><script>alert(1)</script> \x1b[31mred\x1b[0m"
TEXT = "FROM python\nRUN pip install –r <requirements>.txt\n"

FINDING = Diagnostic(
    "AML001",
    "error",
    "An en dash (–) stands where a hyphen is meant.",
    2,
    17,
    2,
    18,
    why="pip takes it for the name of a package.",
    remedy="Write -r.",
)

OPENING: tuple[e.Event, ...] = (
    e.RunStarted("1a2b3c4d", "my-env", "register"),
    e.Connected("SANDBOX workspace 'ws', signed in as the sandbox.", sandbox=True),
    e.StageStarted("check"),
    e.Findings((FINDING,), TEXT),
    e.StageEnded("check", "done", 0.21, "1 finding, none of them stops the run."),
    e.StageStarted("context"),
    e.Listing("context", ("a.txt  3 bytes", f"{HOSTILE}.txt")),
    e.StageEnded("context", "done", 0.1, "2 files, 3.1 kB, will be sent."),
    e.StageStarted("plan"),
    e.Listing("plan", ("docker build -t my-env:1 .",)),
    e.Note("Built by Docker Engine 28.", "info"),
    e.StageEnded("plan", "done", 0.1, "Nothing like it was built before."),
    e.StageStarted("build"),
    e.StepStarted("1", "FROM python", 1),
    e.StepEnded("1", "cached"),
    e.StepStarted("2", f"RUN echo {HOSTILE}", 2),
)

FAILING: tuple[e.Event, ...] = (
    *OPENING,
    *(e.LogLine(f"line {i} {HOSTILE}", "2") for i in range(1000)),
    e.StepEnded("2", "failed", 3.2),
    e.Note(f"Careful: {HOSTILE}", "warning"),
    e.StageEnded("build", "failed", 4.0, "RUN echo failed with exit code 1."),
    e.RunEnded("failed", 65.0, "RUN echo failed with exit code 1.", "See line 2.\nWrite -r."),
)
