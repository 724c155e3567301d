"""Following a run: shown while it runs, paced, cancelled by the first interrupt, left by the
second."""

from __future__ import annotations

import _thread
import signal
import threading
from collections.abc import Callable, Sequence
from typing import Any, cast

import pytest

from jupyter_azureml_image import events as e
from jupyter_azureml_image.cancellation import Cancellation
from jupyter_azureml_image.errors import BuildFailed, Cancelled, ImageError
from jupyter_azureml_image.notebook.calls import as_run
from jupyter_azureml_image.notebook.follow import STOPPING, follow
from jupyter_azureml_image.notebook.screen import Keeper, Printer, Slot
from jupyter_azureml_image.result import ImageBuild
from jupyter_azureml_image.run import LiveRun

Work = Callable[[e.Emit, Cancellation], Any]
BUILD = ImageBuild("env", "abcd")


def live(work: Work) -> LiveRun:
    return LiveRun("abcd", cast(Any, work)).start()


class Watcher:
    """A screen that interrupts when it sees what it waits for."""

    def __init__(self, *until: type[Any]) -> None:
        self.events: list[e.Event] = []
        self._until = list(until)

    def show(self, events: Sequence[e.Event]) -> None:
        for event in events:
            self.events.append(event)
            if self._until and isinstance(event, self._until[0]):
                self._until.pop(0)
                _thread.interrupt_main()

    def notes(self) -> list[str]:
        return [event.text for event in self.events if isinstance(event, e.Note)]


def test_every_event_is_shown_in_order_and_the_result_given() -> None:
    told = [e.RunStarted("abcd", "env"), *(e.LogLine(str(i)) for i in range(1000))]

    def work(emit: e.Emit, cancellation: Cancellation) -> ImageBuild:
        for event in told:
            emit(event)
        return BUILD

    watcher = Watcher()
    assert follow(live(work), watcher) is BUILD
    assert watcher.events == told


def test_the_error_that_ended_the_run_is_raised_as_it_is() -> None:
    def work(emit: e.Emit, cancellation: Cancellation) -> ImageBuild:
        raise BuildFailed("RUN failed.", hint="Look.")

    with pytest.raises(BuildFailed, match=r"RUN failed\."):
        follow(live(work), Watcher())


def test_a_bug_is_not_swallowed() -> None:
    def work(emit: e.Emit, cancellation: Cancellation) -> ImageBuild:
        return cast(ImageBuild, {}["nothing"])

    with pytest.raises(KeyError):
        follow(live(work), Watcher())


def test_the_first_interrupt_stops_the_run_where_it_runs_and_says_so() -> None:
    stopped = threading.Event()

    def work(emit: e.Emit, cancellation: Cancellation) -> ImageBuild:
        emit(e.StageStarted("build"))
        with cancellation.stopping(stopped.set):
            assert stopped.wait(20)
        emit(e.StageEnded("build", "cancelled", 1.0))
        raise Cancelled("The run was stopped.")

    watcher = Watcher(e.StageStarted)
    with pytest.raises(Cancelled, match="The run was stopped"):
        follow(live(work), watcher)
    assert watcher.notes() == [STOPPING]
    assert any(isinstance(event, e.StageEnded) for event in watcher.events)


def test_the_second_interrupt_leaves_at_once_and_says_how_to_attach() -> None:
    release = threading.Event()

    def work(emit: e.Emit, cancellation: Cancellation) -> ImageBuild:
        emit(e.StageStarted("build"))
        with cancellation.stopping(lambda: cast(None, release.wait(20))):  # stopping takes long
            release.wait(20)
        raise Cancelled("The run was stopped.")

    run = live(work)
    try:
        with pytest.raises(Cancelled) as caught:
            follow(run, Watcher(e.StageStarted, e.Note))
        assert caught.value.hint == "%azureml_image attach abcd shows how it ended."
        assert not run.over
    finally:
        release.set()


def test_a_deployment_is_followed_and_stopped_like_a_run() -> None:
    def deploy(emit: e.Emit, stopped: Callable[[], bool]) -> str:
        emit(e.StepStarted("endpoint", "creating endpoint"))
        for _ in range(400):
            if stopped():
                raise Cancelled("The deployment was stopped.")
            threading.Event().wait(0.05)
        return "deployed"

    watcher = Watcher(e.StepStarted)
    with pytest.raises(Cancelled, match="The deployment was stopped"):
        follow(as_run("deploy env:1", deploy), watcher)
    ended = watcher.events[-1]
    assert isinstance(ended, e.RunEnded)
    assert ended.outcome == "cancelled"


