from __future__ import annotations

import pytest

from jupyter_azureml_image.azure.acr_dialect import AcrReader
from jupyter_azureml_image.build.dialects.steps import Steps
from jupyter_azureml_image.dockerfile.parse import parse
from jupyter_azureml_image.events import Event, LogLine, StepEnded, StepStarted

TEXT = "FROM busybox\nRUN echo größe\n"
STAMP = "2026/11/21 20:00:00"
CLASSIC = f"""\
{STAMP} Downloading source code...
{STAMP} Launching container with name: build
Sending build context to Docker daemon  2.048kB
Step 1/2 : FROM busybox
 ---> 0123456789ab
Step 2/2 : RUN echo größe
 ---> Running in 0123456789ab
größe
Removing intermediate container 0123456789ab
 ---> 0123456789ac
Successfully built 0123456789ac
Successfully tagged r.azurecr.io/i:t
{STAMP} Successfully executed container: build
{STAMP} Pushing image: r.azurecr.io/i:t, attempt 1
The push refers to repository [r.azurecr.io/i]
0123456789ab: Preparing
0123456789ab: Pushed
t: digest: sha256:{"0" * 64} size: 527
{STAMP} Successfully pushed image: r.azurecr.io/i:t
Run ID: ca1 was successful after 9s
"""
PLAIN = f"""\
{STAMP} Launching container with name: build
#1 [internal] load build definition from Dockerfile
#1 transferring dockerfile: 31B done
#1 DONE 0.0s

#4 [1/2] FROM docker.io/library/busybox@sha256:{"1" * 64}
#4 CACHED

#5 [2/2] RUN echo größe
#5 0.312 größe
#5 DONE 0.4s
{STAMP} Successfully executed container: build
"""
FAILED = f"""\
{STAMP} Launching container with name: build
Step 1/2 : FROM busybox
 ---> 0123456789ab
Step 2/2 : RUN echo größe
 ---> Running in 0123456789ab
sh: no
The command '/bin/sh -c echo größe' returned a non-zero code: 7
{STAMP} Container failed during run: build. No retries remaining.
failed to run step ID: build: exit status 1
"""


def _read(
    log: str, portion: int = 1000, *, buildkit: bool = False
) -> tuple[list[Event], AcrReader]:
    events: list[Event] = []
    reader = AcrReader(Steps(parse(TEXT)), events.append, buildkit=buildkit, clock=lambda: 0.0)
    data = log.replace("\n", "\r\n").encode()
    for start in range(0, len(data), portion):
        reader.feed(data[start : start + portion])
    return events, reader


def _steps(events: list[Event]) -> list[tuple[str, str]]:
    titles = {e.step: e.title for e in events if isinstance(e, StepStarted)}
    return [(titles[e.step], e.outcome) for e in events if isinstance(e, StepEnded)]


def test_a_quick_builds_log_tells_the_same_steps_as_a_local_build() -> None:
    events, reader = _read(CLASSIC)
    reader.finish("done")
    assert _steps(events) == [
        ("FROM busybox", "cached"),
        ("RUN echo größe", "done"),
        ("push r.azurecr.io/i:t", "done"),
    ]
    said = [e.text for e in events if isinstance(e, LogLine) and e.step == "step-2"]
    assert said == ["größe"]


def test_portions_that_cut_letters_and_lines_change_nothing() -> None:
    whole, _ = _read(CLASSIC)
    for portion in (1, 7):
        assert _read(CLASSIC, portion)[0] == whole


def test_buildkits_plain_progress_tells_the_same_steps() -> None:
    events, reader = _read(PLAIN, buildkit=True)
    reader.finish("done")
    assert dict(_steps(events)) == {"FROM busybox": "cached", "RUN echo größe": "done"}
    seconds = {e.step: e.seconds for e in events if isinstance(e, StepEnded)}
    assert seconds["step-2"] == pytest.approx(0.4)
    assert [e.text for e in events if isinstance(e, LogLine) and e.step] == ["größe"]


def test_a_failed_build_is_told_by_the_builders_last_line() -> None:
    events, reader = _read(FAILED)
    failed = reader.finish("failed")
    assert failed is not None
    assert failed.error.endswith("returned a non-zero code: 7")
    assert failed.step is not None
    assert failed.step.line == 2
    assert _steps(events)[-1] == ("RUN echo größe", "failed")


def test_a_run_that_failed_before_the_build_has_the_agents_last_line() -> None:
    _, reader = _read(f"{STAMP} failed to download source code: 404\n")
    assert reader.finish("failed") is None
    assert reader.last_agent_line == "failed to download source code: 404"