def test_a_bug_in_a_deployment_is_its_end_in_every_view() -> None:
    def call(emit: e.Emit, stopped: Callable[[], bool]) -> None:
        raise TypeError("not this way")

    watcher = Watcher()
    with pytest.raises(TypeError, match="not this way"):
        follow(as_run("deploy env", call), watcher)
    ended = watcher.events[-1]
    assert isinstance(ended, e.RunEnded)
    assert (ended.outcome, ended.sentence) == ("failed", "TypeError: not this way")


def test_after_the_run_an_interrupt_is_an_interrupt_again() -> None:
    # A process started in the background of a script ignores interrupts from its birth.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    follow(live(lambda emit, cancellation: BUILD), Watcher())
    with pytest.raises(KeyboardInterrupt):
        _interrupted_wait()


def _interrupted_wait() -> None:
    _thread.interrupt_main()
    threading.Event().wait(5)


def test_printed_progress_has_every_step_and_a_log_line_a_second_at_most() -> None:
    printed: list[str] = []
    printer = Printer(printed.append)
    printer.show([e.StepStarted("1", "RUN a"), *(e.LogLine(f"line {i}", "1") for i in range(500))])
    printer.show([e.StepEnded("1", "done", 2.0), e.RunEnded("done", 3.0, "All well.")])
    assert printed[0] == "  … running: RUN a"
    assert len([line for line in printed if "line " in line]) == 1
    assert printed[-2:] == ["  ✓ done (2.0 s): RUN a", "✓ done after 3.0 s: All well."]


def test_of_a_transfer_the_first_report_each_quarter_and_the_last_are_printed() -> None:
    printed: list[str] = []
    Printer(printed.append).show(
        [e.Transfer("push", done, 100 << 20) for done in range(0, (100 << 20) + 1, 1 << 20)]
    )
    assert [line.split()[1:3] for line in printed] == [
        ["0", "B"], ["26.2", "MB"], ["52.4", "MB"], ["78.6", "MB"], ["105", "MB"],
    ]  # fmt: skip


def test_a_transfer_of_unknown_length_is_printed_as_it_doubles() -> None:
    printed: list[str] = []
    reports = [e.Transfer("upload", block << 22) for block in range(1, 101)]
    Printer(printed.append).show([*reports, e.Transfer("upload", 100 << 22, 100 << 22)])
    assert [line.split()[1] for line in printed] == [
        "4.19", "8.39", "16.8", "33.6", "67.1", "134", "268", "419",
    ]  # fmt: skip


def test_a_push_whose_layers_show_up_one_after_another_is_printed_to_its_end() -> None:
    printed: list[str] = []
    layers = [e.Transfer("push", size, size) for size in (10, 20, 40, 80)]
    Printer(printed.append).show([*layers, e.Transfer("push", 80, 80), e.Transfer("pull", 1, 9)])
    assert [line.split()[0] for line in printed] == ["push:"] * 4 + ["pull:"]
    assert printed[3] == "  push: 80 B of 80 B"


def test_a_slot_is_one_display_that_is_updated(monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[tuple[str, dict[str, str]]] = []

    class Handle:
        def update(self, bundle: dict[str, str], raw: bool) -> None:
            shown.append(("update", bundle))

    def display(bundle: dict[str, str], raw: bool, display_id: bool) -> Handle:
        assert display_id
        shown.append(("display", bundle))
        return Handle()

    monkeypatch.setattr("IPython.display.display", display)
    slot = Slot("/tmp/build.log")
    slot.show([e.RunStarted("abcd", "env"), e.StageStarted("build")])
    slot.show([e.LogLine(str(i)) for i in range(100_000)])
    slot.show([e.RunEnded("done", 1.0, "Fine.")])
    assert [how for how, _ in shown] == ["display", "update", "update"]
    last = shown[-1][1]
    assert set(last) == {"text/plain", "text/html"}
    assert "Fine." in last["text/plain"]
    assert "/tmp/build.log" in last["text/html"]
    assert len(last["text/html"]) < 40_000


def test_a_slot_is_left_alone_while_nothing_happens() -> None:
    # Each update takes the reader's place in the log, the selection and the opened parts away.
    shown: list[dict[str, str]] = []

    class Handle:
        def update(self, bundle: dict[str, str], raw: bool) -> None:
            shown.append(bundle)

    slot = Slot("/tmp/build.log", handle=Handle())
    slot.show([e.RunStarted("abcd", "env"), e.StageStarted("build")])
    slot.show([])
    slot.show([])
    assert len(shown) == 1
    slot.show([e.Note("Still there.")])
    assert "Still there." in shown[-1]["text/html"]


def test_a_keeper_keeps_what_a_program_reads() -> None:
    keeper = Keeper(e.Findings)
    keeper.show([e.Findings((), "x"), e.Note("n")])
    assert keeper.events == [e.Findings((), "x")]


def test_cancelled_is_both() -> None:
    assert issubclass(Cancelled, KeyboardInterrupt)
    assert issubclass(Cancelled, ImageError)
